import numpy as np
import pytest

from benchmarks._protocol import DELAY_DAYS, History, calibration_error, measure_alerts


def make_history(rows: list[tuple[int, int, str, float]]) -> History:
    """Rows of day, account, kind and euros."""
    days, accounts, kinds, euros = zip(*rows, strict=True)
    return History(np.array(days), np.array(accounts), np.array(kinds), np.array(euros))


def test_accounts_with_a_fraud_in_training_are_not_tested() -> None:
    history = make_history([(0, 1, "a", 1), (0, 2, "", 1), (20, 1, "", 1), (20, 2, "", 1)])
    assert history.select_test((0, 5), (20, 21)).tolist() == [3]


def test_accounts_are_tested_until_their_fraud_is_reported() -> None:
    day = 10
    later = day + DELAY_DAYS + 1
    history = make_history([(day, 1, "a", 1), (later - 1, 1, "", 1), (later, 1, "", 1)])
    assert history.select_test((0, day), (later - 1, later + 1)).tolist() == [1]


def test_alerts_are_the_highest_scores_of_each_day() -> None:
    history = make_history([(0, 1, "a", 10), (0, 2, "", 1), (0, 3, "b", 30), (1, 4, "a", 60)])
    alerts = measure_alerts(history, np.array([0.9, 0.5, 0.1, 0.0]), per_day=1)
    assert alerts.recall_by_kind == {"a": 1.0, "b": 0.0}
    assert alerts.recall == pytest.approx(2 / 3)
    assert alerts.value == 70
    assert alerts.value_share == pytest.approx(0.7)


def test_calibrated_scores_have_no_error_and_shifted_ones_do() -> None:
    random = np.random.default_rng(1)
    probabilities = random.beta(0.1, 5, 200_000)
    frauds = random.random(len(probabilities)) < probabilities
    assert calibration_error(frauds, probabilities) < 0.003
    assert calibration_error(frauds, np.minimum(probabilities * 3, 1)) > 0.02
