"""The alarm model: the typed entries of a layer's alarm table (`stacks/<layer>/alarms.py`).

The entries are plain data. A stack creates resources from them (`shared/alarm_resources.py`); `invoke health`
and tests read them without running a program. Dimensions hold names that the stacks set, never generated IDs.
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
# The dimension of the functions' custom metrics (functions/common/runtime/telemetry.py).
SERVICE = "service"


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One CloudWatch metric. `id` identifies it in the expression of an alarm on several metrics.

    `statistic`: Sum, Average, Maximum, Minimum, SampleCount, or a percentile such as p99.
    """

    namespace: str
    name: str
    dimensions: Mapping[str, str]
    statistic: str
    id: str = "m1"


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """A metric alarm, in state ALARM when enough of the last values breach the threshold.

    `datapoints_to_alarm`: how many of `evaluation_periods` values are enough; None for all. `physical_name`:
    the name in CloudWatch. `expression`: metric math on the IDs of `metrics`, or None for an alarm on one
    metric. `missing_data`: how a period without data counts. `notifies`: False for an alarm that is part of a
    composite alarm.
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
    # AWS sends most of the metrics only for activity, so no data means no error.
    missing_data: MissingData = "notBreaching"
    notifies: bool = True

    @property
    def description(self) -> str:
        """The text of the notification."""
        return describe_alarm(self.summary, self.severity, self.runbook)


@dataclass(frozen=True, kw_only=True)
class CompositeAlarm:
    """An alarm on the states of other alarms. `rule`: CloudWatch's expression on physical names."""

    name: str
    physical_name: str
    rule: str
    children: tuple[str, ...]
    severity: Severity
    runbook: str
    summary: str

    @property
    def description(self) -> str:
        return describe_alarm(self.summary, self.severity, self.runbook)


@dataclass(frozen=True, kw_only=True)
class Graph:
    """A graph on the dashboard of a layer, above the graphs of the alarms."""

    title: str
    metrics: tuple[Metric, ...]


@dataclass(frozen=True, kw_only=True)
class AlarmTable:
    """The alarms and graphs of a layer. `dashboard_name`: the name of the dashboard in CloudWatch."""

    dashboard_name: str
    alarms: tuple[Alarm, ...]
    composites: tuple[CompositeAlarm, ...] = ()
    graphs: tuple[Graph, ...] = ()


def describe_alarm(summary: str, severity: Severity, runbook: str) -> str:
    """The description of an alarm: the event, its severity, and its runbook."""
    return f"{summary} Severity: {severity}. Runbook: {RUNBOOKS}/{runbook}"


def alarm_condition(physical_name: str) -> str:
    """The condition of a composite alarm's rule that is true while an alarm is in state ALARM."""
    return f'ALARM("{physical_name}")'


def join_with_and(parts: Sequence[str]) -> str:
    return "(" + " AND ".join(parts) + ")"


def join_with_or(parts: Sequence[str]) -> str:
    return "(" + " OR ".join(parts) + ")"
