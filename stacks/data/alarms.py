"""The alarms of the layer data: the suspicious queue, throttled tables, and alerts that do not arrive."""

from shared import projects
from shared.alarms import Alarm, AlarmTable, CompositeAlarm, Graph, Metric
from shared.names import Names
from shared.queue_alarms import age_alarm, failure_queue_alarm
from stacks.data.settings import DataSettings

LAYER = projects.DATA.layer
# A summary waits up to 15 minutes for the end of its window, and SQS counts that as age.
_SUSPICIOUS_AGE_SECONDS = 30 * 60


def read_table(names: Names, settings: DataSettings) -> AlarmTable:
    """Everything that CloudWatch watches in the layer."""
    return AlarmTable(
        dashboard_name=names.alarm(LAYER, "dashboard"),
        alarms=alarms(names, settings),
        composites=composites(names),
        graphs=_graphs(names),
    )


def alarms(names: Names, settings: DataSettings) -> tuple[Alarm, ...]:
    """Every metric alarm of the layer."""
    del settings
    return (
        failure_queue_alarm(LAYER, "suspicious-dlq", names.suspicious_dlq, names, "suspicious-dlq.md"),
        age_alarm(
            LAYER,
            "suspicious",
            names.suspicious_queue,
            names,
            limit_seconds=_SUSPICIOUS_AGE_SECONDS,
            severity="page",
            runbook="suspicious-age.md",
        ),
        _throttles(names, "transactions", names.table, "WriteThrottleEvents"),
        _throttles(names, "profiles", names.profiles_table, "WriteThrottleEvents"),
        _throttles(names, "profiles", names.profiles_table, "ReadThrottleEvents"),
        _undelivered(names),
    )


def composites(names: Names) -> tuple[CompositeAlarm, ...]:
    """The layer has none."""
    del names
    return ()


def _throttles(names: Names, table: str, physical_table: str, metric: str) -> Alarm:
    kind = metric.removesuffix("ThrottleEvents").lower()
    name = f"{table}-{kind}-throttles"
    return Alarm(
        name=name,
        physical_name=names.alarm(LAYER, name),
        metrics=(
            Metric(
                namespace="AWS/DynamoDB",
                name=metric,
                dimensions={"TableName": physical_table},
                statistic="Sum",
            ),
        ),
        # The SDK retries a throttled call several times; some in a minute of a peak do no harm.
        threshold=10,
        period_seconds=60,
        evaluation_periods=5,
        datapoints_to_alarm=3,
        severity="ticket",
        runbook="table-throttles.md",
        summary=f"DynamoDB throttles {kind}s of table {physical_table} in at least 3 of 5 minutes.",
    )


def _undelivered(names: Names) -> Alarm:
    return Alarm(
        name="alerts-undelivered",
        physical_name=names.alarm(LAYER, "alerts-undelivered"),
        metrics=(
            Metric(
                namespace="AWS/SNS",
                name="NumberOfNotificationsFailed",
                dimensions={"TopicName": names.topic},
                statistic="Sum",
            ),
        ),
        threshold=1,
        period_seconds=300,
        severity="page",
        runbook="alerts-undelivered.md",
        summary=f"Topic {names.topic} could not deliver an alert to a subscriber.",
    )


def _graphs(names: Names) -> tuple[Graph, ...]:
    return (
        Graph(
            title="Messages in the suspicious queue and its dead-letter queue",
            metrics=tuple(
                Metric(
                    namespace="AWS/SQS",
                    name="ApproximateNumberOfMessagesVisible",
                    dimensions={"QueueName": queue},
                    statistic="Maximum",
                )
                for queue in (names.suspicious_queue, names.suspicious_dlq)
            ),
        ),
    )
