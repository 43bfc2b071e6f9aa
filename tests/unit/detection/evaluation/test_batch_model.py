import random

import numpy as np
import pytest
from numpy.typing import NDArray

from detection.evaluation.batch_model import ColumnModel, RowModel, build_batch_model
from functions.common.domain.features import FEATURE_NAMES, FEATURES_VERSION
from functions.fraud.scoring.model import LEAF, Artifact, FraudModel, Trees

NO_TREES = Trees(roots=[], features=[], thresholds=[], left=[], unknown=[], values=[])


class RandomTrees:
    """Random trees in the format of an artifact."""

    def __init__(self, count: int, depth: int) -> None:
        self._generator = random.Random(2)  # noqa: S311  # test data, not a secret
        self.trees = Trees(roots=[], features=[], thresholds=[], left=[], unknown=[], values=[])
        for _ in range(count):
            root = self._add_leaf()
            self.trees.roots.append(root)
            self._grow(root, depth)

    def _add_leaf(self) -> int:
        trees = self.trees
        for column in (trees.left, trees.unknown):
            column.append(0)
        trees.features.append(LEAF)
        trees.thresholds.append(0.0)
        trees.values.append(self._generator.gauss(0, 0.1))
        return len(trees.features) - 1

    def _grow(self, node: int, depth: int) -> None:
        trees, generator = self.trees, self._generator
        if depth == 0 or generator.random() < 0.1:
            return
        left, right = self._add_leaf(), self._add_leaf()
        trees.features[node] = generator.randrange(len(FEATURE_NAMES))
        trees.thresholds[node] = float(
            np.float32(generator.choice([generator.gauss(0, 1), generator.randrange(3)]))
        )
        trees.left[node], trees.unknown[node] = left, generator.choice([left, right])
        self._grow(left, depth - 1)
        self._grow(right, depth - 1)


def make_model(trees: Trees) -> FraudModel:
    artifact = Artifact(
        format=1, features_version=FEATURES_VERSION, features=list(FEATURE_NAMES), label_delay_days=7,
        base=-3.3, trees=trees, rules=[], threshold=0.5, card={},
    )  # fmt: skip
    return FraudModel(artifact, "random")


def make_values() -> NDArray[np.float64]:
    """Whole numbers, which equal thresholds, fractions, unknown values and extreme values."""
    generator = np.random.default_rng(4)
    values = generator.normal(size=(300, len(FEATURE_NAMES)))
    values[::2] = np.round(values[::2])
    values[generator.random(values.shape) < 0.1] = np.nan
    values[3, :5] = (1e300, -1e300, np.inf, -np.inf, 1e-320)
    return values


@pytest.mark.parametrize(("count", "depth"), [(70, 1), (150, 3), (65, 4), (10, 6), (3, 9)])
def test_log_odds_equal_those_of_the_function(count: int, depth: int) -> None:
    model, values = make_model(RandomTrees(count, depth).trees), make_values()
    batch_model = build_batch_model(model)
    assert isinstance(batch_model, ColumnModel)
    assert batch_model.log_odds(values).tolist() == [model.log_odds(row) for row in values.tolist()]


@pytest.mark.parametrize(("count", "depth"), [(70, 1), (150, 3), (65, 4), (10, 6), (3, 9)])
def test_contributions_equal_those_of_the_function(count: int, depth: int) -> None:
    model, values = make_model(RandomTrees(count, depth).trees), make_values()
    contributions = ColumnModel(model).contributions(values)
    assert contributions.tolist() == [model.contributions(row) for row in values.tolist()]


def test_no_rows_have_no_contributions() -> None:
    model = ColumnModel(make_model(RandomTrees(3, 3).trees))
    assert model.contributions(make_values()[:0]).shape == (0, len(FEATURE_NAMES))


def test_third_branch_for_unknown_values_uses_the_code_of_the_function() -> None:
    trees = Trees(
        roots=[0], features=[0, LEAF, LEAF, LEAF], thresholds=[0.5, 0.0, 0.0, 0.0], left=[1, 0, 0, 0],
        unknown=[3, 0, 0, 0], values=[0.0, 1.0, 2.0, 3.0],
    )  # fmt: skip
    model, values = make_model(trees), make_values()
    batch_model = build_batch_model(model)
    assert isinstance(batch_model, RowModel)
    assert batch_model.log_odds(values).tolist() == [model.log_odds(row) for row in values.tolist()]
    assert batch_model.contributions(values).tolist() == [model.contributions(row) for row in values.tolist()]


def test_model_without_trees_returns_its_base() -> None:
    batch_model = build_batch_model(make_model(NO_TREES))
    assert batch_model.log_odds(make_values()).tolist() == [-3.3] * 300
    assert not batch_model.contributions(make_values()).any()
