"""Compiled rules, as a deployment packages them with the function.

`detection/rules` checks and compiles the YAML file. `expressions.py` evaluates the compiled conditions.
"""

import hashlib
import math
from decimal import Decimal
from functools import cached_property
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from functions.common.domain.currencies import convert_to_euros

Weight = Annotated[float, Meta(gt=0, le=1)]
Mode = Literal["on", "shadow", "off"]
"""A rule in mode `on` decides, in mode `shadow` is only recorded, and in mode `off` is not evaluated."""

HardDecision = Literal["flag", "clear"]
_VERSION_DIGITS = 12
# More digits than any currency has.
_LIMIT_DIGITS = 4


class RulesError(ValueError):
    """The rules are invalid. The message names the location and the error."""


class Limit(Struct, frozen=True, forbid_unknown_fields=True, array_like=True):
    """An amount of money that conditions compare with amounts in any currency."""

    amount: Decimal
    currency: str

    def convert(self, currency: str) -> float:
        """The amount in another currency, or NaN if one of the currencies has no exchange rate."""
        if currency == self.currency:
            return float(self.amount)
        euros, rate = convert_to_euros(self.amount, self.currency), convert_to_euros(Decimal(1), currency)
        return math.nan if euros is None or rate is None else round(euros / rate, _LIMIT_DIGITS)


class Rule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A rule whose condition is evidence with a `weight` or makes `decision` alone. It has one of the two.

    `reason` is a sentence with placeholders; `when` is a compiled condition. The rule applies to transactions
    with timestamps from `valid_from` to before `valid_until` (epoch milliseconds). `expected_share`: the
    largest share of all transactions that the rule is meant to match.
    """

    id: str
    reason: str
    when: Any
    weight: Weight | None = None
    decision: HardDecision | None = None
    mode: Mode = "on"
    valid_from: int | None = None
    valid_until: int | None = None
    expected_share: float | None = None

    def __post_init__(self) -> None:
        if (self.weight is None) == (self.decision is None):
            raise ValueError(f"rule '{self.id}' has no weight and no decision, or both; set one of them")

    def is_valid_at(self, timestamp: int) -> bool:
        """True if the rule applies to transactions of this time (epoch milliseconds)."""
        return (self.valid_from is None or timestamp >= self.valid_from) and (
            self.valid_until is None or timestamp < self.valid_until
        )


class RuleSet(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, dict=True):
    """All rules. Without a model, a transaction whose score reaches `threshold` is suspicious.

    `limits` are amounts of money under the names that expressions and reasons use.
    """

    threshold: Weight
    limits: dict[str, Limit] = {}
    rules: tuple[Rule, ...] = ()

    @cached_property
    def version(self) -> str:
        """A digest of the rules."""
        return hashlib.sha256(self.to_json()).hexdigest()[:_VERSION_DIGITS]

    @classmethod
    def from_json(cls, data: bytes) -> "RuleSet":
        """Load the JSON of `to_json`. Raises RulesError."""
        try:
            return msgspec.json.decode(data, type=cls)
        except msgspec.DecodeError as error:
            raise RulesError(str(error)) from error

    def to_json(self) -> bytes:
        """The rules for the function's zip. Equal rules give equal bytes."""
        return msgspec.json.encode(self, order="deterministic")
