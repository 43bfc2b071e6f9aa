"""A model's trees for batches of transactions. The log-odds are those of the function, bit for bit.

The algorithm is QuickScorer (Lucchese et al. 2015), which walks no tree. A table lookup per feature removes
the leaves that the value excludes; the first remaining leaf is the one that a walk would reach. Sums use the
order of the function, because sums of floats depend on it.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from functions.fraud.scoring.model import LEAF, FraudModel, Trees

Floats = NDArray[np.float64]
Ranks = NDArray[np.intp]
"""For each value the number of thresholds that it reaches; one more than all thresholds if it is unknown."""

# The tables of that many trees fit into the processor's cache.
_BLOCK_TREES = 64
_MAX_LEAVES = 64
_WIDTHS = (np.uint8, np.uint16, np.uint32, np.uint64)


class UnsupportedTreesError(ValueError):
    """A tree has too many leaves, or a node has a separate branch for unknown values."""


def build_batch_log_odds(model: FraudModel) -> Callable[[Floats], Floats]:
    """A function that takes one row of features per transaction and returns log-odds."""
    try:
        return BatchModel(model)
    except UnsupportedTreesError:
        return lambda values: np.array([model.log_odds(row) for row in values.tolist()])


class BatchModel:
    """Computes log-odds of batches. Raises UnsupportedTreesError."""

    def __init__(self, model: FraudModel) -> None:
        self._initial_log_odds = model.initial_log_odds
        trees = [_Tree.from_root(model.trees, root) for root in model.trees.roots]
        self._thresholds = _collect_thresholds(trees)
        blocks = [trees[start : start + _BLOCK_TREES] for start in range(0, len(trees), _BLOCK_TREES)]
        self._blocks = [_TreeBlock(block, self._thresholds) for block in blocks]

    def __call__(self, values: Floats) -> Floats:
        # The function compares in single precision.
        with np.errstate(over="ignore"):
            rounded = values.astype(np.float32).astype(np.float64)
        ranks = {
            feature: _rank_values(thresholds, rounded[:, feature])
            for feature, thresholds in self._thresholds.items()
        }
        total = np.full(len(values), self._initial_log_odds)
        for block in self._blocks:
            block.add_to(total, ranks)
        return total


class _Split(NamedTuple):
    """An inner node. `left_leaves`: a bit for each leaf that values below the threshold can reach."""

    feature: int
    threshold: float
    left_leaves: int
    unknown_is_left: bool


class _Tree(NamedTuple):
    """The values of a tree's leaves, from left to right, and its inner nodes."""

    leaves: list[float]
    splits: list[_Split]

    @classmethod
    def from_root(cls, trees: Trees, root: int) -> "_Tree":
        tree = cls([], [])
        tree._collect(trees, root)
        if len(tree.leaves) > _MAX_LEAVES:
            raise UnsupportedTreesError(f"a tree has {len(tree.leaves)} leaves, more than {_MAX_LEAVES}")
        return tree

    def _collect(self, trees: Trees, node: int) -> None:
        if trees.features[node] == LEAF:
            self.leaves.append(trees.values[node])
            return
        left, leaves_before = trees.left[node], len(self.leaves)
        if trees.unknown[node] not in (left, left + 1):
            raise UnsupportedTreesError(f"node {node} has a third branch")
        self._collect(trees, left)
        left_leaves = (1 << len(self.leaves)) - (1 << leaves_before)
        unknown_is_left = trees.unknown[node] == left
        self.splits.append(_Split(trees.features[node], trees.thresholds[node], left_leaves, unknown_is_left))
        self._collect(trees, left + 1)


class _TreeBlock:
    """Trees with one table per feature: the remaining leaves by the rank of the value and by tree."""

    def __init__(self, trees: Sequence[_Tree], thresholds: Mapping[int, Floats]) -> None:
        most_leaves = max(len(tree.leaves) for tree in trees)
        self._width = next(width for width in _WIDTHS if np.iinfo(width).bits >= most_leaves)
        self._values = np.zeros((len(trees), most_leaves))
        for tree, values in zip(trees, self._values, strict=True):
            values[: len(tree.leaves)] = tree.leaves
        splits_by_feature: dict[int, list[tuple[int, _Split]]] = {}
        for number, tree in enumerate(trees):
            for split in tree.splits:
                splits_by_feature.setdefault(split.feature, []).append((number, split))
        self._tables = [
            (feature, *self._build_table(splits, thresholds[feature]))
            for feature, splits in splits_by_feature.items()
        ]

    def add_to(self, total: Floats, ranks: Mapping[int, Ranks]) -> None:
        """Add the value of each tree, in their order."""
        remaining = np.full((len(total), len(self._values)), np.iinfo(self._width).max, self._width)
        for feature, block_ranks, table in self._tables:
            remaining &= table[block_ranks[ranks[feature]]]
        # The index of the lowest set bit is the number of zeros below it.
        first = np.bitwise_count((remaining & -remaining) - self._width(1))
        for values, leaf in zip(self._values, np.ascontiguousarray(first.T), strict=True):
            total += values[leaf]

    def _build_table(
        self, splits: Sequence[tuple[int, _Split]], thresholds: Floats
    ) -> tuple[Ranks, NDArray[Any]]:
        """Block ranks by ranks among all thresholds, and the remaining leaves by block rank and tree."""
        block_thresholds = np.unique([split.threshold for _, split in splits])
        table = np.full(
            (len(block_thresholds) + 2, len(self._values)), np.iinfo(self._width).max, self._width
        )
        for tree, split in splits:
            removed = self._width(split.left_leaves)
            table[np.searchsorted(block_thresholds, split.threshold) + 1, tree] &= ~removed
            if not split.unknown_is_left:
                table[-1, tree] &= ~removed
        np.bitwise_and.accumulate(table[:-1], axis=0, out=table[:-1])
        ranks = np.searchsorted(block_thresholds, thresholds, side="right")
        return np.concatenate([[0], ranks, [len(block_thresholds) + 1]]), table


def _collect_thresholds(trees: Sequence[_Tree]) -> dict[int, Floats]:
    """The thresholds of each feature, in ascending order."""
    by_feature: dict[int, set[float]] = {}
    for tree in trees:
        for split in tree.splits:
            by_feature.setdefault(split.feature, set()).add(split.threshold)
    return {feature: np.array(sorted(thresholds)) for feature, thresholds in by_feature.items()}


def _rank_values(thresholds: Floats, values: Floats) -> Ranks:
    ranks = np.searchsorted(thresholds, values, side="right")
    ranks[np.isnan(values)] = len(thresholds) + 1
    return ranks
