import dataclasses

import numpy as np
import pytest

from detection.training.examples import Examples
from detection.training.recipe import CANDIDATES, MAX_LEVELS, BoosterSize, Recipe
from detection.training.recipe_choice import choose_recipe
from functions.common.domain.features import FEATURE_NAMES

AMOUNT = FEATURE_NAMES.index("amount_euros")
SMALL = (
    Recipe("one-way", (BoosterSize(2, 9, 0.3),), "all"),
    Recipe("free", (BoosterSize(2, 9, 0.3),), "none"),
)


def _tiny_amounts_are_fraud(days: int = 12, rows: int = 6_000) -> Examples:
    random = np.random.default_rng(0)
    values = np.full((rows, len(FEATURE_NAMES)), np.nan, np.float32)
    values[:, AMOUNT] = random.lognormal(3, 1, rows)
    labels = (values[:, AMOUNT] < 6) & (random.random(rows) < 0.6)
    return Examples(values, labels, np.arange(rows) * days // rows)


def test_constraints_that_the_data_contradicts_are_not_chosen() -> None:
    choice = choose_recipe(_tiny_amounts_are_fraud(), 1, 0, SMALL)
    assert choice.recipe.name == "free"
    assert choice.average_precision["free"] > choice.average_precision["one-way"] + 0.1


def test_first_candidate_is_chosen_among_equal_ones() -> None:
    twin = SMALL[1]._replace(name="twin")
    assert choose_recipe(_tiny_amounts_are_fraud(), 1, 0, (twin, SMALL[1])).recipe.name == "twin"


def test_gain_on_a_single_day_is_chance() -> None:
    """A wave of frauds with tiny amounts is in one of the later days. The other frauds have any amount."""
    examples, random = _tiny_amounts_are_fraud(days=20), np.random.default_rng(1)
    is_later, is_wave = examples.days >= 12, examples.days == 17
    anything = random.random(len(examples.labels)) < 0.03
    labels = np.where(is_later & ~is_wave, anything, examples.labels)
    choice = choose_recipe(dataclasses.replace(examples, labels=labels), 1, 0, SMALL)
    assert choice.average_precision["free"] > choice.average_precision["one-way"] + 0.03
    assert choice.recipe.name == "one-way"


def test_fewer_trees_are_chosen_if_more_are_clearly_worse() -> None:
    """The first trees learn the amounts, and later ones the hour, which misleads on later days."""
    examples, random = _tiny_amounts_are_fraud(days=20, rows=12_000), np.random.default_rng(1)
    hours = random.random(len(examples.labels))
    is_usual = (hours < 0.5) == (examples.days < 10)
    labels = examples.labels & (is_usual | (random.random(len(hours)) < 0.25))
    examples.values[:, FEATURE_NAMES.index("hour")] = hours
    recipe = Recipe("free", (BoosterSize(1, 60, 0.2),), "none")
    choice = choose_recipe(dataclasses.replace(examples, labels=labels), 1, 0, (recipe,))
    assert choice.recipe.boosters[0].trees == 20


def test_choice_depends_on_examples_and_seed_only() -> None:
    examples = _tiny_amounts_are_fraud()
    assert choose_recipe(examples, 1, 0, SMALL) == choose_recipe(examples, 1, 0, SMALL)


@pytest.mark.parametrize(("days", "frauds"), [(3, 1_000), (12, 20)])
def test_few_days_or_frauds_give_the_first_candidate(days: int, frauds: int) -> None:
    examples = _tiny_amounts_are_fraud(days)
    labels = examples.labels & (np.cumsum(examples.labels) <= frauds)
    choice = choose_recipe(dataclasses.replace(examples, labels=labels), 1, 0, SMALL)
    assert (choice.recipe, choice.average_precision) == (SMALL[0], {})


def test_plain_settings_are_candidates_and_all_are_fast_enough_to_decide_with() -> None:
    assert any(recipe.settings == {} and recipe.boosters[0].depth == 6 for recipe in CANDIDATES)
    assert max(recipe.levels for recipe in CANDIDATES) <= MAX_LEVELS
