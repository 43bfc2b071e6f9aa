"""Calibration of margins to probabilities, and the choice of the alert threshold."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from detection.errors import DetectionError

Floats = NDArray[np.float64]
Labels = NDArray[np.bool_]

_MAX_ITERATIONS = 1000
_TOLERANCE = 1e-8


class Calibration(NamedTuple):
    """Calibrated log-odds are `slope` times the margin of the trees, plus `offset`."""

    slope: float
    offset: float

    def log_odds(self, margins: Floats) -> Floats:
        return self.slope * margins + self.offset

    def probabilities(self, margins: Floats) -> Floats:
        result: Floats = 1 / (1 + np.exp(-self.log_odds(margins)))
        return result


def fit_calibration(margins: Floats, labels: Labels) -> Calibration:
    """Fit a logistic regression of labels on out-of-fold margins (Platt 1999).

    Platt's targets are slightly above 0 and below 1, so that the fit exists even if margins separate the
    labels.
    """
    frauds = int(labels.sum())
    genuine = len(labels) - frauds
    targets = np.where(labels, (frauds + 1) / (frauds + 2), 1 / (genuine + 2))
    # Each example occurs with both labels, weighted by its target.
    regression = LogisticRegression(C=np.inf, tol=_TOLERANCE, max_iter=_MAX_ITERATIONS).fit(
        np.concatenate([margins, margins])[:, None],
        np.repeat([True, False], len(margins)),
        sample_weight=np.concatenate([targets, 1 - targets]),
    )
    return Calibration(float(regression.coef_[0, 0]), float(regression.intercept_[0]))


def threshold_for_alerts(probabilities: Floats, days: int, alerts_per_day: float) -> float:
    """The lowest threshold with at most `alerts_per_day` alerts a day, on average over `days`.

    Raises DetectionError if that is less than one alert.
    """
    max_alerts = int(alerts_per_day * days)
    if max_alerts < 1:
        raise DetectionError(
            f"--alerts-per-day: {alerts_per_day:g} is less than one alert in {days} days of training.",
            "Use a higher number, or train on more days.",
        )
    ordered = np.unique(probabilities)[::-1]
    flagged = len(probabilities) - np.searchsorted(np.sort(probabilities), ordered, side="left")
    within = ordered[flagged <= max_alerts]
    return _ensure_positive(float(within[-1]) if len(within) else float(ordered[0]))


def threshold_for_precision(probabilities: Floats, labels: Labels, precision: float) -> float:
    """The lowest threshold at which the alerts have at least this precision.

    Raises DetectionError if no threshold has it.
    """
    order = np.argsort(-probabilities, kind="stable")
    caught = np.cumsum(labels[order])
    ordered = probabilities[order]
    # Equal probabilities are flagged together.
    ends = np.append(ordered[1:] != ordered[:-1], True)
    reached = ends & (caught >= precision * np.arange(1, len(order) + 1))
    if not reached.any():
        raise DetectionError(
            f"--precision: no threshold reaches {precision:g} on the training data.",
            "Use a lower precision, or train on more days.",
        )
    return _ensure_positive(float(ordered[np.flatnonzero(reached)[-1]]))


def _ensure_positive(threshold: float) -> float:
    """A threshold of an artifact must be above 0."""
    return max(threshold, float(np.finfo(np.float64).tiny))
