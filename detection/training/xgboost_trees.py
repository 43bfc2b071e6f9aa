"""Gradient-boosted trees by XGBoost, reproducible for the same examples and seed, and as an artifact.

Training has two passes to avoid overfitting to a week of examples. The first pass adds a shuffled copy of
each feature. The second pass uses only the features that gain clearly more than every shuffled one.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import numpy as np
import xgboost
from numpy.typing import NDArray

from detection.training.calibration import Calibration
from functions.common.domain.features import FEATURE_NAMES
from functions.fraud.scoring.model import LEAF, Trees

Floats = NDArray[np.float32]
Labels = NDArray[np.bool_]

TREES = 300
_SELECTION_TREES = 100
# Above 1, because the transactions of an account or merchant are similar, and shuffled ones are not.
_MIN_GAIN_RATIO = 2.0
_PARAMETERS: Mapping[str, Any] = {
    "objective": "binary:logistic",
    "tree_method": "hist",
    "max_depth": 4,
    "learning_rate": 0.03,
    "subsample": 0.7,
    "colsample_bytree": 0.5,
    "min_child_weight": 3,
    "reg_lambda": 5,
    "gamma": 2,
    "base_score": 0.5,
    "nthread": 1,
    "verbosity": 0,
}
# The probability of fraud can only rise (1) or fall (-1) with the feature.
_MONOTONE_DIRECTIONS = {
    "amount_euros": 1,
    "amount_to_usual": 1,
    "amount_ratio": 1,
    "amount_deviation": 1,
    "merchant_fraud_1d": 1,
    "merchant_fraud_7d": 1,
    "merchant_fraud_30d": 1,
    "merchant_genuine_since": -1,
}
# More digits do not change the order of transactions, but make the zip larger.
_DIGITS = 7


def select_features(values: Floats, labels: Labels, seed: int) -> list[int]:
    """The indexes of the features that gain clearly more than shuffled ones; all indexes if none does."""
    random = np.random.default_rng(seed)
    shuffled = random.permuted(values, axis=0)
    both = np.concatenate([values, shuffled], axis=1)
    count = len(FEATURE_NAMES)
    indexes = list(range(2 * count))
    # A higher learning rate is enough for a comparison.
    booster = _train_booster(both, labels, indexes, seed, trees=_SELECTION_TREES, learning_rate=0.1)
    gains = booster.get_score(importance_type="total_gain")
    feature_gains = [float(gains.get(f"f{index}", 0.0)) for index in indexes]
    noise = max(feature_gains[count:])
    own_indexes = range(count)
    selected = [index for index in own_indexes if feature_gains[index] > _MIN_GAIN_RATIO * noise]
    return selected or list(own_indexes)


def grow_trees(values: Floats, labels: Labels, indexes: Sequence[int], seed: int) -> Any:
    """A booster that is trained on the columns `indexes`."""
    return _train_booster(values, labels, indexes, seed, trees=TREES)


def predict_margins(booster: Any, values: Floats, indexes: Sequence[int]) -> NDArray[np.float64]:
    """The log-odds of the booster, before calibration."""
    matrix = xgboost.DMatrix(values[:, list(indexes)], nthread=1)
    result: NDArray[np.float64] = booster.predict(matrix, output_margin=True).astype(np.float64)
    return result


def convert_trees(
    booster: Any, feature_indexes: Sequence[int], calibration: Calibration
) -> tuple[float, Trees]:
    """The base and the trees. Their sum is the calibrated log-odds.

    `feature_indexes`: the index of each of the booster's features among all features.
    """
    model = msgspec.json.decode(bytes(booster.save_raw("json")))
    learner = model["learner"]
    trees = Trees(roots=[], features=[], thresholds=[], left=[], unknown=[], values=[])
    for tree in learner["gradient_booster"]["model"]["trees"]:
        _append_tree(trees, tree, feature_indexes, calibration.slope)
    # The booster's base score is 0.5: log-odds of 0.
    return calibration.offset, trees


def _append_tree(trees: Trees, tree: Mapping[str, Any], feature_indexes: Sequence[int], slope: float) -> None:
    """Append one tree level by level. The two children of a node are adjacent."""
    left, right = tree["left_children"], tree["right_children"]
    values = _node_values(tree, slope)
    offset = len(trees.features)
    trees.roots.append(offset)
    queue = [0]
    for node in queue:
        is_leaf = left[node] == LEAF
        child = offset + len(queue)
        trees.features.append(LEAF if is_leaf else feature_indexes[tree["split_indices"][node]])
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


def _train_booster(
    values: Floats,
    labels: Labels,
    indexes: Sequence[int],
    seed: int,
    *,
    trees: int,
    **overrides: float,
) -> Any:
    directions = tuple(
        _MONOTONE_DIRECTIONS.get(FEATURE_NAMES[index % len(FEATURE_NAMES)], 0) for index in indexes
    )
    parameters = {**_PARAMETERS, "monotone_constraints": directions, "seed": seed, **overrides}
    matrix = xgboost.DMatrix(values[:, list(indexes)], label=labels, nthread=1)
    return xgboost.train(parameters, matrix, num_boost_round=trees)
