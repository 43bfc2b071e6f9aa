"""The alarms of a function: errors, throttles, duration near the timeout, concurrency near the limit."""

from shared.alarms import Alarm, Metric
from shared.names import Names
from shared.settings import FunctionSettings

# The share of a limit at which an alarm starts, before Lambda ends or throttles invocations.
ALARM_SHARE = 0.9
_MILLISECONDS = 1000


def function_alarms(
    layer: str, function: str, names: Names, settings: FunctionSettings, *, concurrency: bool = True
) -> tuple[Alarm, ...]:
    """`concurrency=False`: for a function whose event source cannot reach its reserved concurrency."""
    alarms = (
        _error_alarm(layer, function, names),
        _throttle_alarm(layer, function, names),
        _duration_alarm(layer, function, names, settings),
    )
    return (*alarms, _concurrency_alarm(layer, function, names, settings)) if concurrency else alarms


def _lambda_metric(names: Names, function: str, name: str, statistic: str) -> Metric:
    return Metric(
        namespace="AWS/Lambda",
        name=name,
        dimensions={"FunctionName": names.function(function)},
        statistic=statistic,
    )


def _error_alarm(layer: str, function: str, names: Names) -> Alarm:
    name = f"{function}-errors"
    return Alarm(
        name=name,
        physical_name=names.alarm(layer, name),
        metrics=(_lambda_metric(names, function, "Errors", "Sum"),),
        # A failed invocation may succeed on the retry.
        threshold=1,
        period_seconds=60,
        evaluation_periods=5,
        datapoints_to_alarm=3,
        severity="page",
        runbook="function-errors.md",
        summary=f"Function {function} fails in at least 3 of 5 minutes.",
    )


def _throttle_alarm(layer: str, function: str, names: Names) -> Alarm:
    name = f"{function}-throttles"
    return Alarm(
        name=name,
        physical_name=names.alarm(layer, name),
        metrics=(_lambda_metric(names, function, "Throttles", "Sum"),),
        threshold=1,
        period_seconds=60,
        evaluation_periods=5,
        datapoints_to_alarm=3,
        severity="page",
        runbook="function-throttles.md",
        summary=f"Invocations of function {function} are throttled in at least 3 of 5 minutes.",
    )


def _duration_alarm(layer: str, function: str, names: Names, settings: FunctionSettings) -> Alarm:
    name = f"{function}-duration"
    return Alarm(
        name=name,
        physical_name=names.alarm(layer, name),
        metrics=(_lambda_metric(names, function, "Duration", "p99"),),
        threshold=settings.timeout_seconds * _MILLISECONDS * ALARM_SHARE,
        period_seconds=300,
        evaluation_periods=3,
        severity="ticket",
        runbook="function-duration.md",
        summary=(
            f"The p99 of function {function}'s duration is above {ALARM_SHARE:.0%} of its timeout of"
            f" {settings.timeout_seconds} s for 15 minutes."
        ),
    )


def _concurrency_alarm(layer: str, function: str, names: Names, settings: FunctionSettings) -> Alarm:
    name = f"{function}-concurrency"
    return Alarm(
        name=name,
        physical_name=names.alarm(layer, name),
        metrics=(_lambda_metric(names, function, "ConcurrentExecutions", "Maximum"),),
        threshold=settings.reserved_concurrency * ALARM_SHARE,
        period_seconds=60,
        evaluation_periods=5,
        datapoints_to_alarm=3,
        severity="ticket",
        runbook="function-concurrency.md",
        summary=(
            f"Function {function} uses more than {ALARM_SHARE:.0%} of its reserved concurrency of"
            f" {settings.reserved_concurrency}."
        ),
    )
