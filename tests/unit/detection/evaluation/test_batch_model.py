"""Many transactions at once get the function's log-odds, to the last bit."""

import random
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from detection.evaluation.batch_model import BatchModel, UnsuitedTreesError, log_odds_of
from functions.common.domain.features import NAMES, VERSION
from functions.fraud.scoring.model import LEAF, Artifact, Model, Trees

NO_TREES = Trees(roots=[], features=[], thresholds=[], left=[], unknown=[], values=[])


class Grown:
    """Random trees, as an artifact has them."""

    def __init__(self, count: int, depth: int) -> None:
        self._rolled = random.Random(2)  # noqa: S311  # trees, not a secret
        self.trees = Trees(roots=[], features=[], thresholds=[], left=[], unknown=[], values=[])
        for _ in range(count):
            root = self._node()
            self.trees.roots.append(root)
            self._grow(root, depth)

    def _node(self) -> int:
        trees = self.trees
        for column in (trees.left, trees.unknown):
            column.append(0)
        trees.features.append(LEAF)
        trees.thresholds.append(0.0)
        trees.values.append(self._rolled.gauss(0, 0.1))
        return len(trees.features) - 1

    def _grow(self, node: int, depth: int) -> None:
        trees, rolled = self.trees, self._rolled
        if depth == 0 or rolled.random() < 0.1:
            return
        left, right = self._node(), self._node()
        trees.features[node] = rolled.randrange(len(NAMES))
        trees.thresholds[node] = float(np.float32(rolled.choice([rolled.gauss(0, 1), rolled.randrange(3)])))
        trees.left[node], trees.unknown[node] = left, rolled.choice([left, right])
        self._grow(left, depth - 1)
        self._grow(right, depth - 1)


def model(trees: Trees) -> Model:
    artifact = Artifact(
        format=1, features_version=VERSION, features=list(NAMES), label_delay_days=7,
        base=-3.3, trees=trees, threshold=0.5, card={},
    )  # fmt: skip
    return Model(artifact, "grown")


def some_values() -> NDArray[np.float64]:
    """Of all kinds: whole numbers, which meet thresholds, fractions, unknown ones, and some beyond all."""
    rolled = np.random.default_rng(4)
    values = rolled.normal(size=(300, len(NAMES)))
    values[::2] = np.round(values[::2])
    values[rolled.random(values.shape) < 0.1] = np.nan
    values[3, :5] = (1e300, -1e300, np.inf, -np.inf, 1e-320)
    return values


@pytest.mark.parametrize("made", [BatchModel, log_odds_of])
@pytest.mark.parametrize(("count", "depth"), [(70, 1), (150, 3), (65, 4), (10, 6)])
def test_log_odds_are_the_functions(
    made: Callable[[Model], Callable[[NDArray[np.float64]], NDArray[np.float64]]], count: int, depth: int
) -> None:
    grown, values = model(Grown(count, depth).trees), some_values()
    assert made(grown)(values).tolist() == [grown.log_odds(row) for row in values.tolist()]


def test_trees_with_more_leaves_are_walked_instead() -> None:
    grown, values = model(Grown(3, 9).trees), some_values()
    with pytest.raises(UnsuitedTreesError):
        BatchModel(grown)
    assert log_odds_of(grown)(values).tolist() == [grown.log_odds(row) for row in values.tolist()]


def test_a_model_without_trees_knows_its_base() -> None:
    assert log_odds_of(model(NO_TREES))(some_values()).tolist() == [-3.3] * 300
