"""Gradient-boosted trees by XGBoost, reproducible for the same examples and seed, and as an artifact."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import numpy as np
import xgboost
from numpy.typing import NDArray

from detection.training.calibration import Calibration
from detection.training.parallel import run_parallel
from detection.training.recipe import Recipe
from functions.common.domain.features import FEATURE_NAMES
from functions.fraud.scoring.model import LEAF, Trees

Values = NDArray[np.float32]
Labels = NDArray[np.bool_]

_PARAMETERS: Mapping[str, Any] = {
    "objective": "binary:logistic",
    "tree_method": "hist",
    "base_score": 0.5,
    # Sums of several threads depend on their number. Boosters run in parallel instead.
    "nthread": 1,
    "verbosity": 0,
}
# The probability of fraud can only rise (1) or fall (-1) with the feature.
_MERCHANT_DIRECTIONS = {
    "merchant_fraud_1d": 1,
    "merchant_fraud_7d": 1,
    "merchant_fraud_30d": 1,
    "merchant_genuine_since": -1,
}
_AMOUNT_DIRECTIONS = dict.fromkeys(("amount_euros", "amount_to_usual", "amount_ratio", "amount_deviation"), 1)
_DIRECTIONS: Mapping[str, Mapping[str, int]] = {
    "none": {},
    "merchant": _MERCHANT_DIRECTIONS,
    "all": _MERCHANT_DIRECTIONS | _AMOUNT_DIRECTIONS,
}
# More digits do not change the order of transactions, but make the zip larger.
_DIGITS = 7


def grow_boosters(
    values: Values, labels: Labels, weights: NDArray[np.float32], recipe: Recipe, seed: int
) -> list[Any]:
    """The boosters of the recipe. `weights`: the number of transactions of each row."""
    directions = _DIRECTIONS[recipe.constraints]
    parameters = {
        **_PARAMETERS,
        **recipe.settings,
        "monotone_constraints": tuple(directions.get(name, 0) for name in FEATURE_NAMES),
    }

    def grow(number: int) -> Any:
        size = recipe.boosters[number]
        # A matrix has caches, which threads must not share.
        matrix = xgboost.QuantileDMatrix(values, label=labels, weight=weights, nthread=1)
        own = {"max_depth": size.depth, "learning_rate": size.learning_rate, "seed": seed + number}
        return xgboost.train(parameters | own, matrix, num_boost_round=size.trees)

    return run_parallel(grow, range(len(recipe.boosters)))


def predict_margins(
    boosters: Sequence[Any], values: Values, trees: Sequence[int] | None = None
) -> NDArray[np.float64]:
    """The mean of the log-odds of the boosters, before calibration.

    `trees`: the number of the first trees that count, for each booster.
    """
    matrix = xgboost.DMatrix(values, nthread=1)
    margins = [
        booster.predict(matrix, output_margin=True, iteration_range=(0, count))
        for booster, count in zip(boosters, trees or [0] * len(boosters), strict=True)
    ]
    result: NDArray[np.float64] = np.mean(margins, axis=0, dtype=np.float64)
    return result


def convert_trees(boosters: Sequence[Any], calibration: Calibration) -> tuple[float, Trees]:
    """The base and the trees of all boosters. Their sum is the calibrated log-odds."""
    trees = Trees(roots=[], features=[], thresholds=[], left=[], unknown=[], values=[])
    slope = calibration.slope / len(boosters)
    for booster in boosters:
        model = msgspec.json.decode(bytes(booster.save_raw("json")))
        for tree in model["learner"]["gradient_booster"]["model"]["trees"]:
            _append_tree(trees, tree, slope)
    # The base score of a booster is 0.5: log-odds of 0.
    return calibration.offset, trees


def _append_tree(trees: Trees, tree: Mapping[str, Any], slope: float) -> None:
    """Append one tree level by level. The two children of a node are adjacent."""
    left, right = tree["left_children"], tree["right_children"]
    values = _node_values(tree, slope)
    offset = len(trees.features)
    trees.roots.append(offset)
    queue = [0]
    for node in queue:
        is_leaf = left[node] == LEAF
        child = offset + len(queue)
        trees.features.append(LEAF if is_leaf else tree["split_indices"][node])
        trees.thresholds.append(0.0 if is_leaf else _to_single_precision(tree["split_conditions"][node]))
        trees.left.append(0 if is_leaf else child)
        trees.unknown.append(0 if is_leaf else child + (not tree["default_left"][node]))
        trees.values.append(values[node])
        if not is_leaf:
            queue += (left[node], right[node])


def _node_values(tree: Mapping[str, Any], slope: float) -> list[float]:
    """The value of each leaf, and the mean over the training examples of each inner node."""
    left, right, weights = tree["left_children"], tree["right_children"], tree["sum_hessian"]
    values = [0.0] * len(left)
    # Children have higher numbers than their parents.
    for node in range(len(left) - 1, -1, -1):
        if left[node] == LEAF:
            values[node] = _to_single_precision(tree["split_conditions"][node]) * slope
        else:
            left_weight, right_weight = weights[left[node]], weights[right[node]]
            total = values[left[node]] * left_weight + values[right[node]] * right_weight
            values[node] = total / (left_weight + right_weight)
    return [round(value, _DIGITS) for value in values]


def _to_single_precision(value: float) -> float:
    """The nearest number in single precision."""
    return float(np.float32(value))
