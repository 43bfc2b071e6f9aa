"""Why a transaction is suspicious: reasons by what they come from, each with its weight in the score."""

import math
from collections.abc import Iterator, Sequence
from typing import Protocol

from functions.common.domain.features import NAMES
from functions.common.domain.lists_and_snoozes import Listing
from functions.common.domain.suspicious_message import Reason
from functions.fraud.scoring.reason_text import Words
from functions.fraud.scoring.rules import Rule

CERTAIN = 1.0
_MODEL_REASONS = 5


class Model(Protocol):
    """What is asked of a model. `base` is in log-odds, `threshold` a probability."""

    version: str
    base: float
    threshold: float
    label_delay_days: int

    def log_odds(self, values: Sequence[float]) -> float:
        """Of fraud, for features in the order of their NAMES."""

    def contributions(self, values: Sequence[float]) -> Sequence[float]:
        """What each of the features adds to `base`, in log-odds."""


def probability_of(log_odds: float) -> float:
    """The probability with these odds."""
    # Whichever way exp cannot overflow.
    if log_odds >= 0:
        return 1 / (1 + math.exp(-log_odds))
    odds = math.exp(log_odds)
    return odds / (1 + odds)


def of_list(listed: Listing, weight: float) -> Reason:
    """The account or merchant is on a list."""
    text = f"The {listed.kind} is on the {listed.list} list: {listed.reason}"
    return Reason(rule_id=f"{listed.list}-list", weight=weight, text=text)


def of_rule(rule: Rule, words: Words) -> Reason:
    """A rule holds. One that flags is certain, one that clears adds nothing to the score."""
    weight = rule.weight or (CERTAIN if rule.decision == "flag" else 0.0)
    return Reason(rule_id=rule.id, weight=weight, text=words.sentence(rule.reason))


def of_model(model: Model, probability: float, values: Sequence[float], words: Words) -> Iterator[Reason]:
    """The features that speak for fraud the most."""
    weights = shares(probability, model.base, model.contributions(values))
    for weight, name in sorted(zip(weights, NAMES, strict=True), reverse=True)[:_MODEL_REASONS]:
        if weight > 0:
            yield Reason(rule_id=f"model:{name}", weight=weight, text=words.because_of(name))


def shares(probability: float, base: float, contributions: Sequence[float]) -> list[float]:
    """Contributions in log-odds as parts of the probability: with that of `base` alone they add up to it."""
    total = math.fsum(contributions)
    scale = (probability - probability_of(base)) / total if total else 0.0
    return [contribution * scale for contribution in contributions]
