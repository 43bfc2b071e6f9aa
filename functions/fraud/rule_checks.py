"""What the parts of a rule may say: limits, conditions on fields, and the placeholders of reasons."""

from collections.abc import Mapping
from decimal import Decimal
from string import Formatter
from typing import get_args

from functions.common.countries import COUNTRIES
from functions.common.currencies import CURRENCIES
from functions.common.transaction import Channel

DEFAULT = "default"
"""The key among limits for every currency that is not named."""

# A feature (of an account's history, say) can be asked for once its name is here.
_POSSIBLE_VALUES: dict[str, frozenset[str] | None] = {
    "channel": frozenset(get_args(get_args(Channel)[0])),
    "country": COUNTRIES,
    "currency": CURRENCIES,
    "merchant_category": None,
    "merchant_id": None,
}
# The account is left out on purpose: reasons are mailed, and the mail masks it.
PLACEHOLDERS = frozenset({"amount", *_POSSIBLE_VALUES})


def check_limits(name: str, limits: Mapping[str, Decimal]) -> None:
    """Raises ValueError for what is no currency or no positive limit."""
    for currency, limit in limits.items():
        if currency != DEFAULT and currency not in CURRENCIES:
            raise ValueError(f"{name}: amount_over has '{currency}', no ISO 4217 currency nor '{DEFAULT}'")
        if not (limit.is_finite() and limit > 0):
            raise ValueError(f"{name}: the limit for {currency} must be greater than 0")


def check_condition(name: str, field: str, values: frozenset[str]) -> None:
    """Raises ValueError for a field that cannot be asked for, or values that it cannot have."""
    if field not in _POSSIBLE_VALUES:
        raise ValueError(
            f"{name}: when has the unknown field '{field}'; possible are {_list(_POSSIBLE_VALUES)}"
        )
    if not values:
        raise ValueError(f"{name}: the condition on {field} lists no values")
    possible = _POSSIBLE_VALUES[field]
    if possible is not None and (impossible := values - possible):
        raise ValueError(f"{name}: no transaction can have the {field} {_list(impossible)}")


def check_reason(name: str, reason: str, placeholders: frozenset[str]) -> None:
    """Raises ValueError for a placeholder that cannot be filled in."""
    try:
        parts = list(Formatter().parse(reason))
    except ValueError as error:
        raise ValueError(f"{name}: reason has a brace without its partner") from error
    for _, placeholder, specification, conversion in parts:
        if placeholder is not None and (placeholder not in placeholders or specification or conversion):
            wrong = "{" + placeholder + "}"
            raise ValueError(f"{name}: reason cannot have {wrong}; possible are {_list(placeholders)}")


def _list(names: Mapping[str, object] | frozenset[str]) -> str:
    return ", ".join(sorted(names))
