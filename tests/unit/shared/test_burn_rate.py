"""Burn-rate alarms: thresholds, windows, and the rule that combines them."""

import pytest

from shared.burn_rate import ServiceLevel
from shared.names import Names

LEVEL = ServiceLevel(
    layer="edge",
    name="available",
    target=0.9995,
    namespace="AWS/ApiGateway",
    metric="5XXError",
    dimensions={"ApiName": "api"},
    runbook="api-available.md",
    summary="Too many errors.",
)
NAMES = Names("blue")


@pytest.mark.parametrize(
    ("name", "period_seconds", "threshold"),
    [
        ("available-14-4x-1h", 3600, 0.0072),
        ("available-14-4x-5m", 300, 0.0072),
        ("available-6x-6h", 21600, 0.003),
        ("available-6x-30m", 1800, 0.003),
        ("available-1x-3d", 259200, 0.0005),
        ("available-1x-6h", 21600, 0.0005),
    ],
)
def test_threshold_of_a_window_is_the_rate_times_the_error_budget(
    name: str, period_seconds: int, threshold: float
) -> None:
    alarm = {alarm.name: alarm for alarm in LEVEL.alarms(NAMES)}[name]
    assert alarm.period_seconds == period_seconds
    assert alarm.threshold == pytest.approx(threshold)
    assert [metric.statistic for metric in alarm.metrics] == ["Average"]


def test_only_the_composite_alarm_notifies() -> None:
    assert not any(alarm.notifies for alarm in LEVEL.alarms(NAMES))


@pytest.mark.parametrize(
    ("in_alarm", "expected"),
    [
        ({"14-4x-1h", "14-4x-5m", "minimum"}, True),
        ({"6x-6h", "6x-30m", "minimum"}, True),
        ({"1x-3d", "1x-6h", "minimum"}, True),
        ({"14-4x-1h", "6x-30m", "minimum"}, False),
        ({"14-4x-1h", "14-4x-5m"}, False),
        ({"minimum"}, False),
    ],
)
def test_alarm_needs_both_windows_of_a_rate_and_enough_bad_events(in_alarm: set[str], expected: bool) -> None:
    assert (
        evaluate_rule(
            LEVEL.composite(NAMES).rule, {f"fraud-pipeline-edge-available-{name}-blue" for name in in_alarm}
        )
        is expected
    )


def test_rule_reads_exactly_the_alarms_of_the_level() -> None:
    composite = LEVEL.composite(NAMES)
    assert set(composite.children) == {alarm.physical_name for alarm in LEVEL.alarms(NAMES)}
    assert all(f'ALARM("{name}")' in composite.rule for name in composite.children)
    assert composite.rule.count("ALARM(") == len(composite.children)


def evaluate_rule(rule: str, in_alarm: set[str]) -> bool:
    """Evaluate the rule as CloudWatch does. Its operators are those of Python in upper case."""
    text = rule.replace(" AND ", " and ").replace(" OR ", " or ")
    return bool(eval(text, {"__builtins__": {}}, {"ALARM": lambda name: name in in_alarm}))  # noqa: S307 our own rule
