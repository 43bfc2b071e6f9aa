import numpy as np
import pytest

from detection.errors import DetectionError
from detection.training.calibration import calibrated, threshold_for_alerts, threshold_for_precision

PROBABILITIES = np.array([0.9, 0.8, 0.7, 0.7, 0.2, 0.1])
LABELS = np.array([True, False, True, True, False, False])


def test_log_odds_that_are_right_are_left_as_they_are() -> None:
    random = np.random.default_rng(1)
    margins = random.normal(-2, 2, 50_000)
    labels = random.random(50_000) < 1 / (1 + np.exp(-margins))
    found = calibrated(3 * margins + 1, labels)
    assert found.slope == pytest.approx(1 / 3, rel=0.05)
    assert found.offset == pytest.approx(-1 / 3, abs=0.1)


def test_margins_that_tell_all_have_an_answer() -> None:
    found = calibrated(np.array([-5.0, -5.0, 5.0]), np.array([False, False, True]))
    assert 0 < found.probabilities(np.array([5.0]))[0] < 1


@pytest.mark.parametrize(("alerts", "threshold"), [(1, 0.8), (1.5, 0.8), (2, 0.7), (50, 0.1)])
def test_budget_of_alerts_is_for_each_of_two_days(alerts: float, threshold: float) -> None:
    assert threshold_for_alerts(PROBABILITIES, 2, alerts) == threshold


def test_budget_below_one_alert_in_all_days_is_refused() -> None:
    with pytest.raises(DetectionError, match="not one"):
        threshold_for_alerts(PROBABILITIES, 2, 0.4)


@pytest.mark.parametrize(("precision", "threshold"), [(1, 0.9), (0.7, 0.7), (0.5, 0.1)])
def test_precision_is_reached_with_as_many_alerts_as_can_be(precision: float, threshold: float) -> None:
    assert threshold_for_precision(PROBABILITIES, LABELS, precision) == threshold


def test_precision_that_nothing_reaches_is_refused() -> None:
    with pytest.raises(DetectionError, match="No threshold"):
        threshold_for_precision(PROBABILITIES, ~LABELS, 0.9)
