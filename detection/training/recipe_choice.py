"""The choice of a recipe: on the later days of the training period, from candidates.

Each candidate learns from earlier days and is measured on later ones. The settings of a plain XGBoost call
are candidates, so that the choice is not clearly worse than they are.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score

from detection.training import xgboost_trees
from detection.training.examples import Examples
from detection.training.parallel import run_parallel
from detection.training.recipe import CANDIDATES, Choice, Recipe

# A number of trees is measured at these shares of a candidate's largest number.
_TREE_SHARES = (1 / 3, 2 / 3, 1.0)
# The trained days end at these shares of the period; a quarter of it is then measured.
_SPLITS = (0.5, 0.75)
_MIN_DAYS, _MIN_FRAUDS = 4, 40
# A choice needs fewer genuine transactions than the model.
_MAX_GENUINE = 50_000
# Candidates that are closer are equal, and so are numbers of trees. Frauds come in waves: candidates that
# were ahead by 0.025 in one week were behind in later ones.
_MIN_GAIN = 0.03


def choose_recipe(
    examples: Examples, label_delay_days: int, seed: int, candidates: Sequence[Recipe] = CANDIDATES
) -> Choice:
    """The recipe with the highest average precision on later days. Few frauds or days give the default."""
    splits = _split_days(examples, label_delay_days, seed)
    if not splits:
        reason = f"fewer than {_MIN_DAYS} days or {_MIN_FRAUDS} frauds to choose with, so the default"
        return Choice(candidates[0], {}, reason)
    jobs = [(recipe, split) for recipe in candidates for split in splits]
    results = run_parallel(lambda job: _measure_recipe(examples, *job, seed), jobs)
    measured: list[tuple[Recipe, float]] = []
    for number, recipe in enumerate(candidates):
        of_recipe = results[number * len(splits) : (number + 1) * len(splits)]
        means = np.average(of_recipe, axis=0, weights=[split.frauds for split in splits])
        # The model learns from more days than this measurement, which needs more trees rather than fewer.
        best = int(np.flatnonzero(means >= means.max() - _MIN_GAIN)[-1])
        measured.append((recipe.take_share(_TREE_SHARES[best]), float(means[best])))
    precision = {recipe.name: round(value, 4) for recipe, value in measured}
    highest = max(value for _, value in measured)
    chosen, value = next((recipe, value) for recipe, value in measured if value >= highest - _MIN_GAIN)
    return Choice(
        chosen, precision, f"average precision {value:.4f} on later days, the highest is {highest:.4f}"
    )


class _Split(NamedTuple):
    training: NDArray[np.intp]
    measured: NDArray[np.intp]
    frauds: int


def _split_days(examples: Examples, label_delay_days: int, seed: int) -> list[_Split]:
    """Earlier days to learn from and later days to measure, with a label delay between if there is time."""
    first, count = int(examples.days.min()), int(np.ptp(examples.days)) + 1
    if count < _MIN_DAYS:
        return []
    gap = label_delay_days if count >= 4 * label_delay_days else 0
    rows = _sample_rows(examples, seed)
    days = examples.days[rows] - first
    splits = []
    for share in _SPLITS:
        end = round(share * count)
        later = end + (gap if share == _SPLITS[-1] or count // 4 > gap else 0)
        training = rows[days < end]
        measured = rows[(days >= later) & (days < later + max(count // 4, 1))]
        frauds = int(examples.labels[measured].sum())
        if min(frauds, int(examples.labels[training].sum())) >= _MIN_FRAUDS // 2:
            splits.append(_Split(training, measured, frauds))
    return splits if sum(split.frauds for split in splits) >= _MIN_FRAUDS else []


def _sample_rows(examples: Examples, seed: int) -> NDArray[np.intp]:
    """All frauds and a sample of the genuine transactions, in order of time."""
    genuine = np.flatnonzero(~examples.labels)
    if len(genuine) <= _MAX_GENUINE:
        return np.arange(len(examples.labels))
    sample = np.random.default_rng(seed).choice(genuine, _MAX_GENUINE, replace=False)
    return np.sort(np.concatenate([np.flatnonzero(examples.labels), sample]))


def _measure_recipe(examples: Examples, recipe: Recipe, split: _Split, seed: int) -> list[float]:
    """The average precision of the recipe on the later days, for each share of its trees."""
    weights = _sampled_weights(examples)
    boosters = xgboost_trees.grow_boosters(
        examples.values[split.training],
        examples.labels[split.training],
        weights[split.training],
        recipe,
        seed,
    )
    values, labels = examples.values[split.measured], examples.labels[split.measured]
    measured_weights = weights[split.measured]
    return [
        float(
            average_precision_score(
                labels,
                xgboost_trees.predict_margins(
                    boosters, values, [size.trees for size in recipe.take_share(share).boosters]
                ),
                sample_weight=measured_weights,
            )
        )
        for share in _TREE_SHARES
    ]


def _sampled_weights(examples: Examples) -> NDArray[np.float32]:
    """The weights in the sample of `_sample_rows`."""
    weights = examples.row_weights()
    genuine = int((~examples.labels).sum())
    factor = max(genuine / _MAX_GENUINE, 1.0)
    result: NDArray[np.float32] = np.where(examples.labels, weights, weights * factor).astype(np.float32)
    return result
