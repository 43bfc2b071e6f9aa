"""Trees that were trained elsewhere by XGBoost, such as on a cluster: read and checked for an artifact."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import xgboost

from detection.errors import DetectionError
from detection.training.recipe import MAX_LEVELS, BoosterSize, Choice, Recipe
from functions.common.domain.features import FEATURE_NAMES
from functions.fraud.scoring.model import LEAF

_OBJECTIVE = "binary:logistic"
_BASE_SCORE = 0.5


def read_booster(path: Path) -> Any:
    """The booster in a file of XGBoost, as JSON or UBJSON.

    Raises DetectionError unless it has the features of this version, and is small enough to decide with.
    """
    try:
        has_file = path.is_file()
    except OSError as error:
        raise DetectionError(f"--trees: cannot read {path}: {error.strerror}.", "Check the path.") from error
    if not has_file:
        raise DetectionError(f"--trees: the file {path} does not exist.", "Check the path.")
    try:
        booster = xgboost.Booster(model_file=path)
    except xgboost.core.XGBoostError as error:
        raise DetectionError(
            f"--trees: {path} is not a booster of XGBoost.",
            "Save the booster as JSON: save_model('trees.json')",
        ) from error
    if tuple(booster.feature_names or ()) != FEATURE_NAMES:
        raise DetectionError(
            f"--trees: the features of {path} are not those of this version, in the same order.",
            "Train with the feature columns of an export by this version.",
        )
    learner = msgspec.json.decode(bytes(booster.save_raw("json")))["learner"]
    _check_objective(path, learner)
    _check_size(path, learner["gradient_booster"])
    # Examples have the features in the same order, without names.
    booster.feature_names = None
    return booster


def describe_booster(booster: Any) -> Choice:
    """The recipe of the trees as far as the booster records it, instead of a choice."""
    trees = msgspec.json.decode(bytes(booster.save_raw("json")))["learner"]["gradient_booster"]["model"][
        "trees"
    ]
    depth = max(_measure_depth(tree["left_children"], tree["right_children"]) for tree in trees)
    recipe = Recipe("trained elsewhere", (BoosterSize(depth, len(trees), 0.0),), "none")
    return Choice(recipe, {}, "trees of a file, calibrated on these days")


def _check_objective(path: Path, learner: Mapping[str, Any]) -> None:
    # A list with one element, as text, since XGBoost 3.
    base_score = float(learner["learner_model_param"]["base_score"].strip("[]"))
    if learner["objective"]["name"] != _OBJECTIVE or base_score != _BASE_SCORE:
        raise DetectionError(
            f"--trees: {path} was not trained with the objective {_OBJECTIVE} and base_score={_BASE_SCORE}.",
            "Train it with both parameters.",
        )


def _check_size(path: Path, booster: Mapping[str, Any]) -> None:
    trees = booster["model"]["trees"] if booster["name"] == "gbtree" else []
    levels = sum(_measure_depth(tree["left_children"], tree["right_children"]) for tree in trees)
    if not 0 < levels <= MAX_LEVELS:
        raise DetectionError(
            f"--trees: the trees of {path} have {levels:,} levels in all, not 1 to {MAX_LEVELS:,}.",
            "Train fewer or shallower trees: a function evaluates them for each transaction.",
        )


def _measure_depth(left: Sequence[int], right: Sequence[int]) -> int:
    """The depth of a tree, whose children have higher numbers than their parents."""
    depths = [0] * len(left)
    for node, child in enumerate(left):
        if child != LEAF:
            depths[child] = depths[right[node]] = depths[node] + 1
    return max(depths)
