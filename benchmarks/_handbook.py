"""The Fraud Detection Handbook's features, models and protocol, for detection.py to measure against."""

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

from detection.data.simulation import Simulation
from detection.evaluation.card_precision import CardPrecision

Floats = NDArray[np.float64]
Places = NDArray[np.int64]

WINDOWS_DAYS = (1, 7, 30)
DELAY_DAYS = 7
_DAY = 86_400
_NIGHT_ENDS = 6
_SATURDAY = 5
# What is tried of each model; the best of them on an earlier week is measured, as the handbook chooses.
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
# From the weeks of a choice to those of the test: a week, and the delay of labels.
EARLIER_DAYS = 14


class Figures(NamedTuple):
    """What a test comes to."""

    auc: float
    average_precision: float
    card_precision: float

    def __str__(self) -> str:
        return f"AUC {self.auc:.4f}  AP {self.average_precision:.4f}  CP@100 {self.card_precision:.4f}"


def scored(made: Simulation, train: tuple[int, int], test: tuple[int, int]) -> dict[str, Floats]:
    """The scores of the tested transactions by each baseline; periods are days, the last one not in them."""
    values, frauds = features(made), made.scenarios > 0
    before, chosen_on = ([day - EARLIER_DAYS for day in period] for period in (train, test))
    first, second = within(made, *before), tested(made, *before, *chosen_on)

    def probabilities(model: Any, learned: Places, asked: Places) -> Floats:
        result: Floats = clone(model).fit(values[learned], frauds[learned]).predict_proba(values[asked])[:, 1]
        return result

    def average_precision(model: Any) -> float:
        return float(average_precision_score(frauds[second], probabilities(model, first, second)))

    best = {name: max(models, key=average_precision) for name, models in BASELINES.items()}
    learned, asked = within(made, *train), tested(made, *train, *test)
    return {name: probabilities(model, learned, asked) for name, model in best.items()}


def features(made: Simulation) -> Floats:
    """Of each transaction 15: windows of a customer hold it, those of a terminal end before the delay."""
    frauds = (made.scenarios > 0).astype(float)
    # The first day is a Sunday.
    weekend = (made.days + 6) % 7 >= _SATURDAY
    night = made.seconds % _DAY // 3600 <= _NIGHT_ENDS
    found = [made.amounts, weekend.astype(float), night.astype(float)]
    for days in WINDOWS_DAYS:
        count, total = _windows(made.customers, made.seconds, made.amounts, 0, days)
        found += [count, total / np.maximum(count, 1)]
    for days in WINDOWS_DAYS:
        count, total = _windows(made.terminals, made.seconds, frauds, DELAY_DAYS, days)
        found += [count, total / np.maximum(count, 1)]
    return np.column_stack(found)


def within(made: Simulation, begin: int, end: int) -> Places:
    """The transactions of these days."""
    return np.flatnonzero((made.days >= begin) & (made.days < end))


def tested(made: Simulation, train_from: int, train_to: int, test_from: int, test_to: int) -> Places:
    """The transactions of the days of the test, less those of customers known to be compromised by then."""
    fraud, days = made.scenarios > 0, made.days
    known = set(made.customers[fraud & (days >= train_from) & (days < train_to)].tolist())
    found = []
    for day in range(test_from, test_to):
        known |= set(made.customers[fraud & (days >= train_to) & (days == day - DELAY_DAYS - 1)].tolist())
        places = np.flatnonzero(days == day)
        found.append(places[~np.isin(made.customers[places], list(known))])
    return np.concatenate(found)


def figures(made: Simulation, places: Places, scores: Floats) -> Figures:
    """How well the scores of these transactions tell fraud."""
    frauds = made.scenarios[places] > 0
    cards = CardPrecision()
    for day, customer, score, fraud in zip(
        made.days[places].tolist(),
        made.customers[places].tolist(),
        scores.tolist(),
        frauds.tolist(),
        strict=True,
    ):
        cards.add(day, f"{customer:05}", score, is_fraud=fraud)
    return Figures(
        float(roc_auc_score(frauds, scores)),
        float(average_precision_score(frauds, scores)),
        cards.mean() or 0.0,
    )


def _windows(
    owners: Places, seconds: Places, amounts: Floats, delay_days: int, days: int
) -> tuple[Floats, Floats]:
    """Count and sum of what the same owner did in as many days, up to the delay before each transaction."""
    order = np.argsort(owners, kind="stable")
    # Owners lie so far apart in time that no window reaches from one to the next.
    far = int(seconds.max()) + 100 * _DAY
    times = owners[order] * far + seconds[order]
    sums = np.concatenate([[0.0], np.cumsum(amounts[order])])
    end = np.searchsorted(times, times - delay_days * _DAY, side="right")
    begin = np.searchsorted(times, times - (delay_days + days) * _DAY, side="right")
    count, total = np.empty(len(order)), np.empty(len(order))
    count[order], total[order] = end - begin, sums[end] - sums[begin]
    return count, total
