"""Names that expressions can use, the kind of each name, and the properties of kinds."""

from collections.abc import Mapping
from typing import Literal, get_args

from functions.common.domain.countries import COUNTRIES
from functions.common.domain.currencies import ALL_CURRENCIES
from functions.common.domain.features import FEATURES
from functions.common.domain.transaction import Channel

Kind = Literal[
    "own money", "euros", "money", "duration", "speed", "count", "share", "ratio", "number", "hour",
    "weekday", "flag", "country", "currency", "channel", "merchant_id", "merchant_category", "string",
]  # fmt: skip
"""The kind of an operand.

`own money` is in the transaction's currency and `money` in the currency of a money(…). `string` is a literal.
"""

CHANNELS = frozenset(get_args(get_args(Channel)[0]))
_TRANSACTION: dict[str, Kind] = {
    "amount": "own money",
    "country": "country",
    "currency": "currency",
    "channel": "channel",
    "merchant_id": "merchant_id",
    "merchant_category": "merchant_category",
}
_UNITS: Mapping[str, Kind] = {
    "money": "euros",
    "count": "count",
    "share": "share",
    "ratio": "ratio",
    "duration": "duration",
    "speed": "speed",
    "hour": "hour",
    "weekday": "weekday",
    "flag": "flag",
}
NAME_KINDS: Mapping[str, Kind] = _TRANSACTION | {feature.name: _UNITS[feature.unit] for feature in FEATURES}
"""The fields and features of a transaction."""

UNAVAILABLE_NAMES: Mapping[str, str] = {
    # Alerts send reasons by mail, and the mail masks the account.
    "account_id": "add the account to a list: invoke lists.add",
    "device_id": "use the feature new_device",
    "ip_address": "use the features of the transaction",
    "original_transaction_id": "refunds are counted and never scored",
    "transaction_id": "use the features of the transaction",
    "type": "refunds are counted and never scored",
    "timestamp": "use hour and weekday, or the fields from and until of the rule",
}
"""Fields of a transaction that rules cannot use, and the alternative to each."""

STRING_VALUES: Mapping[Kind, frozenset[str] | None] = {
    "country": COUNTRIES,
    "currency": ALL_CURRENCIES,
    "channel": CHANNELS,
    "merchant_id": None,
    "merchant_category": None,
    "string": None,
}
"""The allowed values of each kind of string; None allows any value."""

MONEY = frozenset[Kind]({"own money", "euros", "money"})
DIMENSIONLESS = frozenset[Kind]({"count", "share", "ratio", "number"})
"""Kinds that arithmetic treats as plain numbers."""

DIMENSIONAL = frozenset[Kind]({*MONEY, "duration", "speed"})
"""Kinds that multiplication by a plain number preserves."""

COMPARABLE_WITH_NUMBERS = DIMENSIONLESS | frozenset[Kind]({"speed", "hour", "weekday"})
"""Kinds that a plain number can be compared with."""

DISCRETE = frozenset[Kind]({"hour", "weekday", "count"})
"""Kinds of number that `in` can compare with a list."""

VALUE_RANGES: Mapping[Kind, tuple[float, float]] = {"share": (0, 1), "hour": (0, 23), "weekday": (0, 6)}

KIND_DESCRIPTIONS: Mapping[Kind, str] = {
    "own money": "money in the transaction's currency",
    "euros": "money in euros",
    "money": "an amount of money",
    "duration": "a duration",
    "speed": "a speed in km/h",
    "count": "a count",
    "share": "a share from 0 to 1",
    "ratio": "a ratio",
    "number": "a plain number",
    "hour": "an hour from 0 to 23",
    "weekday": "a weekday from 0 (Monday) to 6",
    "flag": "true or false",
    "country": "a country",
    "currency": "a currency",
    "channel": "a channel",
    "merchant_id": "a merchant id",
    "merchant_category": "a merchant category",
    "string": "a string",
}


def suggest_operand(kind: Kind, source: str) -> str:
    """A replacement for the operand `source` that can be compared with an operand of `kind`."""
    number = source if source.replace(".", "").isdigit() else "…"
    return {
        "own money": f'limits.NAME or money({number}, "EUR")',
        "euros": f'money({number}, "EUR") or another amount in euros',
        "money": "amount or another amount of money",
        "duration": f"minutes({number}), hours({number}) or days({number})",
        "speed": "a plain number of km/h, such as 900",
        "flag": "true or false",
    }.get(kind, "a string in quotes" if kind in STRING_VALUES else "a plain number")
