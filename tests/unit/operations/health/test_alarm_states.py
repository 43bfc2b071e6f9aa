from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pytest

from operations.health.alarm_states import CloudWatchAlarms, EmbeddedAlarms, check_alarms, evaluate_rule
from operations.health.check import Check
from shared.alarms import Alarm, AlarmTable, CompositeAlarm, Metric


def alarm(name: str, **changes: Any) -> Alarm:
    metric = Metric(namespace="N", name="Errors", dimensions={"FunctionName": "f"}, statistic="Sum")
    values: dict[str, Any] = {
        "name": name,
        "physical_name": f"fraud-pipeline-x-{name}",
        "metrics": (metric,),
        "threshold": 3,
        "period_seconds": 60,
        "evaluation_periods": 5,
        "severity": "page",
        "runbook": f"{name}.md",
        "summary": f"{name} is on.",
    }
    return Alarm(**(values | changes))


def with_metric(name: str, statistic: str, **changes: Any) -> Alarm:
    metric = Metric(namespace="N", name=name, dimensions={}, statistic=statistic)
    return alarm("a", metrics=(metric,), **changes)


def table(*alarms: Alarm, composites: tuple[CompositeAlarm, ...] = ()) -> AlarmTable:
    return AlarmTable(dashboard_name="d", alarms=alarms, composites=composites)


class Metrics:
    """Answers each request with the value for its age in seconds, or with no datapoint."""

    def __init__(self, *values: float | None) -> None:
        self.windows: list[tuple[datetime, datetime]] = []
        self._values = list(values)

    def get_metric_statistics(self, **request: Any) -> dict[str, Any]:
        self.windows.append((request["StartTime"], request["EndTime"]))
        value = self._values.pop(0)
        [statistic] = request.get("Statistics") or request["ExtendedStatistics"]
        point = {statistic: value} if "Statistics" in request else {"ExtendedStatistics": {statistic: value}}
        return {"Datapoints": [] if value is None else [point]}

    @property
    def seconds(self) -> float:
        return sum((end - start).total_seconds() for start, end in self.windows)


def is_on(entry: Alarm, metrics: Metrics, scale: float = 1.0) -> bool:
    return EmbeddedAlarms(metrics, scale).read_states([table(entry)])[entry.physical_name]


def test_counts_add_up_over_the_window_of_an_alarm() -> None:
    metrics = Metrics(3)
    assert is_on(alarm("a"), metrics)
    assert metrics.seconds == pytest.approx(300)


def test_alarm_below_its_threshold_or_without_data_is_off() -> None:
    assert not is_on(alarm("a"), Metrics(2))
    assert not is_on(alarm("a"), Metrics(None))


def test_windows_are_shortened_on_the_embedded_aws() -> None:
    metrics = Metrics(0)
    is_on(alarm("a"), metrics, scale=1 / 60)
    assert metrics.seconds == pytest.approx(5)


@pytest.mark.parametrize("metric", ["ApproximateAgeOfOldestMessage", "IteratorAge"])
def test_age_is_compared_with_a_shortened_threshold(metric: str) -> None:
    entry = with_metric(metric, "Maximum", threshold=1800)
    assert is_on(entry, Metrics(31), scale=1 / 60)
    assert not is_on(entry, Metrics(29), scale=1 / 60)


@pytest.mark.parametrize(("values", "expected"), [((9, 9), True), ((9, 1), False), ((9, None), False)])
def test_percentile_must_breach_in_every_period(values: tuple[float | None, ...], expected: bool) -> None:
    assert is_on(with_metric("Latency", "p99", evaluation_periods=2), Metrics(*values)) is expected


@pytest.mark.parametrize(
    ("on", "expected"),
    [((), False), (("a",), False), (("a", "b"), True), (("b", "c"), False), (("a", "c"), True)],
)
def test_composite_alarm_rule_is_evaluated(on: tuple[str, ...], expected: bool) -> None:
    rule = 'ALARM("a") AND ((ALARM("b")) OR (ALARM("c") AND ALARM("a")))'
    assert evaluate_rule(rule, {name: name in on for name in "abc"}) is expected


def test_unsupported_composite_alarm_rule_is_an_error() -> None:
    with pytest.raises(ValueError, match="rule"):
        evaluate_rule('NOT ALARM("a")'.replace("NOT", "not"), {})


def found(states: Mapping[str, bool], *tables: AlarmTable) -> list[Check]:
    return list(check_alarms(states, tables, redeploy="invoke deploy"))


def test_alarm_that_is_on_has_severity_and_runbook() -> None:
    first, last = found(
        {"fraud-pipeline-x-a": True, "fraud-pipeline-x-b": False}, table(alarm("a"), alarm("b"))
    )
    assert (first.state, first.severity, first.runbook) == ("wrong", "page", "docs/runbooks/a.md")
    assert last.state == "ok"


def test_missing_alarm_is_wrong() -> None:
    first, _ = found({}, table(alarm("a")))
    assert (first.subject, first.state) == ("alarm fraud-pipeline-x-a", "wrong")


def test_child_of_a_composite_alarm_is_not_reported() -> None:
    (last,) = found({"fraud-pipeline-x-a": True}, table(alarm("a", notifies=False)))
    assert last.state == "ok"


class CloudWatch:
    def get_paginator(self, operation: str) -> "CloudWatch":
        assert operation == "describe_alarms"
        return self

    def paginate(self, **_: Any) -> list[dict[str, Any]]:
        metric = {"AlarmName": "fraud-pipeline-x-a", "StateValue": "ALARM"}
        foreign = {"AlarmName": "fraud-pipeline-of-others", "StateValue": "ALARM"}
        composite = {"AlarmName": "fraud-pipeline-x-c", "StateValue": "INSUFFICIENT_DATA"}
        return [{"MetricAlarms": [metric, foreign], "CompositeAlarms": [composite]}]


def test_states_in_an_account_are_read_from_cloudwatch() -> None:
    composite = CompositeAlarm(
        name="c",
        physical_name="fraud-pipeline-x-c",
        rule='ALARM("fraud-pipeline-x-a")',
        children=("fraud-pipeline-x-a",),
        severity="page",
        runbook="c.md",
        summary="c",
    )
    states = CloudWatchAlarms(CloudWatch()).read_states([table(alarm("a"), composites=(composite,))])
    assert states == {"fraud-pipeline-x-a": True, "fraud-pipeline-x-c": False}
