"""The protocol of benchmarks/detection.py: periods, tested transactions, figures, and choice of baselines."""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.ensemble import BaseEnsemble
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import average_precision_score, roc_auc_score

from detection.evaluation.card_precision import CardPrecision

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
Days = tuple[int, int]
"""A period: its first day, and the day after its last one."""

DELAY_DAYS = 7
ALERTS_PER_DAY = 100
_CALIBRATION_BINS = 10
# Members of random ensembles when candidates are compared. With three seeds, the candidate that is best with
# 30 members has, with 100, an average precision of at most 0.002 below the best one.
_COMPARED_MEMBERS = 30


class History(NamedTuple):
    """Transactions in order of time, as columns. `kinds` is empty for a genuine one."""

    days: Indices
    accounts: Indices
    kinds: NDArray[np.str_]
    euros: Floats

    @property
    def frauds(self) -> NDArray[np.bool_]:
        result: NDArray[np.bool_] = self.kinds != ""
        return result

    def take(self, indices: Indices) -> "History":
        """The transactions with these indices."""
        return History(self.days[indices], self.accounts[indices], self.kinds[indices], self.euros[indices])

    def select_days(self, period: Days) -> Indices:
        """Indices of the transactions of these days."""
        return np.flatnonzero((self.days >= period[0]) & (self.days < period[1]))

    def select_test(self, train: Days, test: Days) -> Indices:
        """Indices of the transactions of the test days, without accounts already known to be compromised."""
        frauds, days = self.frauds, self.days
        compromised = set(self.accounts[frauds & (days >= train[0]) & (days < train[1])].tolist())
        selected = []
        for day in range(*test):
            is_reported = frauds & (days >= train[1]) & (days == day - DELAY_DAYS - 1)
            compromised |= set(self.accounts[is_reported].tolist())
            indices = np.flatnonzero(days == day)
            selected.append(indices[~np.isin(self.accounts[indices], list(compromised))])
        return np.concatenate(selected)


class Protocol(NamedTuple):
    """The periods of training and test, and the days between the choice of a candidate and the test."""

    train: Days
    test: Days
    earlier_days: int

    @property
    def earlier_train(self) -> Days:
        return self.train[0] - self.earlier_days, self.train[1] - self.earlier_days

    @property
    def earlier_test(self) -> Days:
        return self.test[0] - self.earlier_days, self.test[1] - self.earlier_days


class DetectionMetrics(NamedTuple):
    """Metrics of scores in a test."""

    auc: float
    average_precision: float
    card_precision: float

    def __str__(self) -> str:
        return f"AUC {self.auc:.4f}  AP {self.average_precision:.4f}  CP@100 {self.card_precision:.4f}"

    def above(self, other: "DetectionMetrics") -> "DetectionMetrics":
        """These metrics minus the other ones."""
        return DetectionMetrics(*(own - others for own, others in zip(self, other, strict=True)))


class Alerts(NamedTuple):
    """The alerts on the highest scores of each day. Shares are 0 to 1; `value` is in euros."""

    recall: float
    frauds_by_kind: dict[str, int]
    detected_by_kind: dict[str, int]
    value: float
    value_share: float

    @property
    def recall_by_kind(self) -> dict[str, float]:
        return {kind: self.detected_by_kind[kind] / frauds for kind, frauds in self.frauds_by_kind.items()}


def score_baselines(
    models: Mapping[str, Sequence[Any]], values: NDArray[Any], history: History, protocol: Protocol
) -> dict[str, Floats]:
    """Scores of the tested transactions by each baseline.

    As in the handbook, the candidate of each baseline that is best on an earlier period is measured.
    """
    frauds = history.frauds
    first = history.select_days(protocol.earlier_train)
    second = history.select_test(protocol.earlier_train, protocol.earlier_test)

    def predict(model: Any, training: Indices, tested: Indices) -> Floats:
        with warnings.catch_warnings():
            # A network with a fixed number of epochs is not meant to converge.
            warnings.simplefilter("ignore", ConvergenceWarning)
            fitted = clone(model).fit(values[training], frauds[training])
        result: Floats = fitted.predict_proba(values[tested])[:, 1].astype(float)
        return result

    def average_precision(model: Any) -> float:
        compared = (
            clone(model).set_params(n_estimators=_COMPARED_MEMBERS)
            if isinstance(model, BaseEnsemble)
            else model
        )
        return float(average_precision_score(frauds[second], predict(compared, first, second)))

    best = {name: max(candidates, key=average_precision) for name, candidates in models.items()}
    training = history.select_days(protocol.train)
    tested = history.select_test(protocol.train, protocol.test)
    return {name: predict(model, training, tested) for name, model in best.items()}


def measure_scores(tested: History, scores: Floats) -> DetectionMetrics:
    """Metrics of the scores of the tested transactions."""
    frauds = tested.frauds
    cards = CardPrecision()
    for day, account, score, fraud in zip(
        tested.days.tolist(), tested.accounts.tolist(), scores.tolist(), frauds.tolist(), strict=True
    ):
        cards.add(day, f"{account:05}", score, is_fraud=fraud)
    return DetectionMetrics(
        float(roc_auc_score(frauds, scores)),
        float(average_precision_score(frauds, scores)),
        cards.mean() or 0.0,
    )


def measure_alerts(tested: History, scores: Floats, per_day: int = ALERTS_PER_DAY) -> Alerts:
    """The alerts on the `per_day` highest scores of each day."""
    kinds, euros, days = tested.kinds, tested.euros, tested.days
    # Within a day, the highest score first; the rank is the position within the day.
    order = np.lexsort((-scores, days))
    begins = np.searchsorted(days[order], days[order], side="left")
    alerted = np.zeros(len(scores), np.bool_)
    alerted[order] = np.arange(len(order)) - begins < per_day
    frauds = kinds != ""
    names = sorted(set(kinds[frauds].tolist()))
    value = float(euros[alerted & frauds].sum())
    return Alerts(
        recall=float(alerted[frauds].mean()),
        frauds_by_kind={name: int((kinds == name).sum()) for name in names},
        detected_by_kind={name: int(alerted[kinds == name].sum()) for name in names},
        value=value,
        value_share=value / float(euros[frauds].sum()),
    )


def calibration_error(frauds: NDArray[np.bool_], probabilities: Floats) -> float:
    """The expected calibration error in bins with equally many transactions, and in those of equal width.

    Fraud is rare, so that nearly all transactions are in the first bin of equal width. The larger of both
    errors is returned.
    """
    order = np.argsort(probabilities, kind="stable")
    equal = np.array_split(order, _CALIBRATION_BINS)
    bins = np.minimum((probabilities * _CALIBRATION_BINS).astype(int), _CALIBRATION_BINS - 1)
    wide = [np.flatnonzero(bins == number) for number in range(_CALIBRATION_BINS)]
    return max(_weighted_error(frauds, probabilities, rows) for rows in (equal, wide))


def _weighted_error(frauds: NDArray[np.bool_], probabilities: Floats, bins: Sequence[Indices]) -> float:
    gaps = [
        len(rows) * abs(float(frauds[rows].mean()) - float(probabilities[rows].mean()))
        for rows in bins
        if len(rows)
    ]
    return sum(gaps) / len(frauds)
