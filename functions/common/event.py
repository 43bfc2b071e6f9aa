"""The event of a new transaction: what the pipe puts on the bus and the fraud function reads."""

from decimal import Decimal

from msgspec import Struct

SOURCE = "fraud.transactions"
DETAIL_TYPE = "TransactionInserted"
EVENT_NAME = "INSERT"


class TransactionInserted(Struct, frozen=True, kw_only=True):
    """A stored transaction without what no reader needs (device, IP address); times in epoch milliseconds."""

    transaction_id: str
    timestamp: int
    account_id: str
    merchant_id: str
    amount: Decimal
    currency: str
    channel: str | None = None
    country: str | None = None
    merchant_category: str | None = None
    received_at: int


EVENT_FIELDS: tuple[str, ...] = TransactionInserted.__struct_fields__
"""The item's attributes that the pipe's template carries into `detail.transaction`, DynamoDB-typed."""
