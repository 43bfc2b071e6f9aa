"""A model's trees for batches of transactions. The results are those of the function, bit for bit.

All transactions of a batch walk through one tree at a time, one level per step. Sums use the order of the
function, because sums of floats depend on it.
"""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from functions.common.domain.features import FEATURE_NAMES
from functions.fraud.scoring.model import LEAF, FraudModel, Trees

Floats = NDArray[np.float64]


# The memory for contributions: all nodes that so many transactions visit.
_EXPLAINED_ROWS = 256


class BatchModel(Protocol):
    """A model for batches: `values` have one row of features per transaction."""

    def log_odds(self, values: Floats) -> Floats:
        """The log-odds of each row."""

    def contributions(self, values: Floats) -> Floats:
        """The contributions of the features to the log-odds of each row."""


def build_batch_model(model: FraudModel) -> BatchModel:
    """The fastest form of a model for batches."""
    return RowModel(model) if _has_third_branch(model.trees) else ColumnModel(model)


class RowModel:
    """Computes one row after another, for any trees."""

    def __init__(self, model: FraudModel) -> None:
        self._model = model

    def log_odds(self, values: Floats) -> Floats:
        return np.array([self._model.log_odds(row) for row in values.tolist()])

    def contributions(self, values: Floats) -> Floats:
        rows = [self._model.contributions(row) for row in values.tolist()]
        return np.array(rows).reshape(values.shape)


class ColumnModel:
    """Computes all rows at once. An unknown value must lead to one of the two children of its node."""

    def __init__(self, model: FraudModel) -> None:
        trees = model.trees
        features, left = np.array(trees.features, np.intp), np.array(trees.left, np.intp)
        leaf = features == LEAF
        # A leaf counts for a column of its own, which is left out.
        self._features = np.where(leaf, len(FEATURE_NAMES), features)
        # Each feature has two columns, with -inf or inf for unknown values: one comparison selects the child.
        self._columns = np.where(leaf, 0, 2 * features + (np.array(trees.unknown) != left))
        # No value reaches NaN, and so a leaf leads to itself.
        self._thresholds = np.where(leaf, np.nan, np.array(trees.thresholds))
        self._left = np.where(leaf, np.arange(len(left)), left)
        self._values = np.array(trees.values)
        self._initial_log_odds = model.initial_log_odds
        depths = _node_depths(trees)
        self._trees = [(root, depths[root]) for root in trees.roots]

    def log_odds(self, values: Floats) -> Floats:
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

    def contributions(self, values: Floats) -> Floats:
        parts = (values[begin : begin + _EXPLAINED_ROWS] for begin in range(0, len(values), _EXPLAINED_ROWS))
        return np.concatenate([np.empty((0, values.shape[1])), *map(self._explain, parts)])

    def _explain(self, values: Floats) -> Floats:
        """The contributions of a few rows, which walk through all trees at once."""
        roots = np.array([root for root, _ in self._trees], np.intp)
        depth = max((depth for _, depth in self._trees), default=0)
        flat, starts = _comparable_columns(values).ravel(), self._columns * len(values)
        rows = np.arange(len(values))[:, np.newaxis]
        node = np.broadcast_to(roots, (len(values), len(roots)))
        steps = np.empty((*node.shape, depth))
        columns = np.empty((*node.shape, depth), np.intp)
        size = len(FEATURE_NAMES) + 1
        for level in range(depth):
            reached = flat.take(starts.take(node) + rows) >= self._thresholds.take(node)
            child = self._left.take(node) + reached
            columns[..., level] = self._features.take(node) + rows * size
            steps[..., level] = self._values.take(child) - self._values.take(node)
            node = child
        # It adds in the order of the function: tree by tree, from the root to the leaf.
        sums = np.bincount(columns.ravel(), steps.ravel(), minlength=len(values) * size)
        return sums.astype(np.float64).reshape(len(values), size)[:, :-1]


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
