"""Parses posted transactions, and checks what the types of the model cannot express."""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Literal, NamedTuple

import msgspec

from functions.common.domain.countries import COUNTRIES
from functions.common.domain.currencies import (
    CURRENCIES,
    WITHDRAWN_CURRENCIES,
    decimal_places,
    has_extra_decimals,
)
from functions.common.domain.fields import Field
from functions.common.domain.transaction import (
    MAX_CLOCK_SKEW_MS,
    MAX_FRACTION_DIGITS,
    MAX_WHOLE_DIGITS,
    REFUND,
    TRANSACTION_FIELDS,
    Transaction,
    is_valid_amount,
)
from functions.common.http.body import InvalidValueError, JsonObject, check_time_unit, convert_fields
from functions.common.http.problem import FieldError

ExtraDecimals = Literal["refuse", "accept"]

_DAY_MS = 86_400_000
_DECIMAL = re.compile(rf"-?[0-9]{{1,{MAX_WHOLE_DIGITS}}}(\.[0-9]{{1,{MAX_FRACTION_DIGITS}}})?")
_AS_HISTORIC = "post past transactions to /transactions/historic"


class TransactionParser(NamedTuple):
    """Parses transactions.

    `max_age_days`: the greatest age of a timestamp. `extra_decimals`: whether an amount may have more
    decimals than its currency. `historic`: for past transactions, which may have any age and a withdrawn
    currency.
    """

    max_age_days: int
    extra_decimals: ExtraDecimals
    historic: bool = False

    def parse(self, values: JsonObject, now_ms: int) -> Transaction:
        """Convert a JSON object. Raises ProblemError (400), which names all invalid fields."""

        def convert(field: Field, value: object) -> object:
            if field.name == "amount":
                return _convert_amount(value)
            if field.name == "timestamp":
                check_time_unit(value)
            converted = msgspec.convert(value, field.type)
            if field.name == "timestamp":
                self._check_timestamp(converted, now_ms)
            elif field.name == "currency":
                self._check_currency(converted)
            elif field.name == "country" and converted not in COUNTRIES:
                raise ValueError("not a country")
            return converted

        accepted = convert_fields(values, TRANSACTION_FIELDS, convert, "transaction", self._check_fields)
        return Transaction(**accepted)  # type: ignore[arg-type]  # each value has its field's type

    def _check_timestamp(self, timestamp: int, now_ms: int) -> None:
        if timestamp > now_ms + MAX_CLOCK_SKEW_MS:
            raise ValueError("in the future")
        if not self.historic and timestamp < now_ms - self.max_age_days * _DAY_MS:
            raise InvalidValueError(f"is more than {self.max_age_days} days ago: {_AS_HISTORIC}")

    def _check_currency(self, currency: str) -> None:
        if currency in CURRENCIES or (self.historic and currency in WITHDRAWN_CURRENCIES):
            return
        if currency in WITHDRAWN_CURRENCIES:
            raise InvalidValueError(f"is a withdrawn currency: {_AS_HISTORIC}")
        raise ValueError("not a currency")

    def _check_fields(self, accepted: Mapping[str, object]) -> Iterator[FieldError]:
        """The errors of valid values that contradict each other."""
        amount, currency = accepted.get("amount"), accepted.get("currency")
        if (
            self.extra_decimals == "refuse"
            and isinstance(amount, Decimal)
            and isinstance(currency, str)
            and has_extra_decimals(amount, currency)
        ):
            places = decimal_places(currency)
            yield FieldError("amount", f"has more decimals than {currency} ({places})")
        # Without a key, the value was invalid.
        if not {"type", "original_transaction_id"} <= accepted.keys():
            return
        is_refund, original = accepted["type"] == REFUND, accepted["original_transaction_id"]
        if is_refund and original is None:
            yield FieldError("original_transaction_id", "is missing: a refund needs it")
        if original is not None and not is_refund:
            yield FieldError("original_transaction_id", "is only for a refund")
        if original is not None and original == accepted.get("transaction_id"):
            yield FieldError("original_transaction_id", "is the id of the refund itself")


def _convert_amount(value: object) -> Decimal:
    """Convert a value to an exact amount. The digits of a string are counted as written."""
    if isinstance(value, str):
        if not _DECIMAL.fullmatch(value):
            raise ValueError("not a decimal")
        value = Decimal(value)
    elif isinstance(value, int) and not isinstance(value, bool):
        value = Decimal(value)
    if isinstance(value, Decimal) and value < 0:
        raise InvalidValueError("is negative: a refund has a positive amount and 'type': 'refund'")
    if not isinstance(value, Decimal) or not is_valid_amount(value):
        raise ValueError("not a valid amount")
    return value
