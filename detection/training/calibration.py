"""Calibration of margins to probabilities, the alert threshold, and figures with confidence intervals."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, roc_auc_score

from detection.errors import DetectionError

Floats = NDArray[np.float64]
Labels = NDArray[np.bool_]

_MAX_ITERATIONS = 1000
_TOLERANCE = 1e-8
_DRAWS = 200
_INTERVAL = (2.5, 97.5)


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


def bootstrap_figures(
    scores: Floats, labels: Labels, threshold: float, seed: int
) -> dict[str, dict[str, float]]:
    """Each figure with the bounds of its 95 % bootstrap interval: `value`, `from`, `to`."""
    random = np.random.default_rng(seed)
    frauds, genuine = np.flatnonzero(labels), np.flatnonzero(~labels)
    samples: list[Mapping[str, float]] = []
    for _ in range(_DRAWS):
        # Stratified, because a sample without fraud has no figures.
        rows = np.concatenate([random.choice(frauds, len(frauds)), random.choice(genuine, len(genuine))])
        samples.append(_measure_figures(scores[rows], labels[rows], threshold))
    return {
        name: {"value": value, **_interval_bounds([sample[name] for sample in samples])}
        for name, value in _measure_figures(scores, labels, threshold).items()
    }


def _measure_figures(scores: Floats, labels: Labels, threshold: float) -> dict[str, float]:
    flagged = scores >= threshold
    caught = int((flagged & labels).sum())
    return {
        "auc_roc": _round_figure(roc_auc_score(labels, scores)),
        "average_precision": _round_figure(average_precision_score(labels, scores)),
        "precision": _round_figure(caught / max(int(flagged.sum()), 1)),
        "recall": _round_figure(caught / int(labels.sum())),
    }


def _interval_bounds(values: list[float]) -> dict[str, float]:
    low, high = np.percentile(values, _INTERVAL)
    return {"from": _round_figure(low), "to": _round_figure(high)}


def _round_figure(value: float) -> float:
    return round(float(value), 6)
