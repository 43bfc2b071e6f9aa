"""The alarms of the layer data: suspicious queue, throttled tables, undelivered alerts."""

from shared import projects
from shared.alarms import Alarm, AlarmTable, Graph, Metric
from shared.names import Names
from shared.queue_alarms import age_alarm, failure_queue_alarm
from stacks.data.settings import DataSettings

LAYER = projects.DATA.layer
# A summary waits up to 15 minutes for the end of its alert window, and SQS counts the wait as age.
_SUSPICIOUS_AGE_SECONDS = 30 * 60


def build_alarm_table(names: Names, settings: DataSettings) -> AlarmTable:
    """The alarms and graphs of the layer. They do not depend on the settings."""
    del settings
    return AlarmTable(
        dashboard_name=names.alarm(LAYER, "dashboard"),
        alarms=(
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
            _throttle_alarm(names, "transactions", names.transactions_table, "WriteThrottleEvents"),
            _throttle_alarm(names, "profiles", names.profiles_table, "WriteThrottleEvents"),
            _throttle_alarm(names, "profiles", names.profiles_table, "ReadThrottleEvents"),
            _undelivered_alerts_alarm(names),
        ),
        graphs=_build_graphs(names),
    )


def _throttle_alarm(names: Names, table: str, physical_table: str, metric: str) -> Alarm:
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
        # The SDK retries a throttled call several times, so a few in a minute of peak load are harmless.
        threshold=10,
        period_seconds=60,
        evaluation_periods=5,
        datapoints_to_alarm=3,
        severity="ticket",
        runbook="table-throttles.md",
        summary=f"DynamoDB throttles {kind}s of table {physical_table} in at least 3 of 5 minutes.",
    )


def _undelivered_alerts_alarm(names: Names) -> Alarm:
    return Alarm(
        name="alerts-undelivered",
        physical_name=names.alarm(LAYER, "alerts-undelivered"),
        metrics=(
            Metric(
                namespace="AWS/SNS",
                name="NumberOfNotificationsFailed",
                dimensions={"TopicName": names.alerts_topic},
                statistic="Sum",
            ),
        ),
        threshold=1,
        period_seconds=300,
        severity="page",
        runbook="alerts-undelivered.md",
        summary=f"Topic {names.alerts_topic} could not deliver an alert to a subscriber.",
    )


def _build_graphs(names: Names) -> tuple[Graph, ...]:
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
