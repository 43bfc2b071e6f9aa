"""Notes about rules: those that match too much, whose precision is poor, or that cannot match at all."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

from detection.data.columns import LabelledTransaction, TransactionBatch
from functions.fraud.scoring.rules import Rule

POOR_PRECISION = 0.05
# Fewer matches say little about a rule.
_MIN_MATCHES = 20
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


class MeasuredRule(Protocol):
    """The figures of a rule in a backtest or a trial."""

    @property
    def id(self) -> str: ...
    @property
    def mode(self) -> str: ...
    @property
    def flagged(self) -> int: ...
    @property
    def share(self) -> float | None: ...
    @property
    def expected_share(self) -> float | None: ...
    @property
    def precision(self) -> float | None: ...


def describe_rules(rules: Iterable[MeasuredRule]) -> Iterator[str]:
    """One note for each rule that matches more than it is meant to, or whose precision is poor."""
    for rule in rules:
        if rule.mode == "off" or rule.flagged < _MIN_MATCHES:
            continue
        findings = []
        if rule.expected_share is not None and (rule.share or 0.0) > rule.expected_share:
            findings.append(
                f"it holds for {_format_share(rule.share)} of all transactions, more than its expected share"
                f" of {_format_share(rule.expected_share)}"
            )
        if rule.precision is not None and rule.precision < POOR_PRECISION:
            findings.append(f"only {_format_share(rule.precision)} of its matches are fraud")
        if findings:
            hint = "Make its condition stricter, or set mode: shadow." if rule.mode == "on" else ""
            yield f"Rule {rule.id}: {', and '.join(findings)}. {hint}".rstrip()


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
