"""A model's trees for batches of transactions. The log-odds are those of the function, bit for bit.

All transactions of a batch walk through one tree at a time, one level per step. Sums use the order of the
function, because sums of floats depend on it.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from functions.fraud.scoring.model import LEAF, FraudModel, Trees

Floats = NDArray[np.float64]


def build_batch_log_odds(model: FraudModel) -> Callable[[Floats], Floats]:
    """A function that takes one row of features per transaction and returns log-odds."""
    if _has_third_branch(model.trees):
        return lambda values: np.array([model.log_odds(row) for row in values.tolist()])
    return BatchModel(model)


class BatchModel:
    """Computes log-odds of batches. An unknown value must lead to one of the two children of its node."""

    def __init__(self, model: FraudModel) -> None:
        trees = model.trees
        features, left = np.array(trees.features, np.intp), np.array(trees.left, np.intp)
        leaf = features == LEAF
        # Each feature has two columns, with -inf or inf for unknown values: one comparison selects the child.
        self._columns = np.where(leaf, 0, 2 * features + (np.array(trees.unknown) != left))
        # No value reaches NaN, and so a leaf leads to itself.
        self._thresholds = np.where(leaf, np.nan, np.array(trees.thresholds))
        self._left = np.where(leaf, np.arange(len(left)), left)
        self._values = np.array(trees.values)
        self._initial_log_odds = model.initial_log_odds
        depths = _node_depths(trees)
        self._trees = [(root, depths[root]) for root in trees.roots]

    def __call__(self, values: Floats) -> Floats:
        cells = _comparable_columns(values)
        flat, starts, rows = cells.ravel(), self._columns * len(values), np.arange(len(values))
        total = np.full(len(values), self._initial_log_odds)
        for root, depth in self._trees:
            # All transactions test the same feature at the root, so its column is read as a whole.
            node = self._left[root] + (cells[self._columns[root]] >= self._thresholds[root])
            for _ in range(1, depth):
                reached = flat.take(starts.take(node) + rows) >= self._thresholds.take(node)
                node = self._left.take(node) + reached
            total += self._values.take(node)
        return total


def _has_third_branch(trees: Trees) -> bool:
    nodes = zip(trees.features, trees.left, trees.unknown, strict=True)
    return any(feature != LEAF and unknown not in (left, left + 1) for feature, left, unknown in nodes)


def _node_depths(trees: Trees) -> list[int]:
    """The number of levels below each node."""
    depths = [0] * len(trees.features)
    # Children have higher numbers than their parents.
    for node in reversed(range(len(depths))):
        if trees.features[node] != LEAF:
            depths[node] = 1 + max(depths[trees.left[node]], depths[trees.left[node] + 1])
    return depths


def _comparable_columns(values: Floats) -> Floats:
    """The columns of the features in one array: each with -inf, then with inf for unknown values."""
    # The function compares in single precision.
    with np.errstate(over="ignore"):
        rounded = values.astype(np.float32).astype(np.float64).T
    unknown = np.isnan(rounded)
    both = (np.where(unknown, -np.inf, rounded), np.where(unknown, np.inf, rounded))
    return np.stack(both, axis=1).reshape(-1, len(values))
