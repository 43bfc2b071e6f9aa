"""The alarms of the layer processing: pipe, bus, functions, stream, queues, and the time to a decision."""

from functions.common.runtime.telemetry import METRICS_NAMESPACE
from shared import projects
from shared.alarms import SERVICE, Alarm, AlarmTable, Graph, Metric
from shared.burn_rate import ServiceLevel
from shared.function_alarms import function_alarms
from shared.names import Names
from shared.queue_alarms import age_alarm, failure_queue_alarm
from stacks.processing.settings import ProcessingSettings

LAYER = projects.PROCESSING.layer
_PIPES = "AWS/EventBridge/Pipes"
# A message becomes this old only after several failed deliveries, which are six minutes apart.
_RETRY_AGE_SECONDS = 30 * 60
# A batch gathers transactions for up to a minute (merchantWindowSeconds). A few retries are normal.
ITERATOR_AGE_SECONDS = 15 * 60
# 2 if transactions are accepted and no batch is delivered, 1 if batches are late, otherwise 0.
_BEHIND_EXPRESSION = (
    "IF(FILL(accepted, 0) > 0 AND FILL(age, -1) < 0, 2,"
    f" IF(FILL(age, 0) > {ITERATOR_AGE_SECONDS * 1000}, 1, 0))"
)
# FILL sets a metric without data to 0. While transactions are accepted, the value is 2 if the pipe delivers
# no events, and 1 if the function makes no decisions. Otherwise it is 0.
_STOPPED_EXPRESSION = (
    "IF(FILL(accepted, 0) > 0 AND FILL(carried, 0) == 0, 2,"
    " IF(FILL(accepted, 0) > 0 AND FILL(decided, 0) == 0, 1, 0))"
)


def build_alarm_table(names: Names, settings: ProcessingSettings) -> AlarmTable:
    """The alarms and graphs of the layer."""
    return AlarmTable(
        dashboard_name=names.alarm(LAYER, "dashboard"),
        alarms=(
            _stopped_decisions_alarm(names),
            *_pipe_alarms(names),
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
            # The event source mapping runs at most notifyConcurrency invocations, far below the reservation.
            # A batch that reaches the timeout is an error, and SQS delivers it again.
            *function_alarms(LAYER, "notify", names, settings.notify, without=["duration", "concurrency"]),
            _iterator_age_alarm(names),
            *_lost_event_alarms(names),
            *timely_decision_level(names).alarms(names),
        ),
        composites=(timely_decision_level(names).composite(names),),
        graphs=_build_graphs(names),
    )


def timely_decision_level(names: Names) -> ServiceLevel:
    """99.9 % of transactions are decided within 5 s of the POST. Decisions after an outage count as late."""
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


def _stopped_decisions_alarm(names: Names) -> Alarm:
    """The alarm needs one transaction a minute. At lower traffic, `invoke health` shows undecided ones."""
    return Alarm(
        name="decisions-stopped",
        physical_name=names.alarm(LAYER, "decisions-stopped"),
        metrics=(
            _pipeline_metric("TransactionsAccepted", "api", "accepted"),
            _pipe_metric(names, "Invocations", "carried"),
            _pipeline_metric("TransactionsScored", "fraud", "decided"),
        ),
        expression=_STOPPED_EXPRESSION,
        threshold=1,
        period_seconds=60,
        evaluation_periods=5,
        severity="page",
        runbook="decisions-stopped.md",
        summary="Transactions are accepted, but for 5 minutes the pipe carries none or fraud decides none.",
    )


def _pipe_alarms(names: Names) -> tuple[Alarm, ...]:
    # The pipe retries for hours, so a single failed execution is harmless.
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


def _iterator_age_alarm(names: Names) -> Alarm:
    """Lambda sends the age of the last record of each batch, also after a failure.

    A disabled mapping, or a role that cannot read the stream, results in no batch and thus in no age. If
    there is a transaction in each period, there is a batch in each, with the longest window too.
    """
    return Alarm(
        name="merchants-iterator-age",
        physical_name=names.alarm(LAYER, "merchants-iterator-age"),
        metrics=(
            _function_metric(names, "merchants", "IteratorAge", "Maximum", "age"),
            _pipeline_metric("TransactionsAccepted", "api", "accepted"),
        ),
        expression=_BEHIND_EXPRESSION,
        threshold=1,
        period_seconds=300,
        evaluation_periods=4,
        severity="page",
        runbook="merchants-iterator-age.md",
        summary=f"For 20 minutes, merchants is more than {ITERATOR_AGE_SECONDS // 60} minutes behind (1), or"
        " gets no batch while transactions are accepted (2). The stream drops records after 24 hours.",
    )


def _lost_event_alarms(names: Names) -> tuple[Alarm, ...]:
    """Events that reached neither the function nor a failure queue. `invoke replay` finds them."""
    return (
        _lost_event_alarm(
            names,
            "fraud-destination",
            _function_metric(names, "fraud", "DestinationDeliveryFailures", "Sum"),
            "Lambda could not send a failed event of function fraud to its retry queue. The event is lost.",
        ),
        _lost_event_alarm(
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


def _lost_event_alarm(names: Names, name: str, metric: Metric, summary: str) -> Alarm:
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


def _pipeline_metric(metric: str, service: str, identifier: str = "m1", statistic: str = "Sum") -> Metric:
    return Metric(
        namespace=METRICS_NAMESPACE,
        name=metric,
        dimensions={SERVICE: service},
        statistic=statistic,
        id=identifier,
    )


def _function_metric(
    names: Names, function: str, metric: str, statistic: str, identifier: str = "m1"
) -> Metric:
    return Metric(
        namespace="AWS/Lambda",
        name=metric,
        dimensions={"FunctionName": names.function(function)},
        statistic=statistic,
        id=identifier,
    )


def _pipe_metric(names: Names, metric: str, identifier: str = "m1") -> Metric:
    return Metric(
        namespace=_PIPES, name=metric, dimensions={"PipeName": names.pipe}, statistic="Sum", id=identifier
    )


def _build_graphs(names: Names) -> tuple[Graph, ...]:
    return (
        Graph(
            title="Transactions: accepted, decided, flagged, alerted",
            metrics=(
                _pipeline_metric("TransactionsAccepted", "api", "accepted"),
                _pipeline_metric("TransactionsScored", "fraud", "decided"),
                _pipeline_metric("TransactionsFlagged", "fraud", "flagged"),
                _pipeline_metric("AlertsPublished", "notify", "alerted"),
            ),
        ),
        Graph(
            title="Time from the POST to the decision and to the alert (p50, p99)",
            metrics=tuple(
                _pipeline_metric(metric, service, statistic=statistic)
                for metric, service in (("PostToScore", "fraud"), ("PostToAlert", "notify"))
                for statistic in ("p50", "p99")
            ),
        ),
        Graph(title="Events carried by the pipe", metrics=(_pipe_metric(names, "EventCount"),)),
        Graph(
            title="Batches of merchants: invocations and errors",
            metrics=tuple(
                _function_metric(names, "merchants", metric, "Sum") for metric in ("Invocations", "Errors")
            ),
        ),
        Graph(
            title="Share of transactions decided late",
            metrics=(_pipeline_metric("DecidedLate", "fraud", statistic="Average"),),
        ),
    )
