"""A transaction as clients post it: its fields, their types and the values that they accept.

The gateway's request schema, the OpenAPI document, the validation and the error descriptions are derived from
this model.
"""

from decimal import Decimal
from typing import Annotated, Literal

from msgspec import Meta, Struct

from functions.common.domain.fields import describe_fields

# \Z, because $ also matches before a line break at the end.
Identifier = Annotated[
    str,
    Meta(pattern=r"\A[A-Za-z0-9_-]{1,64}\Z", description="a string of 1 to 64 letters, digits, '_' and '-'"),
]
# The API rejects the characters that SQS rejects (control characters, lone surrogates, U+FFFE and U+FFFF).
# Otherwise a transaction could be stored whose alert could never be sent.
Text = Annotated[
    str,
    Meta(
        pattern="\\A[^\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]{1,128}\\Z",
        description="a string of 1 to 128 characters, none of them control characters",
    ),
]
MAX_WHOLE_DIGITS = 12
MAX_FRACTION_DIGITS = 4
Amount = Annotated[
    Decimal,
    Meta(
        description="a number, or a string with a decimal, greater than 0,"
        f" with at most {MAX_WHOLE_DIGITS} digits before and {MAX_FRACTION_DIGITS} after the point"
    ),
]
Currency = Annotated[
    str,
    Meta(
        description="an ISO 4217 currency code in capital letters",
        extra_json_schema={"pattern": r"\A[A-Z]{3}\Z"},
    ),
]
Country = Annotated[
    str,
    Meta(
        description="an ISO 3166-1 alpha-2 country code in capital letters",
        extra_json_schema={"pattern": r"\A[A-Z]{2}\Z"},
    ),
]
Channel = Annotated[
    Literal["card_present", "ecommerce", "transfer", "atm"],
    Meta(description="one of card_present, ecommerce, transfer, atm"),
]
PURCHASE, REFUND = "purchase", "refund"
TransactionType = Annotated[Literal["purchase", "refund"], Meta(description="one of purchase, refund")]
# The tolerated lead of clients' clocks over ours.
MAX_CLOCK_SKEW_MS = 5 * 60 * 1000
# At least 1: timestamp 0 is reserved for the guard item of a transaction id.
Timestamp = Annotated[
    int,
    Meta(ge=1, description="an integer, epoch milliseconds, not more than 5 minutes ahead of now"),
]


class TransactionFields(Struct, frozen=True, kw_only=True):
    """The fields of a transaction without its device and IP address, which alerts must not contain.

    A new field is added here: the API, the stored item, the event and the alert derive theirs from it.
    `timestamp` is epoch milliseconds; `amount` is exact, in units of `currency`. Without `type`, the
    transaction is a purchase. Only a refund has an `original_transaction_id`.
    """

    transaction_id: Identifier
    account_id: Identifier
    merchant_id: Identifier
    amount: Amount
    currency: Currency
    timestamp: Timestamp
    type: TransactionType | None = None
    original_transaction_id: Identifier | None = None
    channel: Channel | None = None
    country: Country | None = None
    merchant_category: Text | None = None

    @property
    def is_refund(self) -> bool:
        return self.type == REFUND


class Transaction(TransactionFields, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One transaction as it is posted."""

    device_id: Text | None = None
    ip_address: Text | None = None


TRANSACTION_FIELDS = describe_fields(Transaction)


def is_valid_amount(amount: Decimal) -> bool:
    """Whether the amount is positive and has no more digits than the API accepts.

    Digits are counted after the exponent is applied: 1.5e3 has the digits of 1500.
    """
    if not amount.is_finite() or amount <= 0:
        return False
    exponent = amount.as_tuple().exponent
    assert isinstance(exponent, int)  # noqa: S101  # it is only a string for infinities and NaN
    return amount.adjusted() < MAX_WHOLE_DIGITS and -exponent <= MAX_FRACTION_DIGITS
