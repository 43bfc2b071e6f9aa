"""A model's trees for many transactions at once: their log-odds are the function's, bit for bit.

No tree is walked. A value that is not below a node's threshold takes away the leaves on the node's left, by a
table for all values at once, and the first leaf that stays is where a walk would have ended (QuickScorer,
Lucchese et al. 2015). Sums are in the function's order, because sums of floats depend on it.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from functions.fraud.scoring.model import LEAF, Model, Trees

Floats = NDArray[np.float64]
Ranks = NDArray[np.intp]
"""How many of a feature's thresholds each value has reached; one more than there are if it is not known."""

# So many trees at a time that their tables stay in the processor's cache.
_BLOCK = 64
_MOST_LEAVES = 64
_WIDTHS = (np.uint8, np.uint16, np.uint32, np.uint64)


class UnsuitedTreesError(ValueError):
    """A tree has too many leaves, or what is not known goes on to neither of a node's two sides."""


def log_odds_of(model: Model) -> Callable[[Floats], Floats]:
    """What gives the log-odds of many transactions: a row of features for each."""
    try:
        return BatchModel(model)
    except UnsuitedTreesError:
        return lambda values: np.array([model.log_odds(row) for row in values.tolist()])


class BatchModel:
    """Gives the log-odds of many transactions. Raises UnsuitedTreesError."""

    def __init__(self, model: Model) -> None:
        self._start = model.start
        trees = [_Tree.of(model.trees, root) for root in model.trees.roots]
        self._thresholds = _thresholds(trees)
        blocks = [trees[begin : begin + _BLOCK] for begin in range(0, len(trees), _BLOCK)]
        self._blocks = [_Block(block, self._thresholds) for block in blocks]

    def __call__(self, values: Floats) -> Floats:
        # In single precision, as the function compares them.
        with np.errstate(over="ignore"):
            known = values.astype(np.float32).astype(np.float64)
        ranks = {
            feature: _ranks(thresholds, known[:, feature]) for feature, thresholds in self._thresholds.items()
        }
        total = np.full(len(values), self._start)
        for block in self._blocks:
            block.add_to(total, ranks)
        return total


class _Split(NamedTuple):
    """A node that is no leaf. `left_leaves`: a bit for each leaf that it leads to below its threshold."""

    feature: int
    threshold: float
    left_leaves: int
    unknown_is_left: bool


class _Tree(NamedTuple):
    """The values of a tree's leaves, from left to right, and its other nodes."""

    leaves: list[float]
    splits: list[_Split]

    @classmethod
    def of(cls, trees: Trees, root: int) -> "_Tree":
        tree = cls([], [])
        tree._walk(trees, root)
        if len(tree.leaves) > _MOST_LEAVES:
            raise UnsuitedTreesError(f"a tree has {len(tree.leaves)} leaves, more than {_MOST_LEAVES}")
        return tree

    def _walk(self, trees: Trees, node: int) -> None:
        if trees.features[node] == LEAF:
            self.leaves.append(trees.values[node])
            return
        left, before = trees.left[node], len(self.leaves)
        if trees.unknown[node] not in (left, left + 1):
            raise UnsuitedTreesError(f"node {node} has a third side")
        self._walk(trees, left)
        leaves = (1 << len(self.leaves)) - (1 << before)
        is_left = trees.unknown[node] == left
        self.splits.append(_Split(trees.features[node], trees.thresholds[node], leaves, is_left))
        self._walk(trees, left + 1)


class _Block:
    """Some trees, with a table for each feature: which leaves stay, by the value's rank and the tree."""

    def __init__(self, trees: Sequence[_Tree], thresholds: Mapping[int, Floats]) -> None:
        most = max(len(tree.leaves) for tree in trees)
        self._width = next(width for width in _WIDTHS if np.iinfo(width).bits >= most)
        self._values = np.zeros((len(trees), most))
        for tree, values in zip(trees, self._values, strict=True):
            values[: len(tree.leaves)] = tree.leaves
        of_feature: dict[int, list[tuple[int, _Split]]] = {}
        for place, tree in enumerate(trees):
            for split in tree.splits:
                of_feature.setdefault(split.feature, []).append((place, split))
        self._tables = [
            (feature, *self._table(splits, thresholds[feature])) for feature, splits in of_feature.items()
        ]

    def add_to(self, total: Floats, ranks: Mapping[int, Ranks]) -> None:
        """Add what each tree says, one after the other."""
        stay = np.full((len(total), len(self._values)), np.iinfo(self._width).max, self._width)
        for feature, own_ranks, table in self._tables:
            stay &= table[own_ranks[ranks[feature]]]
        # As many as there are zeros below the lowest bit.
        first = np.bitwise_count((stay & -stay) - self._width(1))
        for values, leaf in zip(self._values, np.ascontiguousarray(first.T), strict=True):
            total += values[leaf]

    def _table(self, splits: Sequence[tuple[int, _Split]], thresholds: Floats) -> tuple[Ranks, NDArray[Any]]:
        """Ranks among the block's own thresholds by those among all; what stays by rank and tree."""
        own = np.unique([split.threshold for _, split in splits])
        table = np.full((len(own) + 2, len(self._values)), np.iinfo(self._width).max, self._width)
        for place, split in splits:
            gone = self._width(split.left_leaves)
            table[np.searchsorted(own, split.threshold) + 1, place] &= ~gone
            if not split.unknown_is_left:
                table[-1, place] &= ~gone
        np.bitwise_and.accumulate(table[:-1], axis=0, out=table[:-1])
        own_ranks = np.concatenate([[0], np.searchsorted(own, thresholds, side="right"), [len(own) + 1]])
        return own_ranks, table


def _thresholds(trees: Sequence[_Tree]) -> dict[int, Floats]:
    """Those of each feature that is asked for, in ascending order."""
    found: dict[int, set[float]] = {}
    for tree in trees:
        for split in tree.splits:
            found.setdefault(split.feature, set()).add(split.threshold)
    return {feature: np.array(sorted(thresholds)) for feature, thresholds in found.items()}


def _ranks(thresholds: Floats, values: Floats) -> Ranks:
    ranks = np.searchsorted(thresholds, values, side="right")
    ranks[np.isnan(values)] = len(thresholds) + 1
    return ranks
