"""Grows the trees: XGBoost, the same for the same examples and seed.

What only looks like a signal in a week of examples is noise a week later. So trees are grown twice: first
with a shuffled copy of each feature beside it, then with those features alone that told clearly more than any
shuffled one.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xgboost
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Labels = NDArray[np.bool_]

TREES = 300
_FIRST_TREES = 100
# Twice, because transactions of one account or merchant are alike, which shuffled ones are not.
_CLEARLY = 2.0
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
# The more of this, the more (1) or the less (-1) likely is fraud, whatever a few examples say.
_ONE_WAY = {
    "amount_euros": 1,
    "amount_to_usual": 1,
    "amount_ratio": 1,
    "amount_deviation": 1,
    "merchant_fraud_1d": 1,
    "merchant_fraud_7d": 1,
    "merchant_fraud_30d": 1,
    "merchant_genuine_since": -1,
}


def chosen(values: Floats, labels: Labels, names: Sequence[str], seed: int) -> list[int]:
    """The places of the features that tell clearly more than shuffled ones; all if none does."""
    random = np.random.default_rng(seed)
    shuffled = random.permuted(values, axis=0)
    both = np.concatenate([values, shuffled], axis=1)
    places = list(range(2 * len(names)))
    # A faster pace, for it is only to compare.
    booster = _grown(both, labels, [*names, *names], places, seed, trees=_FIRST_TREES, learning_rate=0.1)
    gains = booster.get_score(importance_type="total_gain")
    told = [float(gains.get(f"f{place}", 0.0)) for place in places]
    noise = max(told[len(names) :])
    return [place for place in range(len(names)) if told[place] > _CLEARLY * noise] or list(range(len(names)))


def grown(values: Floats, labels: Labels, names: Sequence[str], places: Sequence[int], seed: int) -> Any:
    """A booster whose features are `places` of the columns."""
    return _grown(values, labels, names, places, seed, trees=TREES)


def margins(booster: Any, values: Floats, places: Sequence[int]) -> NDArray[np.float64]:
    """Log-odds by the booster, before calibration."""
    matrix = xgboost.DMatrix(values[:, list(places)], nthread=1)
    result: NDArray[np.float64] = booster.predict(matrix, output_margin=True).astype(np.float64)
    return result


def _grown(
    values: Floats,
    labels: Labels,
    names: Sequence[str],
    places: Sequence[int],
    seed: int,
    *,
    trees: int,
    **changes: float,
) -> Any:
    one_way = tuple(_ONE_WAY.get(names[place], 0) for place in places)
    parameters = {**_PARAMETERS, "monotone_constraints": one_way, "seed": seed, **changes}
    matrix = xgboost.DMatrix(values[:, list(places)], label=labels, nthread=1)
    return xgboost.train(parameters, matrix, num_boost_round=trees)
