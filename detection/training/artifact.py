"""Converts a booster to the trees of an artifact. The values of leaves include the calibration."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import numpy as np

from detection.training.calibration import Calibration
from functions.fraud.scoring.model import LEAF, Trees

# More digits do not change the order of transactions, but make the zip larger.
_DIGITS = 7


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
