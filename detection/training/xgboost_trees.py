"""Gradient-boosted trees by XGBoost, reproducible for the same examples and seed.

Training has two passes to avoid overfitting to a week of examples. The first pass adds a shuffled copy of
each feature. The second pass uses only the features that gain clearly more than every shuffled one.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xgboost
from numpy.typing import NDArray

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


def select_features(values: Floats, labels: Labels, names: Sequence[str], seed: int) -> list[int]:
    """The indexes of the features that gain clearly more than shuffled ones; all indexes if none does."""
    random = np.random.default_rng(seed)
    shuffled = random.permuted(values, axis=0)
    both = np.concatenate([values, shuffled], axis=1)
    indexes = list(range(2 * len(names)))
    # A higher learning rate is enough for a comparison.
    booster = _train_booster(
        both, labels, [*names, *names], indexes, seed, trees=_SELECTION_TREES, learning_rate=0.1
    )
    gains = booster.get_score(importance_type="total_gain")
    feature_gains = [float(gains.get(f"f{index}", 0.0)) for index in indexes]
    noise = max(feature_gains[len(names) :])
    own_indexes = range(len(names))
    selected = [index for index in own_indexes if feature_gains[index] > _MIN_GAIN_RATIO * noise]
    return selected or list(own_indexes)


def grow_trees(
    values: Floats, labels: Labels, names: Sequence[str], indexes: Sequence[int], seed: int
) -> Any:
    """A booster that is trained on the columns `indexes`."""
    return _train_booster(values, labels, names, indexes, seed, trees=TREES)


def predict_margins(booster: Any, values: Floats, indexes: Sequence[int]) -> NDArray[np.float64]:
    """The log-odds of the booster, before calibration."""
    matrix = xgboost.DMatrix(values[:, list(indexes)], nthread=1)
    result: NDArray[np.float64] = booster.predict(matrix, output_margin=True).astype(np.float64)
    return result


def _train_booster(
    values: Floats,
    labels: Labels,
    names: Sequence[str],
    indexes: Sequence[int],
    seed: int,
    *,
    trees: int,
    **overrides: float,
) -> Any:
    directions = tuple(_MONOTONE_DIRECTIONS.get(names[index], 0) for index in indexes)
    parameters = {**_PARAMETERS, "monotone_constraints": directions, "seed": seed, **overrides}
    matrix = xgboost.DMatrix(values[:, list(indexes)], label=labels, nthread=1)
    return xgboost.train(parameters, matrix, num_boost_round=trees)
