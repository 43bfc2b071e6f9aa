"""Makes an artifact's trees of a booster: the same thresholds, and leaves with the calibration in them."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import numpy as np

from detection.training.calibration import Calibration
from functions.fraud.scoring.model import LEAF, Trees

# Seven digits and more are below what tells two transactions apart, and every digit is in the zip.
_DIGITS = 7


def trees_of(booster: Any, places: Sequence[int], calibration: Calibration) -> tuple[float, Trees]:
    """The base and the trees whose sum is calibrated log-odds; `places`: the booster's features among all."""
    model = msgspec.json.decode(bytes(booster.save_raw("json")))
    learner = model["learner"]
    trees = Trees(roots=[], features=[], thresholds=[], left=[], unknown=[], values=[])
    for tree in learner["gradient_booster"]["model"]["trees"]:
        _add(trees, tree, places, calibration.slope)
    # The booster starts from even odds.
    return calibration.offset, trees


def _add(trees: Trees, tree: Mapping[str, Any], places: Sequence[int], slope: float) -> None:
    """One tree, level by level: the two children of a node stand one behind the other."""
    left, right = tree["left_children"], tree["right_children"]
    values = _expected(tree, slope)
    begin = len(trees.features)
    trees.roots.append(begin)
    queue = [0]
    for node in queue:
        is_leaf = left[node] == LEAF
        child = begin + len(queue)
        trees.features.append(LEAF if is_leaf else places[tree["split_indices"][node]])
        trees.thresholds.append(0.0 if is_leaf else _single(tree["split_conditions"][node]))
        trees.left.append(0 if is_leaf else child)
        trees.unknown.append(0 if is_leaf else child + (not tree["default_left"][node]))
        trees.values.append(values[node])
        if not is_leaf:
            queue += (left[node], right[node])


def _expected(tree: Mapping[str, Any], slope: float) -> list[float]:
    """What each leaf says, and each inner node on average of the examples that came by."""
    left, right, weights = tree["left_children"], tree["right_children"], tree["sum_hessian"]
    values = [0.0] * len(left)
    # Children have higher numbers than their parents.
    for node in range(len(left) - 1, -1, -1):
        if left[node] == LEAF:
            values[node] = _single(tree["split_conditions"][node]) * slope
        else:
            ours, theirs = weights[left[node]], weights[right[node]]
            values[node] = (values[left[node]] * ours + values[right[node]] * theirs) / (ours + theirs)
    return [round(value, _DIGITS) for value in values]


def _single(value: float) -> float:
    """The number in single precision that its digits stand for."""
    return float(np.float32(value))
