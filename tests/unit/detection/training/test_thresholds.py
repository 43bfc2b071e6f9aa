from typing import Any

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from detection.errors import DetectionError
from detection.training.thresholds import (
    JointDecisions,
    bootstrap_figures,
    threshold_for_alerts,
    threshold_for_precision,
)

PROBABILITIES = np.array([0.9, 0.8, 0.7, 0.7, 0.2, 0.1])
LABELS = np.array([True, False, True, True, False, False])


def _decisions(days: int = 2, weights: float = 1, **changes: Any) -> JointDecisions:
    none = np.zeros(6, bool)
    decisions = JointDecisions(
        PROBABILITIES, LABELS, np.full(6, weights, np.float32), flagged=none, cleared=none, days=days
    )
    return decisions._replace(**changes)


def _mask(*rows: int) -> np.ndarray:
    return np.isin(np.arange(6), rows)


@pytest.mark.parametrize(("alerts", "threshold"), [(1, 0.8), (1.5, 0.8), (2, 0.7), (50, 0.1)])
def test_number_of_alerts_is_per_day(alerts: float, threshold: float) -> None:
    assert threshold_for_alerts(_decisions(), alerts) == threshold


def _year_of_alerts(sales: int) -> JointDecisions:
    """20 usual days with 10 genuine alerts, and some days of sales with 200."""
    by_day = [10] * 20 + [200] * sales
    day_indexes = np.repeat(np.arange(len(by_day)), by_day)
    scores = np.concatenate([np.linspace(0.5, 0.9, count) for count in by_day])
    none, ones = np.zeros(len(scores), bool), np.ones(len(scores), np.float32)
    return JointDecisions(scores, none, ones, none, none, days=len(by_day), day_indexes=day_indexes)


def test_days_of_sales_do_not_lower_the_alerts_of_usual_days() -> None:
    usual, with_sales = (threshold_for_alerts(_year_of_alerts(sales), 5) for sales in (0, 2))
    decisions = _year_of_alerts(2)
    on_usual_days = (decisions.scores >= with_sales) & (decisions.day_indexes < 20)  # type: ignore[operator]
    assert with_sales >= usual
    assert 4 <= on_usual_days.sum() / 20 <= 5


def test_waves_of_fraud_count_as_they_were() -> None:
    decisions = _year_of_alerts(2)
    frauds = decisions._replace(labels=~decisions.labels)
    assert frauds.alerts_per_day(0.5) == pytest.approx(600 / 22)
    assert decisions.alerts_per_day(0.5) < 600 / 22 / 2


def test_each_row_counts_with_its_weight() -> None:
    assert threshold_for_alerts(_decisions(weights=10), 10) == 0.8


def test_transactions_that_rules_flag_are_part_of_the_budget() -> None:
    decisions = _decisions(flagged=_mask(5))
    threshold = threshold_for_alerts(decisions, 1)
    assert threshold == 0.9
    assert decisions.alerts_per_day(threshold) == 1


def test_transactions_that_rules_clear_are_never_alerts() -> None:
    decisions = _decisions(cleared=_mask(0, 1))
    threshold = threshold_for_alerts(decisions, 1)
    assert (threshold, decisions.alerts_per_day(threshold)) == (0.7, 1)


def test_rules_that_use_up_the_budget_leave_no_alerts_to_the_model() -> None:
    decisions = _decisions(flagged=_mask(4, 5))
    assert decisions.alerts_per_day(threshold_for_alerts(decisions, 1)) == 1


def test_rules_that_exceed_the_budget_alone_are_rejected() -> None:
    with pytest.raises(DetectionError, match=r"^--alerts-per-day: .*1\.5"):
        threshold_for_alerts(_decisions(flagged=_mask(3, 4, 5)), 1)


def test_less_than_one_alert_in_all_days_is_rejected() -> None:
    with pytest.raises(DetectionError, match=r"^--alerts-per-day: 0\.4"):
        threshold_for_alerts(_decisions(), 0.4)


@pytest.mark.parametrize(("precision", "threshold"), [(1, 0.9), (0.7, 0.7), (0.5, 0.1)])
def test_threshold_is_the_lowest_with_the_precision(precision: float, threshold: float) -> None:
    assert threshold_for_precision(_decisions(), precision) == threshold


def test_alerts_of_rules_count_for_the_precision() -> None:
    assert threshold_for_precision(_decisions(flagged=_mask(4, 5)), 0.5) == 0.7
    with pytest.raises(DetectionError):
        threshold_for_precision(_decisions(flagged=_mask(4, 5)), 0.7)


def test_unreachable_precision_is_rejected() -> None:
    with pytest.raises(DetectionError, match=r"^--precision: .* 0\.9"):
        threshold_for_precision(_decisions(labels=~LABELS), 0.9)


def test_figures_equal_those_of_scikit_learn() -> None:
    random = np.random.default_rng(4)
    labels = random.random(5_000) < 0.05
    scores = np.round(1 / (1 + np.exp(3 - random.normal(labels * 2.0, 1.0))), 3)
    none = np.zeros(5_000, bool)
    decisions = JointDecisions(scores, labels, np.ones(5_000, np.float32), none, none, days=1)
    figures = bootstrap_figures(decisions, 0.2, seed=0)
    flagged = scores >= 0.2
    assert figures["auc_roc"]["value"] == pytest.approx(roc_auc_score(labels, scores), abs=1e-6)
    assert figures["average_precision"]["value"] == pytest.approx(
        average_precision_score(labels, scores), abs=1e-6
    )
    assert figures["precision"]["value"] == pytest.approx(labels[flagged].mean(), abs=1e-6)
    assert figures["recall"]["value"] == pytest.approx(flagged[labels].mean(), abs=1e-6)
    for figure in figures.values():
        assert figure["from"] < figure["value"] < figure["to"]
