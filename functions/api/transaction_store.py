"""The transaction store: reserves the ID of each transaction with a guard item, then writes the transaction.

The guard item makes the ID unique for all timestamps. Both writes are conditional and neither needs the
other's result, so an attempt that was interrupted between them is completed by the next one.
"""

import hashlib
import time
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any

import msgspec

from functions.common.domain.currencies import format_plain
from functions.common.domain.transaction import PURCHASE, TRANSACTION_FIELDS, Transaction
from functions.common.domain.transaction_event import GUARD_TIMESTAMP, TRANSACTION_FORMAT
from functions.common.dynamodb.client import Item, RefusedWriteError, StoreBusyError, put_item
from functions.common.runtime.clock import Sleep, back_off

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_SECONDS_PER_DAY = 86_400
_MAX_ATTEMPTS = 6
# The fields whose fingerprint contains a missing one as null, as stored fingerprints do. Do not add a field.
_FIRST_FIELDS = frozenset(
    {
        *("transaction_id", "account_id", "merchant_id", "amount", "currency", "timestamp"),
        *("channel", "country", "device_id", "ip_address", "merchant_category"),
    }
)
# The values that a missing field stands for.
_DEFAULTS = {"type": PURCHASE}


class WriteResult(Enum):
    """The result of storing a transaction. The values are statuses of the API."""

    STORED = "stored"
    REPLAYED = "replayed"
    """The same transaction is already stored. Nothing was written."""
    ID_TAKEN = "id taken"
    """A different transaction has the ID. The transaction was not written."""


class TransactionStore:
    """Writes to the table `transactions`, whose TTL deletes items after `retention_days`."""

    def __init__(
        self, client: "DynamoDBClient", table_name: str, retention_days: int, sleep: Sleep = time.sleep
    ) -> None:
        self._client = client
        self._table = table_name
        self._retention_seconds = retention_days * _SECONDS_PER_DAY
        self._sleep = sleep

    def add(self, transaction: Transaction, received_at: int, *, historic: bool = False) -> WriteResult:
        """Store a transaction received at this time (epoch milliseconds), at most once.

        Of concurrent attempts with equal transactions, one is STORED. If DynamoDB's response to that attempt
        is lost, its repetition by the SDK is REPLAYED. Raises StoreBusyError.
        """
        now = received_at // 1000
        expires_at = now + self._retention_seconds
        guard = self._put_new(build_guard_item(transaction, expires_at))
        if guard is not None:
            if not _is_same(guard, transaction):
                return WriteResult.ID_TAKEN
            if _is_expired(guard, now):
                return WriteResult.REPLAYED
        # Also with an existing guard: the attempt that wrote it may have ended before this write.
        item = build_transaction_item(transaction, received_at, expires_at, historic=historic)
        existing = self._put_new(item)
        if existing is None:
            return WriteResult.STORED
        return WriteResult.REPLAYED if _is_same(existing, transaction) else WriteResult.ID_TAKEN

    def _put_new(self, item: Item) -> Item | None:
        """Put an item if its key is new; otherwise return the existing item. Raises StoreBusyError.

        An existing item is never replaced, even after its expiry: that would be a MODIFY in the stream, which
        is not scored. An expired item blocks its ID until the TTL deletes it.
        """
        for attempt in range(_MAX_ATTEMPTS):
            if attempt:
                back_off(attempt, self._sleep)
            try:
                put_item(self._client, self._table, item, condition="attribute_not_exists(transaction_id)")
            except RefusedWriteError as refused:
                if 0 in refused.existing_items:
                    return refused.existing_items[0]
                # A transaction of another function on this item is in progress.
            else:
                return None
        raise StoreBusyError


def _is_same(item: Item, transaction: Transaction) -> bool:
    stored = item.get("fingerprint")
    if stored == {"S": compute_fingerprint(transaction)}:
        return True
    # An older version counted a default that was given.
    given = {name: default for name, default in _DEFAULTS.items() if getattr(transaction, name) is None}
    older = msgspec.structs.replace(transaction, **given)
    return bool(stored == {"S": _hash_fields(older)})


def _is_expired(guard: Item, now_seconds: int) -> bool:
    """Whether the TTL may have deleted the transaction, which must not be stored again."""
    return int(guard["expires_at"]["N"]) <= now_seconds


def compute_fingerprint(transaction: Transaction) -> str:
    """A hash of the transaction's values. 12.50 and 12.5 give the same hash, as do a default and no value.

    A missing field does not count unless it is one of the first fields. A new optional field therefore
    changes no stored fingerprint, and after a rollback, an older version recognizes stored transactions.
    """
    missing = {name: None for name, default in _DEFAULTS.items() if getattr(transaction, name) == default}
    return _hash_fields(msgspec.structs.replace(transaction, **missing))


def _hash_fields(transaction: Transaction) -> str:
    values = msgspec.structs.asdict(transaction) | {"amount": format_plain(transaction.amount)}
    counted = {name: value for name, value in values.items() if value is not None or name in _FIRST_FIELDS}
    return hashlib.sha256(msgspec.json.encode(counted, order="sorted")).hexdigest()


def build_transaction_item(
    transaction: Transaction, received_at: int, expires_at: int, *, historic: bool = False
) -> Item:
    """The item of the transaction. It has every field of the event; a missing one is NULL.

    `received_at` is epoch milliseconds; `expires_at` is epoch seconds, which the table's TTL requires.
    """
    fields = {field.name: _type_value(getattr(transaction, field.name)) for field in TRANSACTION_FIELDS}
    return fields | {
        "received_at": _type_value(received_at),
        "historic": {"BOOL": historic},
        "expires_at": _type_value(expires_at),
        "fingerprint": _type_value(compute_fingerprint(transaction)),
        "format": _type_value(TRANSACTION_FORMAT),
    }


def build_guard_item(transaction: Transaction, expires_at: int) -> Item:
    """The item that reserves the ID. The pipe ignores items without an account."""
    return {
        "transaction_id": _type_value(transaction.transaction_id),
        "timestamp": _type_value(GUARD_TIMESTAMP),
        "claimed_timestamp": _type_value(transaction.timestamp),
        "fingerprint": _type_value(compute_fingerprint(transaction)),
        "expires_at": _type_value(expires_at),
    }


def _type_value(value: str | int | Decimal | None) -> dict[str, Any]:
    if value is None:
        return {"NULL": True}
    if isinstance(value, str):
        return {"S": value}
    return {"N": format_plain(value) if isinstance(value, Decimal) else str(value)}
