"""The choice of a recipe: on the later days of the training period, from candidates.

Each candidate learns from earlier days and is measured on later ones. The settings of a plain XGBoost call
are candidates, so that the choice is not clearly worse than they are.

Frauds come in waves: of two equal recipes, one is ahead in a week, and the other in the next one. So the
first candidate, with all of its trees, is chosen unless another one is clearly better.
"""

from collections.abc import Sequence
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score

from detection.training import xgboost_trees
from detection.training.examples import Examples
from detection.training.parallel import run_parallel
from detection.training.recipe import CANDIDATES, Choice, Recipe

# A number of trees is measured at these shares of a candidate's number, the preferred one first.
_TREE_SHARES = (1.0, 2 / 3, 1 / 3)
# The trained days end at these shares of the period; a quarter of it is then measured.
_SPLITS = (0.5, 0.75)
_MIN_DAYS, _MIN_FRAUDS = 4, 40
# A choice needs fewer genuine transactions than the model.
_MAX_GENUINE = 50_000
# A clear gain in average precision: at least so much, and so many standard errors. On one of six simulated
# datasets, a recipe was ahead by 0.11 (two errors) in a week, and behind by 0.11 in the weeks after it.
_MIN_GAIN, _MIN_ERRORS = 0.03, 3.0

T = TypeVar("T")
_Margins = Sequence[NDArray[np.float64]]
"""The margins of the measured transactions, for each split."""


def choose_recipe(
    examples: Examples, label_delay_days: int, seed: int, candidates: Sequence[Recipe] = CANDIDATES
) -> Choice:
    """The first recipe, or the best of those that are clearly better on later days.

    Few frauds or days give the first one.
    """
    splits = _split_days(examples, label_delay_days, seed)
    if not splits:
        reason = f"fewer than {_MIN_DAYS} days or {_MIN_FRAUDS} frauds to choose with, so the default"
        return Choice(candidates[0], {}, reason)
    later_days = _LaterDays(examples, splits)
    jobs = [(recipe, split) for recipe in candidates for split in splits]
    results = run_parallel(lambda job: _predict_margins(examples, *job, seed), jobs)
    recipes: list[tuple[Recipe, _Margins]] = []
    for number, recipe in enumerate(candidates):
        of_recipe = results[number * len(splits) : (number + 1) * len(splits)]
        sizes = [
            (recipe.take_share(share), margins)
            for share, margins in zip(_TREE_SHARES, zip(*of_recipe, strict=True), strict=True)
        ]
        recipes.append(later_days.choose(sizes))
    chosen, _ = later_days.choose(recipes)
    precision = {recipe.name: round(later_days.average_precision(own), 4) for recipe, own in recipes}
    return Choice(chosen, precision, _explain(precision, chosen, candidates[0]))


def _explain(precision: dict[str, float], chosen: Recipe, default: Recipe) -> str:
    measured = f"average precision {precision[chosen.name]:.4f} on later days"
    if chosen.name != default.name:
        return f"{measured}, clearly above {precision[default.name]:.4f} of the default"
    return f"{measured}, no other is clearly better (highest {max(precision.values()):.4f})"


class _Split(NamedTuple):
    training: NDArray[np.intp]
    measured: NDArray[np.intp]


class _LaterDays:
    """The measured transactions of each split."""

    def __init__(self, examples: Examples, splits: Sequence[_Split]) -> None:
        weights = _sampled_weights(examples)
        rows = [split.measured for split in splits]
        self._labels = [examples.labels[own] for own in rows]
        self._days = [examples.days[own] for own in rows]
        self._weights = [weights[own] for own in rows]

    def choose(self, candidates: Sequence[tuple[T, _Margins]]) -> tuple[T, _Margins]:
        """The first candidate, or the one with the highest average precision of the clearly better ones."""
        first = candidates[0][1]
        better = [candidate for candidate in candidates[1:] if self._is_clearly_better(candidate[1], first)]
        return max(better, key=lambda candidate: self.average_precision(candidate[1]), default=candidates[0])

    def average_precision(self, margins: _Margins, without_day: int | None = None) -> float:
        """The mean of the splits, weighted by their frauds. 0 without frauds."""
        total, total_frauds = 0.0, 0
        for own, labels, days, weights in zip(margins, self._labels, self._days, self._weights, strict=True):
            rows = days != without_day
            frauds = int(labels[rows].sum())
            if frauds:
                value = average_precision_score(labels[rows], own[rows], sample_weight=weights[rows])
                total += frauds * float(value)
                total_frauds += frauds
        return total / max(total_frauds, 1)

    def _is_clearly_better(self, margins: _Margins, first: _Margins) -> bool:
        """Whether the gain is large enough, also in standard errors (jackknife over the days)."""
        if self.average_precision(margins) - self.average_precision(first) < _MIN_GAIN:
            return False
        days = np.unique(np.concatenate(self._days)).tolist()
        gains = np.array(
            [self.average_precision(margins, day) - self.average_precision(first, day) for day in days]
        )
        error = np.sqrt((len(days) - 1) * np.var(gains))
        return bool(gains.mean() >= _MIN_ERRORS * error)


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
        if min(examples.labels[part].sum() for part in (training, measured)) >= _MIN_FRAUDS // 2:
            splits.append(_Split(training, measured))
    frauds = sum(int(examples.labels[split.measured].sum()) for split in splits)
    return splits if frauds >= _MIN_FRAUDS else []


def _sample_rows(examples: Examples, seed: int) -> NDArray[np.intp]:
    """All frauds and a sample of the genuine transactions, in order of time."""
    genuine = np.flatnonzero(~examples.labels)
    if len(genuine) <= _MAX_GENUINE:
        return np.arange(len(examples.labels))
    sample = np.random.default_rng(seed).choice(genuine, _MAX_GENUINE, replace=False)
    return np.sort(np.concatenate([np.flatnonzero(examples.labels), sample]))


def _predict_margins(
    examples: Examples, recipe: Recipe, split: _Split, seed: int
) -> list[NDArray[np.float64]]:
    """The margins of the later days by the recipe, for each share of its trees."""
    rows = split.training
    boosters = xgboost_trees.grow_boosters(
        examples.values[rows], examples.labels[rows], _sampled_weights(examples)[rows], recipe, seed
    )
    values = examples.values[split.measured]
    return [
        xgboost_trees.predict_margins(
            boosters, values, [size.trees for size in recipe.take_share(share).boosters]
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
