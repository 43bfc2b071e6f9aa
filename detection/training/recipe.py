"""Recipes: settings of the trees that training chooses from."""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

Constraints = Literal["none", "merchant", "all"]

# Deciding takes time in proportion to the number of trees and to their depth.
MAX_LEVELS = 2_400


class BoosterSize(NamedTuple):
    """The size of a booster. Its learning rate is 0 if unknown."""

    depth: int
    trees: int
    learning_rate: float

    def take_share(self, share: float) -> "BoosterSize":
        """The size of the first trees of the booster."""
        return self._replace(trees=round(share * self.trees))


class Recipe(NamedTuple):
    """Settings of the trees. The log-odds of the boosters are averaged."""

    name: str
    boosters: tuple[BoosterSize, ...]
    constraints: Constraints
    settings: Mapping[str, float] = {}

    @property
    def levels(self) -> int:
        """The largest number of nodes that a decision visits."""
        return sum(size.depth * size.trees for size in self.boosters)

    def take_share(self, share: float) -> "Recipe":
        """The recipe with a share of the trees of each booster."""
        return self._replace(boosters=tuple(size.take_share(share) for size in self.boosters))

    def to_card(self) -> dict[str, Any]:
        """The settings, for the card of a model."""
        return {
            "name": self.name,
            "boosters": [size._asdict() for size in self.boosters],
            "constraints": self.constraints,
        }


class Choice(NamedTuple):
    """The chosen recipe, the average precision of each candidate by its name, and the reason in words."""

    recipe: Recipe
    average_precision: Mapping[str, float]
    reason: str


# Each tree learns from few features, so that trees differ, and their mean depends less on chance.
_RANDOM = {"subsample": 0.7, "colsample_bytree": 0.3, "min_child_weight": 2}
_REGULARIZED = {"subsample": 0.7, "colsample_bytree": 0.5, "min_child_weight": 3, "reg_lambda": 5, "gamma": 1}
DEFAULT = Recipe("two deep, merchant shares one-way", (BoosterSize(6, 200, 0.06),) * 2, "merchant", _RANDOM)
# In order of preference.
CANDIDATES = (
    DEFAULT,
    DEFAULT._replace(name="two deep, amounts and merchant shares one-way", constraints="all"),
    DEFAULT._replace(name="two deep, unconstrained", constraints="none"),
    Recipe(
        "shallow and deep, merchant shares one-way",
        (BoosterSize(4, 150, 0.06), BoosterSize(6, 200, 0.1)),
        "merchant",
        _REGULARIZED,
    ),
    Recipe("plain XGBoost", (BoosterSize(6, 300, 0.1),), "none"),
    Recipe("plain XGBoost, fast", (BoosterSize(6, 100, 0.3),), "none"),
)
