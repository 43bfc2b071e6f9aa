"""Curves over scores: a histogram with bins so fine that the areas are exact to 1e-4.

Memory does not depend on the number of transactions. A bin is 4e-5 wide in log-odds. Scores in one bin count
as equal, and equal scores are always in one bin.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

BINS = 1 << 20
# One further bin on either side. Log-odds of 20 are within 2e-9 of certainty.
MAX_LOG_ODDS = 20.0
_BINS_PER_UNIT = BINS / (2 * MAX_LOG_ODDS)


class CurvePoint(NamedTuple):
    """Recall and precision if every score from `score` on is flagged."""

    score: float
    recall: float
    precision: float


class ScoreHistogram:
    """Counts of frauds and genuine transactions by score, from 0 to 1."""

    def __init__(self) -> None:
        self._frauds = np.zeros(BINS + 2, np.int64)
        self._genuine = np.zeros(BINS + 2, np.int64)

    def add(self, scores: Floats, frauds: NDArray[np.bool_]) -> None:
        """Add transactions: the score of each, and whether it is fraud."""
        bins = _bin_numbers(scores)
        np.add.at(self._frauds, bins[frauds], 1)
        np.add.at(self._genuine, bins[~frauds], 1)

    def auc_roc(self) -> float | None:
        """The probability that a fraud scores above a genuine transaction; None unless there are both."""
        frauds, genuine = self._frauds.sum(), self._genuine.sum()
        if not frauds or not genuine:
            return None
        above = frauds - np.cumsum(self._frauds)
        better = np.dot(self._genuine.astype(float), above + self._frauds / 2)
        return float(better / (float(frauds) * float(genuine)))

    def average_precision(self) -> float | None:
        """The mean of the precision at each fraud, as scikit-learn defines it; None without fraud."""
        _, caught, flagged = self._cumulative_counts()
        if not caught.size or not caught[-1]:
            return None
        steps = np.diff(caught, prepend=0)
        return float(np.dot(steps, caught / flagged) / caught[-1])

    def recall_at_false_positives(self, share: float) -> float | None:
        """The recall if at most this share of genuine transactions is flagged; None unless there are both."""
        frauds, genuine = self._frauds.sum(), self._genuine.sum()
        if not frauds or not genuine:
            return None
        flagged = np.cumsum(self._genuine[::-1])
        bins = int(np.searchsorted(flagged, share * genuine, side="right"))
        return float(self._frauds[len(self._frauds) - bins :].sum() / frauds)

    def precision_recall(self, max_points: int = 200) -> list[CurvePoint]:
        """The curve from the highest score down."""
        bins, caught, flagged = self._cumulative_counts()
        if not caught.size or not caught[-1]:
            return []
        steps = np.linspace(0, caught[-1], max_points)
        indexes = np.unique(np.searchsorted(caught, steps).clip(max=len(caught) - 1))
        return [
            CurvePoint(
                float(_bin_scores(bins[index])),
                float(caught[index] / caught[-1]),
                float(caught[index] / flagged[index]),
            )
            for index in indexes
        ]

    def count_between(self, edges: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The numbers of genuine transactions and of frauds between consecutive scores of `edges`."""
        ends = np.searchsorted(_bin_scores(np.arange(BINS + 2)), edges[1:-1])
        genuine, frauds = (np.split(counts, ends) for counts in (self._genuine, self._frauds))
        return np.array([part.sum() for part in genuine]), np.array([part.sum() for part in frauds])

    def _cumulative_counts(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Non-empty bins from the highest down, with the cumulative numbers of frauds and of transactions."""
        transactions = self._frauds + self._genuine
        bins = np.flatnonzero(transactions)[::-1]
        return bins, np.cumsum(self._frauds[bins]), np.cumsum(transactions[bins])


def _bin_numbers(scores: Floats) -> NDArray[np.int64]:
    with np.errstate(divide="ignore"):
        log_odds = np.log(scores) - np.log1p(-scores)
    position = np.clip((log_odds + MAX_LOG_ODDS) * _BINS_PER_UNIT, -1, BINS)
    return np.floor(position).astype(np.int64) + 1


def _bin_scores(bins: NDArray[np.int64]) -> Floats:
    """The score in the middle of each bin."""
    log_odds = (bins - 0.5) / _BINS_PER_UNIT - MAX_LOG_ODDS
    middle: Floats = 1 / (1 + np.exp(-log_odds))
    return np.select([bins == 0, bins > BINS], [0.0, 1.0], middle)
