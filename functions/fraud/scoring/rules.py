"""The rules that transactions are scored by, as the function gets them: checked and compiled by a deployment.

What people write, and what can be wrong with it, is detection/rules's; what an expression means is that of
expressions.py.
"""

import hashlib
from decimal import Decimal
from functools import cached_property
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

DEFAULT = "default"
"""The key among limits for every currency that is not named."""

Weight = Annotated[float, Meta(gt=0, le=1)]
Mode = Literal["on", "shadow", "off"]
"""Whether a rule decides, is only recorded, or is not asked at all."""

HardDecision = Literal["flag", "clear"]
_VERSION_DIGITS = 12


class RulesError(ValueError):
    """The rules are not valid; the message says where and why."""


class Rule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where `when` holds, adds `weight` to the score, or decides alone; it has one of the two.

    `reason`: a sentence with placeholders. `when`: a compiled expression. `valid_from` (from then on) and
    `valid_until` (before then): epoch milliseconds, by the time of the transaction.
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
            raise ValueError(f"rule '{self.id}' needs either a weight or a decision")

    def valid_at(self, timestamp: int) -> bool:
        """Whether the rule is for transactions of that time (epoch milliseconds)."""
        return (self.valid_from is None or timestamp >= self.valid_from) and (
            self.valid_until is None or timestamp < self.valid_until
        )


class RuleSet(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, dict=True):
    """All rules; a transaction whose score reaches `threshold` is suspicious.

    `limits`: tables of amounts by currency, by the names that expressions and reasons have for them.
    """

    threshold: Weight
    limits: dict[str, dict[str, Decimal]] = {}
    rules: tuple[Rule, ...] = ()

    @cached_property
    def version(self) -> str:
        """A digest: the same for the same rules."""
        return hashlib.sha256(self.to_json()).hexdigest()[:_VERSION_DIGITS]

    @classmethod
    def from_json(cls, data: bytes) -> "RuleSet":
        """The rules from what `to_json` gave. Raises RulesError."""
        try:
            return msgspec.json.decode(data, type=cls)
        except msgspec.DecodeError as error:
            raise RulesError(str(error)) from error

    def to_json(self) -> bytes:
        """The rules for the function's zip: the same rules are the same bytes."""
        return msgspec.json.encode(self, order="deterministic")
