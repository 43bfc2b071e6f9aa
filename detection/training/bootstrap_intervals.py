"""Confidence intervals of figures, by bootstrap resampling."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, roc_auc_score

Floats = NDArray[np.float64]
Labels = NDArray[np.bool_]

_DRAWS = 200
_INTERVAL = (2.5, 97.5)


def bootstrap_figures(
    scores: Floats, labels: Labels, threshold: float, seed: int
) -> dict[str, dict[str, float]]:
    """Each figure with the bounds of its 95 % interval: `value`, `from`, `to`."""
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
