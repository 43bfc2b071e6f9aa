"""Features, models and protocol of the Fraud Detection Handbook: the baselines of benchmarks/detection.py."""

from typing import Any, NamedTuple

import numpy as np
import xgboost
from imblearn.ensemble import BalancedBaggingClassifier
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from detection.data.simulation import SimulatedColumns
from detection.evaluation.card_precision import CardPrecision

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

WINDOWS_DAYS = (1, 7, 30)
DELAY_DAYS = 7
_DAY = 86_400
_NIGHT_ENDS = 6
_SATURDAY = 5
# Candidates of each model. As in the handbook, the best candidate on an earlier week is measured.
BASELINES: dict[str, list[Any]] = {
    "logistic regression": [
        make_pipeline(StandardScaler(), LogisticRegression(C=strength)) for strength in (0.1, 1, 10)
    ],
    "random forest": [
        RandomForestClassifier(n_estimators=100, max_depth=depth, n_jobs=2, random_state=0)
        for depth in (10, 20, 50)
    ],
    "XGBoost": [
        xgboost.XGBClassifier(n_estimators=100, max_depth=depth, learning_rate=rate, n_jobs=2, random_state=0)
        for depth, rate in ((3, 0.1), (6, 0.1), (3, 0.3))
    ],
    "balanced bagging": [
        BalancedBaggingClassifier(
            DecisionTreeClassifier(max_depth=20),
            n_estimators=100,
            sampling_strategy=share,
            n_jobs=2,
            random_state=0,
        )
        for share in (0.02, 0.05, 0.1, 0.5)
    ],
}
# Days between the selection of a candidate and the test: a week and the delay of labels.
EARLIER_DAYS = 14


class DetectionMetrics(NamedTuple):
    """Metrics of scores in a test."""

    auc: float
    average_precision: float
    card_precision: float

    def __str__(self) -> str:
        return f"AUC {self.auc:.4f}  AP {self.average_precision:.4f}  CP@100 {self.card_precision:.4f}"


def score_baselines(
    simulation: SimulatedColumns, train: tuple[int, int], test: tuple[int, int]
) -> dict[str, Floats]:
    """Scores of the tested transactions by each baseline. Periods are days without their last day."""
    values, frauds = handbook_features(simulation), simulation.scenarios > 0
    earlier_train, earlier_test = ([day - EARLIER_DAYS for day in period] for period in (train, test))
    first = select_days(simulation, *earlier_train)
    second = select_test(simulation, *earlier_train, *earlier_test)

    def predict(model: Any, training: Indices, tested: Indices) -> Floats:
        result: Floats = (
            clone(model).fit(values[training], frauds[training]).predict_proba(values[tested])[:, 1]
        )
        return result

    def average_precision(model: Any) -> float:
        return float(average_precision_score(frauds[second], predict(model, first, second)))

    best = {name: max(models, key=average_precision) for name, models in BASELINES.items()}
    training, tested = select_days(simulation, *train), select_test(simulation, *train, *test)
    return {name: predict(model, training, tested) for name, model in best.items()}


def handbook_features(simulation: SimulatedColumns) -> Floats:
    """15 features of each transaction.

    Windows of a customer include the transaction; windows of a terminal end before the delay of labels.
    """
    frauds = (simulation.scenarios > 0).astype(float)
    # The first day is a Sunday.
    weekend = (simulation.days + 6) % 7 >= _SATURDAY
    night = simulation.seconds % _DAY // 3600 <= _NIGHT_ENDS
    columns = [simulation.amounts, weekend.astype(float), night.astype(float)]
    for days in WINDOWS_DAYS:
        count, total = _sum_windows(simulation.customers, simulation.seconds, simulation.amounts, 0, days)
        columns += [count, total / np.maximum(count, 1)]
    for days in WINDOWS_DAYS:
        count, total = _sum_windows(simulation.terminals, simulation.seconds, frauds, DELAY_DAYS, days)
        columns += [count, total / np.maximum(count, 1)]
    return np.column_stack(columns)


def select_days(simulation: SimulatedColumns, begin: int, end: int) -> Indices:
    """Indices of the transactions of these days."""
    return np.flatnonzero((simulation.days >= begin) & (simulation.days < end))


def select_test(
    simulation: SimulatedColumns, train_from: int, train_to: int, test_from: int, test_to: int
) -> Indices:
    """Indices of the transactions of the test days, without customers already known to be compromised."""
    fraud, days = simulation.scenarios > 0, simulation.days
    compromised = set(simulation.customers[fraud & (days >= train_from) & (days < train_to)].tolist())
    selected = []
    for day in range(test_from, test_to):
        is_reported = fraud & (days >= train_to) & (days == day - DELAY_DAYS - 1)
        compromised |= set(simulation.customers[is_reported].tolist())
        indices = np.flatnonzero(days == day)
        selected.append(indices[~np.isin(simulation.customers[indices], list(compromised))])
    return np.concatenate(selected)


def measure_scores(simulation: SimulatedColumns, indices: Indices, scores: Floats) -> DetectionMetrics:
    """Metrics of the scores of these transactions."""
    frauds = simulation.scenarios[indices] > 0
    cards = CardPrecision()
    for day, customer, score, fraud in zip(
        simulation.days[indices].tolist(),
        simulation.customers[indices].tolist(),
        scores.tolist(),
        frauds.tolist(),
        strict=True,
    ):
        cards.add(day, f"{customer:05}", score, is_fraud=fraud)
    return DetectionMetrics(
        float(roc_auc_score(frauds, scores)),
        float(average_precision_score(frauds, scores)),
        cards.mean() or 0.0,
    )


def _sum_windows(
    owners: Indices, seconds: Indices, amounts: Floats, delay_days: int, days: int
) -> tuple[Floats, Floats]:
    """Count and sum of the owner's amounts in a window that ends `delay_days` before each transaction."""
    order = np.argsort(owners, kind="stable")
    # The owners' times are shifted so far apart that no window contains transactions of two owners.
    far = int(seconds.max()) + 100 * _DAY
    times = owners[order] * far + seconds[order]
    sums = np.concatenate([[0.0], np.cumsum(amounts[order])])
    end = np.searchsorted(times, times - delay_days * _DAY, side="right")
    begin = np.searchsorted(times, times - (delay_days + days) * _DAY, side="right")
    count, total = np.empty(len(order)), np.empty(len(order))
    count[order], total[order] = end - begin, sums[end] - sums[begin]
    return count, total
