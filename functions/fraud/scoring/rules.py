"""Compiled rules, as a deployment packages them with the function.

`detection/rules` checks and compiles the YAML file. `expressions.py` evaluates the compiled conditions.
"""

import hashlib
from decimal import Decimal
from functools import cached_property
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

DEFAULT_LIMIT = "default"
"""The key of the limit for all currencies without a limit of their own."""

Weight = Annotated[float, Meta(gt=0, le=1)]
Mode = Literal["on", "shadow", "off"]
"""A rule in mode `on` decides, in mode `shadow` is only recorded, and in mode `off` is not evaluated."""

HardDecision = Literal["flag", "clear"]
_VERSION_DIGITS = 12


class RulesError(ValueError):
    """The rules are invalid. The message names the location and the error."""


class Rule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A rule whose condition adds `weight` to the score or makes `decision` alone. It has one of the two.

    `reason` is a sentence with placeholders; `when` is a compiled condition. The rule applies to transactions
    with timestamps from `valid_from` to before `valid_until` (epoch milliseconds).
    """

    id: str
    reason: str
    when: Any
    weight: Weight | None = None
    decision: HardDecision | None = None
    mode: Mode = "on"
    valid_from: int | None = None
    valid_until: int | None = None

    def __post_init__(self) -> None:
        if (self.weight is None) == (self.decision is None):
            raise ValueError(f"rule '{self.id}' has no weight and no decision, or both; set one of them")

    def is_valid_at(self, timestamp: int) -> bool:
        """True if the rule applies to transactions of this time (epoch milliseconds)."""
        return (self.valid_from is None or timestamp >= self.valid_from) and (
            self.valid_until is None or timestamp < self.valid_until
        )


class RuleSet(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, dict=True):
    """All rules. A transaction whose score reaches `threshold` is suspicious.

    `limits` are amounts by currency, under the names that expressions and reasons use.
    """

    threshold: Weight
    limits: dict[str, dict[str, Decimal]] = {}
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
