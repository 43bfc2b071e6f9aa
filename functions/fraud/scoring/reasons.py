"""Reasons of a score: sentences with their weights, from lists, rules and the model."""

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal

from functions.common.domain.currencies import decimal_places, format_money
from functions.common.domain.features import FEATURE_NAMES, FEATURES, FeatureUnit
from functions.common.domain.overrides import ListEntry
from functions.common.domain.suspicious_message import Reason
from functions.common.domain.transaction_event import TransactionInserted
from functions.fraud.scoring.expressions import LIMIT_PREFIX, TEXT_VARIABLES
from functions.fraud.scoring.rules import Limit

CERTAIN = 1.0
PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_MAX_MODEL_REASONS = 5
_UNKNOWN = "unknown"
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

_FEATURES = {feature.name: (position, feature) for position, feature in enumerate(FEATURES)}

# The sentences of a model's reasons. A feature without one is explained by its description and value.
_FEATURE_TEMPLATES = {
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
    "category_fraud_7d": "{category_fraud_7d} of the category's transactions of 7 days were fraud",
    "category_fraud_30d": "{category_fraud_30d} of the category's transactions of 30 days were fraud",
}


class ReasonWriter:
    """Writes the reasons of one transaction. `values` are its features in the order of FEATURE_NAMES."""

    def __init__(
        self,
        transaction: TransactionInserted,
        values: Sequence[float],
        limits: Mapping[str, Limit],
    ) -> None:
        self._transaction = transaction
        self._values = values
        self._limits = limits

    def fill_template(self, template: str) -> str:
        """Replace the placeholders of a template. Placeholders in the inserted values are not replaced."""
        return PLACEHOLDER.sub(lambda match: self._format_variable(match[1]), template)

    def explain_feature(self, name: str) -> str:
        """A sentence for a feature that increases the model's probability."""
        position, feature = _FEATURES[name]
        value = self._values[position]
        if math.isnan(value):
            return f"{feature.description}: {_UNKNOWN}"
        if feature.unit == "flag" and value:
            return feature.description
        return self.fill_template(_FEATURE_TEMPLATES.get(name, f"{feature.description}: {{{name}}}"))

    def _format_variable(self, name: str) -> str:
        transaction = self._transaction
        if name == "amount":
            return format_money(transaction.amount, transaction.currency)
        if name in TEXT_VARIABLES:
            return getattr(transaction, name) or _UNKNOWN
        if name.startswith(LIMIT_PREFIX):
            return self._format_limit(self._limits[name.removeprefix(LIMIT_PREFIX)])
        position, feature = _FEATURES[name]
        return format_feature(feature.unit, self._values[position])

    def _format_limit(self, limit: Limit) -> str:
        """The limit in the currency of the transaction, or in its own without an exchange rate."""
        currency = self._transaction.currency
        converted = limit.convert(currency)
        if currency == limit.currency or math.isnan(converted):
            return format_money(limit.amount, limit.currency)
        return format_money(round(Decimal(converted), decimal_places(currency)), currency)


def list_reason(entry: ListEntry, weight: float) -> Reason:
    """The reason for an account or merchant that is on a list."""
    text = f"The {entry.kind} is on the {entry.list} list: {entry.reason}"
    return Reason(rule_id=f"{entry.list}-list", weight=weight, text=text)


def model_reasons(
    contributions: Sequence[float], log_odds: float, base: float, writer: ReasonWriter
) -> Iterator[Reason]:
    """The reasons for the features that increase the probability most.

    `contributions` are those of the model, and `base` is its log-odds without any feature. `log_odds`: the
    joint log-odds of the model and the rules.
    """
    share = probability_per_log_odds(log_odds, base)
    weights = [contribution * share for contribution in contributions]
    ranked = sorted(zip(weights, FEATURE_NAMES, strict=True), reverse=True)
    for weight, name in ranked[:_MAX_MODEL_REASONS]:
        if weight > 0:
            yield Reason(rule_id=f"model:{name}", weight=weight, text=writer.explain_feature(name))


def probability_per_log_odds(log_odds: float, base: float) -> float:
    """The factor that converts contributions in log-odds to shares of the probability.

    The contributions add up to `log_odds` less `base`, and the shares to the difference of the probabilities.
    """
    total = log_odds - base
    return (to_probability(log_odds) - to_probability(base)) / total if total else 0.0


def to_probability(log_odds: float) -> float:
    """Convert log-odds to a probability."""
    # The branch keeps the argument of exp negative, which cannot overflow.
    if log_odds >= 0:
        return 1 / (1 + math.exp(-log_odds))
    odds = math.exp(log_odds)
    return odds / (1 + odds)


def format_feature(unit: FeatureUnit, value: float | None) -> str:
    """Format the value of a feature by its unit."""
    return _UNKNOWN if value is None or not math.isfinite(value) else _FORMATS[unit](value)


def _format_share(value: float) -> str:
    percent = 100 * value
    return f"{percent:.0f} %" if percent >= 10 else f"{percent:.2g} %"  # noqa: PLR2004  # two digits


def _format_ratio(value: float) -> str:
    return f"{value:,.1f}" if abs(value) >= 1 else f"{value:.2g}"


def _format_duration(seconds: float) -> str:
    for size, unit in ((86_400, "days"), (3_600, "h"), (60, "min")):
        # At least two of a unit, because 36 hours is more precise than 2 days.
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


_FORMATS: Mapping[FeatureUnit, Callable[[float], str]] = {
    "money": lambda euros: f"{euros:,.2f} EUR",
    "count": lambda value: f"{value:,.0f}",
    "share": _format_share,
    "ratio": _format_ratio,
    "duration": _format_duration,
    "speed": lambda value: f"{value:,.0f} km/h",
    "hour": lambda value: f"{int(value):02}:00",
    "weekday": lambda value: _WEEKDAYS[int(value)],
    "flag": lambda value: "yes" if value else "no",
}
