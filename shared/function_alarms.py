"""The alarms of a function: errors, throttles, duration near the timeout, concurrency near the limit."""

from collections.abc import Collection
from functools import partial
from typing import Any, Literal

from shared.alarms import Alarm, Metric
from shared.names import Names
from shared.settings import FunctionSettings

Subject = Literal["errors", "throttles", "duration", "concurrency"]
# The share of a limit at which an alarm starts, before Lambda ends or throttles invocations.
ALARM_SHARE = 0.9
_MILLISECONDS = 1000
# A failed or throttled invocation may succeed on the retry.
_THREE_OF_FIVE_MINUTES = {"period_seconds": 60, "evaluation_periods": 5, "datapoints_to_alarm": 3}
_FIFTEEN_MINUTES = {"period_seconds": 300, "evaluation_periods": 3}


def function_alarms(
    layer: str,
    function: str,
    names: Names,
    settings: FunctionSettings,
    *,
    without: Collection[Subject] = (),
) -> tuple[Alarm, ...]:
    """`without`: the subjects that another alarm covers, or that cannot reach their limit."""
    alarm = partial(_function_alarm, layer, function, names)
    timeout, reserved = settings.timeout_seconds, settings.reserved_concurrency
    alarms = {
        "errors": alarm(
            "errors",
            ("Errors", "Sum"),
            threshold=1,
            **_THREE_OF_FIVE_MINUTES,
            severity="page",
            summary=f"Function {function} fails in at least 3 of 5 minutes.",
        ),
        "throttles": alarm(
            "throttles",
            ("Throttles", "Sum"),
            threshold=1,
            **_THREE_OF_FIVE_MINUTES,
            severity="page",
            summary=f"Invocations of function {function} are throttled in at least 3 of 5 minutes.",
        ),
        "duration": alarm(
            "duration",
            ("Duration", "p99"),
            threshold=timeout * _MILLISECONDS * ALARM_SHARE,
            **_FIFTEEN_MINUTES,
            severity="ticket",
            summary=f"The p99 of function {function}'s duration is above {ALARM_SHARE:.0%} of its timeout of"
            f" {timeout} s for 15 minutes.",
        ),
        "concurrency": alarm(
            "concurrency",
            ("ConcurrentExecutions", "Maximum"),
            threshold=reserved * ALARM_SHARE,
            **_THREE_OF_FIVE_MINUTES,
            severity="ticket",
            summary=f"Function {function} uses more than {ALARM_SHARE:.0%} of its reserved concurrency of"
            f" {reserved}.",
        ),
    }
    return tuple(entry for subject, entry in alarms.items() if subject not in without)


def _function_alarm(
    layer: str, function: str, names: Names, subject: str, metric: tuple[str, str], **fields: Any
) -> Alarm:
    """`metric`: the name and the statistic. The runbook is named for the subject."""
    name, (metric_name, statistic) = f"{function}-{subject}", metric
    return Alarm(
        name=name,
        physical_name=names.alarm(layer, name),
        metrics=(
            Metric(
                namespace="AWS/Lambda",
                name=metric_name,
                dimensions={"FunctionName": names.function(function)},
                statistic=statistic,
            ),
        ),
        runbook=f"function-{subject}.md",
        **fields,
    )
