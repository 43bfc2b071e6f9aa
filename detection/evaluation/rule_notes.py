"""Notes about rules: those that match too much, that decide badly, or that cannot match at all."""

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from detection.data.columns import LabelledTransaction, TransactionBatch
from detection.evaluation.figures import RuleFigures
from functions.fraud.scoring.rules import Rule

POOR_PRECISION = 0.05
# The share of all frauds that a rule with `decision: clear` may match.
MAX_CLEARED = 0.05
# Fewer matches say little about a rule.
_MIN_MATCHES = 20
# Standard deviations of the number of matches, if there are few.
_DEVIATIONS = 3.0
_NEEDED_FIELDS: Mapping[str, tuple[str, ...]] = {
    "country": ("country",),
    "new_country": ("country",),
    "country_age": ("country",),
    "speed": ("country",),
    "channel": ("channel",),
    "merchant_category": ("merchant_category",),
    "new_category": ("merchant_category",),
    "new_device": ("device_id",),
    "device_age": ("device_id",),
    "network_age": ("ip_address",),
    **dict.fromkeys(
        ("origin_accounts_1h", "origin_accounts_1d", "origin_accounts_30d"), ("device_id", "ip_address")
    ),
}
"""The optional fields that a name depends on. The name is unknown if all of them are missing."""


def describe_rules(rules: Iterable[RuleFigures]) -> Iterator[str]:
    """One note for each rule that matches more than it is meant to, or that decides badly."""
    for rule in rules:
        if rule.mode != "off" and (findings := list(_find_faults(rule))):
            hint = "Make its condition stricter, or set mode: shadow." if rule.mode == "on" else ""
            yield f"Rule {rule.id}: {', and '.join(findings)}. {hint}".rstrip()


def _find_faults(rule: RuleFigures) -> Iterator[str]:
    if _exceeds_expected_share(rule):
        yield (
            f"it holds for {_format_share(rule.share)} of all transactions, more than its expected share"
            f" of {_format_share(rule.expected_share)}"
        )
    if rule.labelled < _MIN_MATCHES:
        return
    if rule.decision == "clear":
        # Few of its matches should be fraud.
        if (rule.recall or 0.0) > MAX_CLEARED:
            yield f"it clears {_format_share(rule.recall)} of all frauds"
    elif rule.precision is not None and rule.precision < POOR_PRECISION:
        yield f"only {_format_share(rule.precision)} of its matches are fraud"


def _exceeds_expected_share(rule: RuleFigures) -> bool:
    """Whether a rule matches more than it is meant to. Of few matches, more than chance allows."""
    if rule.expected_share is None or not rule.share or rule.share <= rule.expected_share:
        return False
    expected = rule.flagged * rule.expected_share / rule.share
    return rule.flagged >= min(_MIN_MATCHES, expected + _DEVIATIONS * math.sqrt(expected) + _DEVIATIONS)


def _format_share(share: float | None) -> str:
    return f"{100 * (share or 0):.3g} %"


class FieldObserver:
    """Observes which optional fields of transactions have values."""

    def __init__(self) -> None:
        self._missing = {field for fields in _NEEDED_FIELDS.values() for field in fields}

    def add(self, labelled: LabelledTransaction) -> None:
        if self._missing:
            transaction = labelled.transaction
            self._missing -= {field for field in self._missing if getattr(transaction, field) is not None}

    def add_batch(self, batch: TransactionBatch) -> None:
        self._missing -= {field for field in self._missing if batch.has_values(field)}

    def describe_unmatchable(self, rules: Iterable[Rule]) -> Iterator[str]:
        """One note for each rule that cannot hold, because fields that it needs have no values."""
        unknown = {name for name, fields in _NEEDED_FIELDS.items() if self._missing.issuperset(fields)}
        for rule in rules:
            if rule.mode != "off" and not _can_hold(rule.when, unknown):
                fields = sorted(
                    {" or ".join(_NEEDED_FIELDS[name]) for name in _find_names(rule.when) if name in unknown}
                )
                yield f"Rule {rule.id} cannot hold: the file has no values of {', '.join(fields)}."


def _can_hold(form: Any, unknown: set[str]) -> bool:
    """Whether a compiled condition can hold although these names are unknown."""
    match form:
        case ["and", *parts]:
            return all(_can_hold(part, unknown) for part in parts)
        case ["or", *parts]:
            return any(_can_hold(part, unknown) for part in parts)
    return not unknown.intersection(_find_names(form))


def _find_names(form: Any) -> Iterator[str]:
    match form:
        case str():
            yield form
        case [("in" | "not in"), value, list()]:
            yield from _find_names(value)
        case list():
            for part in form[1:]:
                yield from _find_names(part)
