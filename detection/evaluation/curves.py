"""How well scores order transactions: counts by score, in bins so fine that areas are exact to 1e-4.

So memory is the same for any number of transactions. A bin is 4e-5 wide in log-odds; scores in one bin count
as equal, and those that really are equal always are in one.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

BINS = 1 << 20
# Beyond that, one bin on either side: 20 in log-odds is a probability of 2e-9 from certainty.
FURTHEST_LOG_ODDS = 20.0
_BINS_PER_UNIT = BINS / (2 * FURTHEST_LOG_ODDS)


class Point(NamedTuple):
    """What flagging everything from `score` on would give."""

    score: float
    recall: float
    precision: float


class ScoreCounts:
    """Counts of fraud and of genuine transactions by score (0 to 1)."""

    def __init__(self) -> None:
        self._frauds = np.zeros(BINS + 2, np.int64)
        self._genuine = np.zeros(BINS + 2, np.int64)

    def add(self, scores: Floats, frauds: NDArray[np.bool_]) -> None:
        """Count transactions: the score of each, and whether it was fraud."""
        bins = _bins(scores)
        np.add.at(self._frauds, bins[frauds], 1)
        np.add.at(self._genuine, bins[~frauds], 1)

    def auc_roc(self) -> float | None:
        """How likely a fraud is scored above a genuine transaction; None without either."""
        frauds, genuine = self._frauds.sum(), self._genuine.sum()
        if not frauds or not genuine:
            return None
        above = frauds - np.cumsum(self._frauds)
        better = np.dot(self._genuine.astype(float), above + self._frauds / 2)
        return float(better / (float(frauds) * float(genuine)))

    def average_precision(self) -> float | None:
        """The mean of the precision at each fraud, as scikit-learn defines it; None without fraud."""
        _, caught, flagged = self._from_the_top()
        if not caught.size or not caught[-1]:
            return None
        steps = np.diff(caught, prepend=0)
        return float(np.dot(steps, caught / flagged) / caught[-1])

    def precision_recall(self, most: int = 200) -> list[Point]:
        """The curve from the highest score down, of at most so many points."""
        bins, caught, flagged = self._from_the_top()
        if not caught.size or not caught[-1]:
            return []
        steps = np.linspace(0, caught[-1], most)
        chosen = np.unique(np.searchsorted(caught, steps).clip(max=len(caught) - 1))
        return [
            Point(
                float(_score(bins[one])), float(caught[one] / caught[-1]), float(caught[one] / flagged[one])
            )
            for one in chosen
        ]

    def by_score(self, edges: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Counts of genuine transactions and of fraud between scores that follow each other in `edges`."""
        ends = np.searchsorted(_score(np.arange(BINS + 2)), edges[1:-1])
        genuine, frauds = (np.split(counts, ends) for counts in (self._genuine, self._frauds))
        return np.array([one.sum() for one in genuine]), np.array([one.sum() for one in frauds])

    def _from_the_top(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """The bins that hold any, highest first, with the frauds and all that is from the top to there."""
        every = self._frauds + self._genuine
        bins = np.flatnonzero(every)[::-1]
        return bins, np.cumsum(self._frauds[bins]), np.cumsum(every[bins])


def _bins(scores: Floats) -> NDArray[np.int64]:
    with np.errstate(divide="ignore"):
        log_odds = np.log(scores) - np.log1p(-scores)
    place = np.clip((log_odds + FURTHEST_LOG_ODDS) * _BINS_PER_UNIT, -1, BINS)
    return np.floor(place).astype(np.int64) + 1


def _score(bins: NDArray[np.int64]) -> Floats:
    """The score in the middle of a bin."""
    log_odds = (bins - 0.5) / _BINS_PER_UNIT - FURTHEST_LOG_ODDS
    middle: Floats = 1 / (1 + np.exp(-log_odds))
    return np.select([bins == 0, bins > BINS], [0.0, 1.0], middle)
