"""Recipes: settings of the trees that training chooses from."""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

Constraints = Literal["none", "merchant", "all"]

# Deciding takes time in proportion to the number of trees and to their depth.
MAX_LEVELS = 2_400
_REGULARISED: Mapping[str, float] = {
    "subsample": 0.7,
    "colsample_bytree": 0.5,
    "min_child_weight": 3,
    "reg_lambda": 5,
}


class Recipe(NamedTuple):
    """Settings of the trees. `boosters`: the number of boosters that are averaged, each with its own seed."""

    name: str
    depth: int
    trees: int
    learning_rate: float
    constraints: Constraints
    settings: Mapping[str, float] = {}
    boosters: int = 1

    @property
    def levels(self) -> int:
        """The largest number of nodes that a decision visits."""
        return self.depth * self.trees * self.boosters

    def to_card(self) -> dict[str, Any]:
        """The settings, for the card of a model."""
        return {
            "name": self.name,
            "depth": self.depth,
            "trees": self.trees,
            "boosters": self.boosters,
            # Unknown for trees that were trained elsewhere.
            **({"learning_rate": self.learning_rate} if self.learning_rate else {}),
            "constraints": self.constraints,
        }


class Choice(NamedTuple):
    """The chosen recipe, the average precision of each candidate by its name, and the reason in words."""

    recipe: Recipe
    average_precision: Mapping[str, float]
    reason: str


DEFAULT = Recipe("shallow, merchant shares one-way", 4, 300, 0.03, "merchant", {**_REGULARISED, "gamma": 2})
# In order of preference.
CANDIDATES = (
    DEFAULT,
    DEFAULT._replace(name="shallow, amounts and merchant shares one-way", constraints="all"),
    DEFAULT._replace(name="shallow, unconstrained", constraints="none"),
    Recipe("deep", 6, 400, 0.05, "merchant", {**_REGULARISED, "gamma": 1}),
    Recipe("plain XGBoost", 6, 300, 0.1, "none"),
    Recipe("plain XGBoost, fast", 6, 100, 0.3, "none"),
)
