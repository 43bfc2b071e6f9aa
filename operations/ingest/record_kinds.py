"""The kinds of records that can be posted: transactions and labels."""

from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from operations.ingest.api_client import ApiResponse
from operations.ingest.input_file import LABEL_SCHEMA, TRANSACTION_SCHEMA, Record, RecordSchema
from operations.ingest.responses import (
    PostOutcome,
    PostResult,
    read_label_response,
    read_transaction_response,
)


@dataclass(frozen=True)
class RecordKind:
    """The schema, response reader and possible outcomes of a kind, in the order in which they are shown.

    Records with the same `order_key` are posted one after another, in their order.
    """

    schema: RecordSchema
    read_response: Callable[[ApiResponse], PostResult]
    outcomes: tuple[PostOutcome, ...]
    order_key: Callable[[Record], str] | None = None

    @property
    def plural(self) -> str:
        return f"{self.schema.name}s"


class _RecordIds(msgspec.Struct):
    transaction_id: str = ""
    account_id: str = ""


def _account_key(record: Record) -> str:
    return _decode_ids(record).account_id or str(record.line)


def _transaction_key(record: Record) -> str:
    return _decode_ids(record).transaction_id or str(record.line)


def _decode_ids(record: Record) -> _RecordIds:
    try:
        return msgspec.json.decode(record.body, type=_RecordIds)
    except msgspec.DecodeError:
        # The API reports the error.
        return _RecordIds()


TRANSACTIONS = RecordKind(
    TRANSACTION_SCHEMA,
    read_transaction_response,
    (PostOutcome.STORED, PostOutcome.REPLAYED, PostOutcome.REJECTED, PostOutcome.FAILED),
    # A transaction is scored by the earlier ones of its account.
    order_key=_account_key,
)
LABELS = RecordKind(
    LABEL_SCHEMA,
    read_label_response,
    (
        PostOutcome.STORED,
        PostOutcome.CHANGED,
        PostOutcome.UNCHANGED,
        PostOutcome.REJECTED,
        PostOutcome.FAILED,
    ),
    # The last label of a transaction in the file wins.
    order_key=_transaction_key,
)
