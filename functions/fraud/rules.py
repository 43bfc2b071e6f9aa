"""The rules that transactions are scored by, as data: their shape, and what makes a set of rules valid.

Applying them is scoring.py's. The same class checks the data before a deployment and at the function's start.
"""

from collections import Counter
from decimal import Decimal
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from functions.fraud.rule_checks import DEFAULT, PLACEHOLDERS, check_condition, check_limits, check_reason

Weight = Annotated[float, Meta(gt=0, le=1)]
RuleId = Annotated[str, Meta(pattern=r"\A[a-z0-9]+(-[a-z0-9]+)*\Z", max_length=64)]
Sentence = Annotated[str, Meta(pattern=r"\A[^\x00-\x1f\x7f]+\Z", max_length=200)]
Ids = frozenset[Annotated[str, Meta(pattern=r"\A[A-Za-z0-9_-]{1,64}\Z")]]


class RulesError(ValueError):
    """The rules are not valid; the message says where and why."""


class Outside(Struct, frozen=True, forbid_unknown_fields=True):
    """A condition that holds for a value that is given and is none of these."""

    not_in: frozenset[str]


class Rule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Adds `weight` to the score where all of its conditions hold.

    `amount_over`: limit by currency, or by `default`, that the amount must exceed (a currency without a limit
    never does). `when`: for each field, the values of which the transaction must have one, or as `not_in` the
    values that it must not have. `reason`: a sentence; {amount} and {limit} come with their currency.
    """

    id: RuleId
    weight: Weight
    reason: Sentence
    amount_over: dict[str, Decimal] = {}
    when: dict[str, frozenset[str] | Outside] = {}

    def __post_init__(self) -> None:
        name = f"rule '{self.id}'"
        if not self.amount_over and not self.when:
            raise ValueError(f"{name} has no condition: give amount_over, when, or both")
        check_limits(name, self.amount_over)
        for field, condition in self.when.items():
            values = condition.not_in if isinstance(condition, Outside) else condition
            check_condition(name, field, values)
        check_reason(name, self.reason, PLACEHOLDERS | ({"limit"} if self.amount_over else set()))

    def limit(self, currency: str) -> Decimal | None:
        """The amount that a transaction in this currency must exceed, if there is a limit for it."""
        return self.amount_over.get(currency, self.amount_over.get(DEFAULT))


class AllowList(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Accounts and merchants whose transactions are never suspicious, unless blocked."""

    accounts: Ids = frozenset()
    merchants: Ids = frozenset()


class BlockList(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Accounts and merchants whose transactions are always suspicious; {listed} is which of the two."""

    id: RuleId = "block-list"
    reason: Sentence = "The {listed} is on the block list"
    accounts: Ids = frozenset()
    merchants: Ids = frozenset()

    def __post_init__(self) -> None:
        check_reason("block_list", self.reason, PLACEHOLDERS | {"listed"})


class RuleSet(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All rules; a transaction whose score reaches `threshold` is suspicious."""

    threshold: Weight
    rules: tuple[Rule, ...] = ()
    block_list: BlockList = BlockList()
    allow_list: AllowList = AllowList()

    def __post_init__(self) -> None:
        ids = Counter([self.block_list.id, *(rule.id for rule in self.rules)])
        if repeated := sorted(rule_id for rule_id, times in ids.items() if times > 1):
            raise ValueError(f"each id is used once, but these are used again: {', '.join(repeated)}")
        if self.rules and round(sum(rule.weight for rule in self.rules), 6) < self.threshold:
            raise ValueError(
                "all weights together do not reach the threshold: no rule could ever have an effect"
            )
        for kind in ("accounts", "merchants"):
            if both := sorted(getattr(self.block_list, kind) & getattr(self.allow_list, kind)):
                raise ValueError(f"{kind} on the block list and the allow list: {', '.join(both)}")

    @classmethod
    def from_data(cls, data: object) -> "RuleSet":
        """The rules from plain data, as a YAML file gives it. Raises RulesError."""
        try:
            return msgspec.convert(data, cls)
        except msgspec.ValidationError as error:
            raise RulesError(_explained(error)) from error

    @classmethod
    def from_json(cls, data: bytes) -> "RuleSet":
        """The rules from what `to_json` gave. Raises RulesError."""
        try:
            return msgspec.json.decode(data, type=cls)
        except msgspec.DecodeError as error:
            raise RulesError(_explained(error)) from error

    def to_json(self) -> bytes:
        """The rules for the function's zip: the same rules are the same bytes."""
        return msgspec.json.encode(self, order="deterministic")


def _explained(error: Exception) -> str:
    text = str(error)
    if "Expected `str`" in text and text.rpartition("got ")[2].startswith(("`bool`", "`int`", "`float`")):
        text += " (YAML reads NO, ON, YES and digits as something else than text: put them in quotes)"
    return text
