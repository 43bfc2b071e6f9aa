"""The alarms of the layer processing: pipe, bus, functions, queues, and the time until a decision."""

from functions.common.runtime.telemetry import METRICS_NAMESPACE
from shared import projects
from shared.alarms import SERVICE, Alarm, AlarmTable, CompositeAlarm, Graph, Metric
from shared.burn_rate import ServiceLevel
from shared.function_alarms import function_alarms
from shared.names import Names
from shared.queue_alarms import age_alarm, failure_queue_alarm
from stacks.processing.settings import ProcessingSettings

LAYER = projects.PROCESSING.layer
_PIPES = "AWS/EventBridge/Pipes"
# A message that waits for its next delivery is six minutes old; this one failed more than once.
_RETRY_AGE_SECONDS = 30 * 60
# A metric is missing while nothing happens: FILL makes it 0. The value is 2 while the pipe carries nothing.
_STOPPED = (
    "IF(FILL(accepted, 0) > 0 AND FILL(carried, 0) == 0, 2,"
    " IF(FILL(accepted, 0) > 0 AND FILL(decided, 0) == 0, 1, 0))"
)


def read_table(names: Names, settings: ProcessingSettings) -> AlarmTable:
    """Everything that CloudWatch watches in the layer."""
    return AlarmTable(
        dashboard_name=names.alarm(LAYER, "dashboard"),
        alarms=alarms(names, settings),
        composites=composites(names),
        graphs=_graphs(names),
    )


def alarms(names: Names, settings: ProcessingSettings) -> tuple[Alarm, ...]:
    """Every metric alarm of the layer."""
    return (
        _decisions_stopped(names),
        *_pipe(names),
        *(
            failure_queue_alarm(
                LAYER, f"{hop}-failures", names.failure_queue(hop), names, f"{hop}-failures.md"
            )
            for hop in ("pipe", "events", "fraud")
        ),
        age_alarm(
            LAYER,
            "fraud-retry",
            names.retry_queue,
            names,
            limit_seconds=_RETRY_AGE_SECONDS,
            severity="page",
            runbook="fraud-retry-age.md",
        ),
        *function_alarms(LAYER, "fraud", names, settings.fraud),
        # The event source mapping runs notifyConcurrency invocations at once, far below the reservation.
        *function_alarms(LAYER, "notify", names, settings.notify, concurrency=False),
        *_lost_events(names),
        *decided_in_time(names).alarms(names),
    )


def composites(names: Names) -> tuple[CompositeAlarm, ...]:
    """Every composite alarm of the layer."""
    return (decided_in_time(names).composite(names),)


def decided_in_time(names: Names) -> ServiceLevel:
    """99.9 % of transactions are decided within 5 s of the POST. One decided after an outage is late."""
    return ServiceLevel(
        layer=LAYER,
        name="decided-in-time",
        target=0.999,
        namespace=METRICS_NAMESPACE,
        metric="DecidedLate",
        dimensions={SERVICE: "fraud"},
        runbook="decided-in-time.md",
        summary="Too many transactions are decided later than 5 s after the POST.",
    )


def _decisions_stopped(names: Names) -> Alarm:
    """For less than one transaction a minute `invoke health` shows the oldest undecided one instead."""
    return Alarm(
        name="decisions-stopped",
        physical_name=names.alarm(LAYER, "decisions-stopped"),
        metrics=(
            _own("TransactionsAccepted", "api", "accepted"),
            _pipe_metric(names, "Invocations", "carried"),
            _own("TransactionsScored", "fraud", "decided"),
        ),
        expression=_STOPPED,
        threshold=1,
        period_seconds=60,
        evaluation_periods=5,
        severity="page",
        runbook="decisions-stopped.md",
        summary="Transactions are accepted, but for 5 minutes the pipe carries none or fraud decides none.",
    )


def _pipe(names: Names) -> tuple[Alarm, ...]:
    # The pipe retries for hours: one failed execution is no fault yet.
    kinds = {"failed": "ExecutionFailed", "throttled": "ExecutionThrottled"}
    return tuple(
        Alarm(
            name=f"pipe-{kind}",
            physical_name=names.alarm(LAYER, f"pipe-{kind}"),
            metrics=(_pipe_metric(names, metric),),
            threshold=1,
            period_seconds=60,
            evaluation_periods=5,
            datapoints_to_alarm=3,
            severity="page",
            runbook=f"pipe-{kind}.md",
            summary=f"Executions of pipe {names.pipe} are {kind} in at least 3 of 5 minutes.",
        )
        for kind, metric in kinds.items()
    )


def _lost_events(names: Names) -> tuple[Alarm, ...]:
    """Events that reached neither the function nor the queue for failures: `invoke replay` finds them."""
    return (
        _lost(
            names,
            "fraud-destination",
            Metric(
                namespace="AWS/Lambda",
                name="DestinationDeliveryFailures",
                dimensions={"FunctionName": names.function("fraud")},
                statistic="Sum",
            ),
            "Lambda could not send a failed event of function fraud to its retry queue. The event is lost.",
        ),
        _lost(
            names,
            "rule-dead-letters",
            Metric(
                namespace="AWS/Events",
                name="InvocationsFailedToBeSentToDlq",
                dimensions={"EventBusName": names.bus, "RuleName": names.rule},
                statistic="Sum",
            ),
            "EventBridge could not send an undelivered event to its failure queue. The event is lost.",
        ),
    )


def _lost(names: Names, name: str, metric: Metric, summary: str) -> Alarm:
    return Alarm(
        name=name,
        physical_name=names.alarm(LAYER, name),
        metrics=(metric,),
        threshold=1,
        period_seconds=60,
        severity="page",
        runbook="lost-events.md",
        summary=summary,
    )


def _own(metric: str, service: str, identifier: str) -> Metric:
    return Metric(
        namespace=METRICS_NAMESPACE,
        name=metric,
        dimensions={SERVICE: service},
        statistic="Sum",
        id=identifier,
    )


def _pipe_metric(names: Names, metric: str, identifier: str = "m1") -> Metric:
    return Metric(
        namespace=_PIPES, name=metric, dimensions={"PipeName": names.pipe}, statistic="Sum", id=identifier
    )


def _graphs(names: Names) -> tuple[Graph, ...]:
    return (
        Graph(
            title="Transactions: accepted, decided, flagged, alerted",
            metrics=(
                _own("TransactionsAccepted", "api", "accepted"),
                _own("TransactionsScored", "fraud", "decided"),
                _own("TransactionsFlagged", "fraud", "flagged"),
                _own("AlertsPublished", "notify", "alerted"),
            ),
        ),
        Graph(
            title="Time from the POST to the decision and to the alert (p50, p99)",
            metrics=tuple(
                Metric(
                    namespace=METRICS_NAMESPACE,
                    name=metric,
                    dimensions={SERVICE: service},
                    statistic=statistic,
                )
                for metric, service in (("PostToScore", "fraud"), ("PostToAlert", "notify"))
                for statistic in ("p50", "p99")
            ),
        ),
        Graph(title="Events carried by the pipe", metrics=(_pipe_metric(names, "EventCount"),)),
        Graph(
            title="Share of transactions decided late",
            metrics=(
                Metric(
                    namespace=METRICS_NAMESPACE,
                    name="DecidedLate",
                    dimensions={SERVICE: "fraud"},
                    statistic="Average",
                ),
            ),
        ),
    )
