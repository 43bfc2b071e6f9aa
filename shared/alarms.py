"""The alarm model: typed entries that a layer's table (`stacks/<layer>/alarms.py`) consists of.

The entries are plain data. A stack makes resources from them (`shared/alarm_resources.py`); `invoke health`
and tests read them without a running program. Dimensions are names that the stacks fix, never ids of AWS.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Severity = Literal["page", "ticket"]
Comparison = Literal[
    "GreaterThanThreshold", "GreaterThanOrEqualToThreshold", "LessThanThreshold", "LessThanOrEqualToThreshold"
]
MissingData = Literal["notBreaching", "breaching", "ignore", "missing"]

RUNBOOKS = "docs/runbooks"
# The dimension of the metrics that the functions write (functions/common/runtime/telemetry.py).
SERVICE = "service"


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One CloudWatch metric. `id` names it in the expression of an alarm that reads several.

    `statistic`: Sum, Average, Maximum, Minimum, SampleCount, or a percentile such as p99.
    """

    namespace: str
    name: str
    dimensions: Mapping[str, str]
    statistic: str
    id: str = "m1"


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """A metric alarm: ALARM when `datapoints_to_alarm` of `evaluation_periods` values breach the threshold.

    `physical_name` is the name in CloudWatch. `expression` is metric math over the ids of `metrics`; None for
    an alarm on one metric. `datapoints_to_alarm`: None for all. `missing_data`: the meaning of a period
    without data. `notifies` is False for a part of a composite alarm.
    """

    name: str
    physical_name: str
    metrics: tuple[Metric, ...]
    threshold: float
    period_seconds: int
    severity: Severity
    runbook: str
    summary: str
    comparison: Comparison = "GreaterThanOrEqualToThreshold"
    evaluation_periods: int = 1
    datapoints_to_alarm: int | None = None
    expression: str | None = None
    # Most metrics are sent only when something happens, so that no data means no error.
    missing_data: MissingData = "notBreaching"
    notifies: bool = True

    @property
    def description(self) -> str:
        """The text of the notification: what happened, how urgent it is, and which runbook to open."""
        return describe(self.summary, self.severity, self.runbook)


@dataclass(frozen=True, kw_only=True)
class CompositeAlarm:
    """An alarm on the states of other alarms. `rule` is in CloudWatch's syntax, on physical names."""

    name: str
    physical_name: str
    rule: str
    children: tuple[str, ...]
    severity: Severity
    runbook: str
    summary: str

    @property
    def description(self) -> str:
        return describe(self.summary, self.severity, self.runbook)


@dataclass(frozen=True, kw_only=True)
class Graph:
    """A graph on the dashboard of a layer, above those of the alarms."""

    title: str
    metrics: tuple[Metric, ...]


@dataclass(frozen=True, kw_only=True)
class AlarmTable:
    """Everything that CloudWatch watches in a layer. `dashboard_name`: the name in CloudWatch."""

    dashboard_name: str
    alarms: tuple[Alarm, ...]
    composites: tuple[CompositeAlarm, ...] = ()
    graphs: tuple[Graph, ...] = ()


def describe(summary: str, severity: Severity, runbook: str) -> str:
    """What happened, how urgent it is, and which runbook to open."""
    return f"{summary} Severity: {severity}. Runbook: {RUNBOOKS}/{runbook}"


def in_alarm(physical_name: str) -> str:
    """The part of a composite alarm's rule that is true while an alarm is in ALARM."""
    return f'ALARM("{physical_name}")'


def all_of(parts: Sequence[str]) -> str:
    return "(" + " AND ".join(parts) + ")"


def any_of(parts: Sequence[str]) -> str:
    return "(" + " OR ".join(parts) + ")"
