"""Makes a probability of what trees say, and an alert of a probability."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from detection.errors import DetectionError

Floats = NDArray[np.float64]
Labels = NDArray[np.bool_]

_STEPS = 1000
_CLOSE_ENOUGH = 1e-8


class Calibration(NamedTuple):
    """Log-odds of fraud are `slope` times the trees' own, plus `offset`."""

    slope: float
    offset: float

    def log_odds(self, margins: Floats) -> Floats:
        """Calibrated."""
        return self.slope * margins + self.offset

    def probabilities(self, margins: Floats) -> Floats:
        """Calibrated, 0 to 1."""
        result: Floats = 1 / (1 + np.exp(-self.log_odds(margins)))
        return result


def calibrated(margins: Floats, labels: Labels) -> Calibration:
    """By logistic regression of labels on margins that the labels had no part in (Platt 1999).

    With Platt's targets, a little inside of 0 and 1: so there is an answer even where margins tell all.
    """
    frauds = int(labels.sum())
    genuine = len(labels) - frauds
    targets = np.where(labels, (frauds + 1) / (frauds + 2), 1 / (genuine + 2))
    # A target between 0 and 1 is both, each with its weight.
    regression = LogisticRegression(C=np.inf, tol=_CLOSE_ENOUGH, max_iter=_STEPS).fit(
        np.concatenate([margins, margins])[:, None],
        np.repeat([True, False], len(margins)),
        sample_weight=np.concatenate([targets, 1 - targets]),
    )
    return Calibration(float(regression.coef_[0, 0]), float(regression.intercept_[0]))


def threshold_for_alerts(probabilities: Floats, days: int, alerts_per_day: float) -> float:
    """The lowest probability that makes no more alerts than so many a day, on average over `days`."""
    most = int(alerts_per_day * days)
    if most < 1:
        raise DetectionError(
            f"{alerts_per_day:g} alerts a day are not one in the {days} days of training.",
            "Give a larger --alerts-per-day, or train on more days.",
        )
    ordered = np.unique(probabilities)[::-1]
    flagged = len(probabilities) - np.searchsorted(np.sort(probabilities), ordered, side="left")
    within = ordered[flagged <= most]
    return _usable(float(within[-1]) if len(within) else float(ordered[0]))


def threshold_for_precision(probabilities: Floats, labels: Labels, precision: float) -> float:
    """The lowest probability from which on at least this share of all alerts is fraud."""
    order = np.argsort(-probabilities, kind="stable")
    caught = np.cumsum(labels[order])
    ordered = probabilities[order]
    # Equal probabilities are flagged together.
    ends = np.append(ordered[1:] != ordered[:-1], True)
    reached = ends & (caught >= precision * np.arange(1, len(order) + 1))
    if not reached.any():
        raise DetectionError(
            f"No threshold has a precision of {precision:g} on what the model was trained on.",
            "Give a smaller --precision, or train on more days.",
        )
    return _usable(float(ordered[np.flatnonzero(reached)[-1]]))


def _usable(threshold: float) -> float:
    """An artifact's threshold is above 0."""
    return max(threshold, float(np.finfo(np.float64).tiny))
