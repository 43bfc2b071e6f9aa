import pytest

from benchmarks._detection_goals import UNDETECTABLE, AlertFigures, Goal, SeedFigures, measure_goals
from benchmarks._protocol import DetectionMetrics

NO_ALERTS = AlertFigures({}, {}, 0.0, 0.0)


def seed(
    average_precision: float = 0.06, above_plain: float = 0.0, alerts: AlertFigures | None = None
) -> SeedFigures:
    return SeedFigures(DetectionMetrics(0.0, average_precision, 0.0), above_plain, alerts)


def missed(goals: list[Goal]) -> list[str]:
    return [goal.name for goal in goals if not goal.is_reached]


def test_a_goal_is_reached_by_the_mean_of_the_seeds() -> None:
    assert missed(measure_goals([seed(0.065), seed(0.04)])) == []
    assert missed(measure_goals([seed(0.055), seed(0.04)])) == ["AP above the best baseline"]


def test_a_worse_model_than_plain_xgboost_misses_a_goal() -> None:
    assert missed(measure_goals([seed(above_plain=-0.01)])) == ["AP above plain XGBoost on our features"]


def test_recall_counts_the_frauds_of_all_seeds() -> None:
    few = AlertFigures({"bust_out": 10}, {"bust_out": 7}, 0.0, 0.0)
    many = AlertFigures({"bust_out": 30, "takeover": 5}, {"bust_out": 27, "takeover": 3}, 0.0, 0.0)
    goals = measure_goals([seed(alerts=few), seed(alerts=many)])
    assert missed(goals) == ["recall of takeover"]
    assert next(goal.figure for goal in goals if goal.name == "recall of bust_out") == pytest.approx(34 / 40)


def test_undetectable_frauds_have_no_goal() -> None:
    alerts = AlertFigures({UNDETECTABLE: 10}, {UNDETECTABLE: 0}, 0.0, 0.0)
    assert missed(measure_goals([seed(alerts=alerts)])) == []


@pytest.mark.parametrize(
    ("alerts", "name"),
    [
        (NO_ALERTS._replace(value_above=-0.1), "value detected above the best baseline"),
        (NO_ALERTS._replace(calibration_error=0.02), "largest expected calibration error"),
    ],
)
def test_value_and_calibration_have_goals(alerts: AlertFigures, name: str) -> None:
    assert missed(measure_goals([seed(alerts=alerts)])) == [name]
