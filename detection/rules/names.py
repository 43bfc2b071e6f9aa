"""What expressions can name, of what kind each is, and what it can be compared with."""

from collections.abc import Mapping
from typing import Literal, get_args

from functions.common.domain.countries import COUNTRIES
from functions.common.domain.currencies import CURRENCIES
from functions.common.domain.features import FEATURES
from functions.common.domain.transaction import Channel

Kind = Literal[
    "own money", "euros", "money", "duration", "speed", "count", "share", "ratio", "number", "hour",
    "weekday", "flag", "country", "currency", "channel", "merchant_id", "merchant_category", "text",
]  # fmt: skip
"""`own money` is in the transaction's currency, `money` in that of a money(…); `text` is a literal's."""

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
NAMES: Mapping[str, Kind] = _TRANSACTION | {feature.name: _UNITS[feature.unit] for feature in FEATURES}
"""What a transaction is known by."""

LEFT_OUT: Mapping[str, str] = {
    # Reasons go out by mail, and the mail masks the account.
    "account_id": "accounts are not for rules but for lists: invoke lists.add",
    "device_id": "devices are known by the feature new_device",
    "ip_address": "addresses are not for rules",
    "timestamp": "times are hour and weekday, or from and until of the rule",
}
"""What a transaction has, too, and what to use instead."""

TEXTS: Mapping[Kind, frozenset[str] | None] = {
    "country": COUNTRIES,
    "currency": CURRENCIES,
    "channel": CHANNELS,
    "merchant_id": None,
    "merchant_category": None,
    "text": None,
}
"""The values that texts of a kind can have, where there is a list."""

MONEY = frozenset[Kind]({"own money", "euros", "money"})
PLAIN = frozenset[Kind]({"count", "share", "ratio", "number"})
"""Kinds that calculations take for mere numbers."""

MEASURED = frozenset[Kind]({*MONEY, "duration", "speed"})
"""Kinds that stay what they are when they are multiplied by a number."""

WITH_NUMBERS = PLAIN | frozenset[Kind]({"speed", "hour", "weekday"})
"""Kinds that a plain number can be compared with."""

COUNTED = frozenset[Kind]({"hour", "weekday", "count"})
"""Kinds of which a list can name single values."""

RANGES: Mapping[Kind, tuple[float, float]] = {"share": (0, 1), "hour": (0, 23), "weekday": (0, 6)}

SAID: Mapping[Kind, str] = {
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
    "merchant_id": "a merchant's id",
    "merchant_category": "a merchant category",
    "text": "a text",
}


def instead(kind: Kind, written: str) -> str:
    """What to write in the place of `written`, to be compared with something of that kind."""
    number = written if written.replace(".", "").isdigit() else "…"
    return {
        "own money": f'limits.NAME or money({number}, "EUR")',
        "euros": f'money({number}, "EUR") or another amount in euros',
        "money": "amount, or another amount of money",
        "duration": f"minutes({number}), hours({number}) or days({number})",
        "speed": "a plain number of km/h, such as 900",
        "flag": "true or false",
    }.get(kind, "a text in quotes" if kind in TEXTS else "a plain number")
