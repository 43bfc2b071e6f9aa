"""States of the alarms that the layers declare (`stacks/<layer>/alarms.py`).

In an AWS account, CloudWatch evaluates alarms. For the embedded AWS, the states are computed from the
metrics, over windows that are shortened like all waits of the embedded AWS.
"""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from operations.health.check import Check, ok_check, wrong_check
from orchestration.environments import Environment
from orchestration.layers import LAYERS, find_layer_module, load_settings_model
from shared.alarms import RUNBOOKS, Alarm, AlarmTable, CompositeAlarm, Metric
from shared.configuration import validate_file
from shared.names import Names

_ALARM = re.compile(r'ALARM\("([^"]+)"\)')
_AGE_METRICS = ("ApproximateAgeOfOldestMessage", "IteratorAge")
# A health check takes up to two seconds: a shorter window could end before it is read.
_SHORTEST_WINDOW_SECONDS = 3.0
_STATISTICS = frozenset({"Sum", "Average", "Maximum", "Minimum", "SampleCount"})


class CloudWatchAlarms:
    """Alarm states from CloudWatch."""

    def __init__(self, cloudwatch: Any) -> None:
        self._cloudwatch = cloudwatch

    def read_states(self, tables: Sequence[AlarmTable]) -> Mapping[str, bool]:
        """Return whether each existing alarm is on, by physical name."""
        names = {alarm.physical_name for alarm in _iterate_alarms(tables)}
        pages = self._cloudwatch.get_paginator("describe_alarms").paginate(
            AlarmNamePrefix="fraud-pipeline-", AlarmTypes=["MetricAlarm", "CompositeAlarm"]
        )
        return {
            alarm["AlarmName"]: alarm["StateValue"] == "ALARM"
            for page in pages
            for alarm in (*page["MetricAlarms"], *page["CompositeAlarms"])
            if alarm["AlarmName"] in names
        }


class EmbeddedAlarms:
    """Alarm states computed from the metrics of the embedded AWS. `scale` shortens every window.

    An alarm with a metric math expression is always off: `resource_checks` covers the same resources.
    """

    def __init__(self, cloudwatch: Any, scale: float) -> None:
        self._cloudwatch = cloudwatch
        self._scale = scale

    def read_states(self, tables: Sequence[AlarmTable]) -> Mapping[str, bool]:
        """Return whether each alarm is on, by physical name."""
        alarms = [alarm for table in tables for alarm in table.alarms]
        states = {alarm.physical_name: self._is_on(alarm) for alarm in alarms}
        composites = {
            composite.physical_name: evaluate_rule(composite.rule, states)
            for table in tables
            for composite in table.composites
        }
        return states | composites

    def _is_on(self, alarm: Alarm) -> bool:
        if alarm.expression is not None:
            return False
        (metric,) = alarm.metrics
        window_seconds = max(
            alarm.period_seconds * alarm.evaluation_periods * self._scale, _SHORTEST_WINDOW_SECONDS
        )
        # Counts add up over the window. A percentile must breach in every period, because one cold start is
        # the p99 of a window with few invocations.
        parts = 1 if metric.statistic in _STATISTICS else alarm.evaluation_periods
        values = self._read(metric, window_seconds, parts)
        threshold = alarm.threshold * (self._scale if metric.name in _AGE_METRICS else 1)
        return all(value is not None and _breaches(value, alarm.comparison, threshold) for value in values)

    def _read(self, metric: Metric, window_seconds: float, parts: int) -> Iterator[float | None]:
        """Yield the value of each equal part of the window that ends now; None for a part without data."""
        now, length = datetime.now(UTC), timedelta(seconds=window_seconds / parts)
        for part in range(parts):
            yield self._read_between(metric, now - (part + 1) * length, now - part * length)

    def _read_between(self, metric: Metric, start: datetime, end: datetime) -> float | None:
        kind = "Statistics" if metric.statistic in _STATISTICS else "ExtendedStatistics"
        points = self._cloudwatch.get_metric_statistics(
            Namespace=metric.namespace,
            MetricName=metric.name,
            Dimensions=[{"Name": name, "Value": value} for name, value in metric.dimensions.items()],
            StartTime=start,
            EndTime=end,
            # A period longer than any window, which gives one value for the window.
            Period=10 * 365 * 86_400,
            **{kind: [metric.statistic]},
        )["Datapoints"]
        if not points:
            return None
        point = points[-1]
        return float(point.get("ExtendedStatistics", point)[metric.statistic])


def read_alarm_tables(environment: Environment) -> dict[str, AlarmTable]:
    """Return the table of each layer with an `alarms.py`, by layer name, for the environment's settings."""
    tables = {}
    for layer in LAYERS:
        module = find_layer_module(layer, "alarms")
        if module:
            settings = validate_file(load_settings_model(layer), environment.name, environment.root)
            names = Names(settings.name_suffix)
            tables[layer.name] = module.build_alarm_table(names, settings)
    return tables


def check_alarms(
    states: Mapping[str, bool], tables: Sequence[AlarmTable], *, redeploy: str
) -> Iterator[Check]:
    """Yield a check for each alarm that is on or missing, and a last one that counts the alarms that are off.

    `redeploy` is the command that creates missing alarms.
    """
    off_count = 0
    for alarm in _iterate_notifying_alarms(tables):
        is_on = states.get(alarm.physical_name)
        if is_on:
            yield wrong_check(
                f"alarm {alarm.physical_name}",
                alarm.summary,
                severity=alarm.severity,
                runbook=f"{RUNBOOKS}/{alarm.runbook}",
            )
        elif is_on is None:
            yield wrong_check(
                f"alarm {alarm.physical_name}", f"does not exist: {redeploy}", severity="ticket"
            )
        else:
            off_count += 1
    yield ok_check("alarms", f"{off_count} are off")


def evaluate_rule(rule: str, states: Mapping[str, bool]) -> bool:
    """Evaluate the rule of a composite alarm: ALARM("name") terms, AND, OR and parentheses.

    Raises ValueError for any other rule.
    """
    names: list[str] = []

    def replace_alarm(match: re.Match[str]) -> str:
        names.append(match.group(1))
        return f"alarm_{len(names) - 1}"

    expression = _ALARM.sub(replace_alarm, rule).replace(" AND ", " and ").replace(" OR ", " or ")
    return _evaluate_node(
        ast.parse(expression, mode="eval").body, [states.get(name, False) for name in names]
    )


def _evaluate_node(node: ast.expr, values: Sequence[bool]) -> bool:
    if isinstance(node, ast.BoolOp):
        combine = all if isinstance(node.op, ast.And) else any
        return combine(_evaluate_node(part, values) for part in node.values)
    if isinstance(node, ast.Name):
        return values[int(node.id.removeprefix("alarm_"))]
    raise ValueError(f"unsupported term in the rule of a composite alarm: {ast.dump(node)}")


def _iterate_alarms(tables: Sequence[AlarmTable]) -> Iterator[Alarm | CompositeAlarm]:
    for table in tables:
        yield from table.alarms
        yield from table.composites


def _iterate_notifying_alarms(tables: Sequence[AlarmTable]) -> Iterator[Alarm | CompositeAlarm]:
    for table in tables:
        yield from (alarm for alarm in table.alarms if alarm.notifies)
        yield from table.composites


def _breaches(value: float, comparison: str, threshold: float) -> bool:
    return {
        "GreaterThanThreshold": value > threshold,
        "GreaterThanOrEqualToThreshold": value >= threshold,
        "LessThanThreshold": value < threshold,
        "LessThanOrEqualToThreshold": value <= threshold,
    }[comparison]
