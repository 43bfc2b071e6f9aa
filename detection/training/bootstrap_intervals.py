"""How sure figures are: by drawing as many transactions again and again from those that were measured."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, roc_auc_score

Floats = NDArray[np.float64]
Labels = NDArray[np.bool_]

_DRAWS = 200
_INTERVAL = (2.5, 97.5)


def figures(scores: Floats, labels: Labels, threshold: float, seed: int) -> dict[str, dict[str, float]]:
    """Each figure with the ends of its 95 % interval: `value`, `from`, `to`."""
    random = np.random.default_rng(seed)
    frauds, genuine = np.flatnonzero(labels), np.flatnonzero(~labels)
    drawn: list[Mapping[str, float]] = []
    for _ in range(_DRAWS):
        # Of each kind as many as there are: a draw without fraud has no figures.
        again = np.concatenate([random.choice(frauds, len(frauds)), random.choice(genuine, len(genuine))])
        drawn.append(_once(scores[again], labels[again], threshold))
    return {
        name: {"value": value, **_ends([one[name] for one in drawn])}
        for name, value in _once(scores, labels, threshold).items()
    }


def _once(scores: Floats, labels: Labels, threshold: float) -> dict[str, float]:
    flagged = scores >= threshold
    caught = int((flagged & labels).sum())
    return {
        "auc_roc": _rounded(roc_auc_score(labels, scores)),
        "average_precision": _rounded(average_precision_score(labels, scores)),
        "precision": _rounded(caught / max(int(flagged.sum()), 1)),
        "recall": _rounded(caught / int(labels.sum())),
    }


def _ends(values: list[float]) -> dict[str, float]:
    low, high = np.percentile(values, _INTERVAL)
    return {"from": _rounded(low), "to": _rounded(high)}


def _rounded(value: float) -> float:
    return round(float(value), 6)
