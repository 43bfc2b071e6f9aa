"""Reasons in words: sentences with a transaction's own numbers in them, each as its unit is written."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

from functions.common.domain.features import FEATURES, Unit
from functions.common.domain.money import readable
from functions.common.domain.transaction_event import TransactionInserted
from functions.fraud.scoring.expressions import LIMIT, TEXTS
from functions.fraud.scoring.rules import DEFAULT

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
