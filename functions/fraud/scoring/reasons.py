"""Why a transaction is suspicious: reasons by what they come from, each with its weight in the score."""

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Protocol

from functions.common.domain.currencies import readable
from functions.common.domain.features import FEATURES, NAMES, Unit
from functions.common.domain.lists_and_snoozes import Listing
from functions.common.domain.suspicious_message import Reason
from functions.common.domain.transaction_event import TransactionInserted
from functions.fraud.scoring.expressions import LIMIT, TEXTS
from functions.fraud.scoring.rules import DEFAULT, Rule

PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_UNKNOWN = "unknown"

_FEATURES = {feature.name: (place, feature) for place, feature in enumerate(FEATURES)}

# What a model says by a feature. One that is not here is told by its own words and its value.
_SENTENCES = {
    "amount_euros": "the amount is {amount}",
    "hour": "made at {hour} UTC",
    "weekday": "made on a {weekday}",
    "amount_ratio": "amount {amount} is {amount_ratio} times this account's 30-day mean",
    "amount_deviation": "amount {amount} is {amount_deviation} deviations above this account's 30-day mean",
    "account_idle": "made {account_idle} after this account's last transaction",
    "speed": "{speed} from the country of this account's last transaction",
    "merchant_fraud_1d": "{merchant_fraud_1d} of the merchant's transactions of a day were fraud",
    "merchant_fraud_7d": "{merchant_fraud_7d} of the merchant's transactions of 7 days were fraud",
    "merchant_fraud_30d": "{merchant_fraud_30d} of the merchant's transactions of 30 days were fraud",
}


class Words:
    """What placeholders stand for in one transaction's reasons; `values` are its features, in their order."""

    def __init__(
        self,
        transaction: TransactionInserted,
        values: Sequence[float],
        limits: Mapping[str, Mapping[str, Decimal]],
    ) -> None:
        self._transaction = transaction
        self._values = values
        self._limits = limits

    def sentence(self, template: str) -> str:
        """The template with its placeholders filled in; what is filled in is not looked at again."""
        return PLACEHOLDER.sub(lambda found: self._text(found[1]), template)

    def because_of(self, feature: str) -> str:
        """A sentence for a feature that speaks for fraud."""
        place, described = _FEATURES[feature]
        value = self._values[place]
        if math.isnan(value):
            return f"{described.words}: {_UNKNOWN}"
        if described.unit == "flag" and value:
            return described.words
        return self.sentence(_SENTENCES.get(feature, f"{described.words}: {{{feature}}}"))

    def _text(self, name: str) -> str:
        transaction = self._transaction
        if name == "amount":
            return readable(transaction.amount, transaction.currency)
        if name in TEXTS:
            return getattr(transaction, name) or _UNKNOWN
        if name.startswith(LIMIT):
            return self._limit(self._limits[name[len(LIMIT) :]])
        place, feature = _FEATURES[name]
        return in_words(feature.unit, self._values[place])

    def _limit(self, by_currency: Mapping[str, Decimal]) -> str:
        currency = self._transaction.currency
        limit = by_currency.get(currency, by_currency.get(DEFAULT))
        return "no limit" if limit is None else readable(limit, currency)


def _share(value: float) -> str:
    percent = 100 * value
    return f"{percent:.0f} %" if percent >= 10 else f"{percent:.2g} %"  # noqa: PLR2004  # two figures


def _ratio(value: float) -> str:
    return f"{value:,.1f}" if abs(value) >= 1 else f"{value:.2g}"


def _duration(seconds: float) -> str:
    for size, unit in ((86_400, "days"), (3_600, "h"), (60, "min")):
        # Two of a unit and more: 36 hours are more to the point than a day or two.
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


_BY_UNIT: Mapping[str, Callable[[float], str]] = {
    "money": lambda euros: f"{euros:,.2f} EUR",
    "count": lambda value: f"{value:,.0f}",
    "share": _share,
    "ratio": _ratio,
    "duration": _duration,
    "speed": lambda value: f"{value:,.0f} km/h",
    "hour": lambda value: f"{int(value):02}:00",
    "weekday": lambda value: _WEEKDAYS[int(value)],
    "flag": lambda value: "yes" if value else "no",
}


def in_words(unit: Unit, value: float | None) -> str:
    """A feature's value as its unit is written."""
    return _UNKNOWN if value is None or not math.isfinite(value) else _BY_UNIT[unit](value)


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
