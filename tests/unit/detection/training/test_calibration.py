import numpy as np
import pytest

from detection.errors import DetectionError
from detection.training.calibration import fit_calibration, threshold_for_alerts, threshold_for_precision

PROBABILITIES = np.array([0.9, 0.8, 0.7, 0.7, 0.2, 0.1])
LABELS = np.array([True, False, True, True, False, False])


def test_fit_recovers_the_log_odds_of_the_labels() -> None:
    random = np.random.default_rng(1)
    margins = random.normal(-2, 2, 50_000)
    labels = random.random(50_000) < 1 / (1 + np.exp(-margins))
    calibration = fit_calibration(3 * margins + 1, labels)
    assert calibration.slope == pytest.approx(1 / 3, rel=0.05)
    assert calibration.offset == pytest.approx(-1 / 3, abs=0.1)


def test_fit_exists_for_margins_that_separate_the_labels() -> None:
    calibration = fit_calibration(np.array([-5.0, -5.0, 5.0]), np.array([False, False, True]))
    assert 0 < calibration.probabilities(np.array([5.0]))[0] < 1


@pytest.mark.parametrize(("alerts", "threshold"), [(1, 0.8), (1.5, 0.8), (2, 0.7), (50, 0.1)])
def test_number_of_alerts_is_per_day(alerts: float, threshold: float) -> None:
    assert threshold_for_alerts(PROBABILITIES, 2, alerts) == threshold


def test_less_than_one_alert_in_all_days_is_rejected() -> None:
    with pytest.raises(DetectionError, match=r"^--alerts-per-day: 0\.4"):
        threshold_for_alerts(PROBABILITIES, 2, 0.4)


@pytest.mark.parametrize(("precision", "threshold"), [(1, 0.9), (0.7, 0.7), (0.5, 0.1)])
def test_threshold_is_the_lowest_with_the_precision(precision: float, threshold: float) -> None:
    assert threshold_for_precision(PROBABILITIES, LABELS, precision) == threshold


def test_unreachable_precision_is_rejected() -> None:
    with pytest.raises(DetectionError, match=r"^--precision: .* 0\.9"):
        threshold_for_precision(PROBABILITIES, ~LABELS, 0.9)
