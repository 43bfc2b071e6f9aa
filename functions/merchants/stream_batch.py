"""A batch of the stream of the table `transactions`, as Lambda passes it to the function.

With a tumbling window, Lambda adds the ID of the shard. It invokes the function once more at the end of each
window, without records.
https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-windows.html
"""

from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal
from typing import Literal, NamedTuple

import msgspec
from msgspec import Struct

from functions.common.domain.categories import normalize_category
from functions.common.domain.currencies import convert_to_cents
from functions.common.domain.transaction import REFUND


class CountedRecord(NamedTuple):
    """A stored transaction of a merchant or category, with the sequence number of its record.

    `cents`: the amount in euro cents, None if unknown. A refund is not counted. `is_decision`: the record is
    from the write of the decision. It counts only the new device: the transaction is counted already.
    """

    sequence: int
    timestamp: int
    cents: int | None
    is_refund: bool
    is_decision: bool


class StreamBatch(NamedTuple):
    """The transactions of a batch, by merchant ID, in the order of the stream.

    `categories` are the purchases with a category, by normalized category.
    """

    shard: str
    merchants: Mapping[str, list[CountedRecord]]
    categories: Mapping[str, list[CountedRecord]]


class _Text(Struct, frozen=True):
    S: str


class _Number(Struct, frozen=True):
    N: str


class _OptionalText(Struct, frozen=True):
    """A text, or NULL."""

    S: str = ""


class _Image(Struct, frozen=True):
    merchant_id: _Text
    timestamp: _Number
    amount: _Number
    currency: _Text
    type: _OptionalText = _OptionalText()
    merchant_category: _OptionalText = _OptionalText()


class _Change(Struct, frozen=True):
    SequenceNumber: str
    NewImage: _Image


class _Record(Struct, frozen=True):
    eventName: Literal["INSERT", "MODIFY"]  # noqa: N815  # Lambda's name
    dynamodb: _Change


class _Event(Struct, frozen=True):
    shardId: str  # noqa: N815  # Lambda's name
    Records: list[_Record] = []


def read_batch(event: object) -> StreamBatch:
    """The batch in an event.

    Raises ValueError for a record that is not a stored transaction: the filter of the event source mapping
    accepts only these, so code is wrong, and the record must not be skipped. Raises it for an event without a
    shard, too: its records could be counted twice.
    """
    batch = msgspec.convert(event, _Event)
    merchants: defaultdict[str, list[CountedRecord]] = defaultdict(list)
    categories: defaultdict[str, list[CountedRecord]] = defaultdict(list)
    for record in batch.Records:
        image = record.dynamodb.NewImage
        counted = CountedRecord(
            sequence=int(record.dynamodb.SequenceNumber),
            timestamp=int(image.timestamp.N),
            cents=convert_to_cents(Decimal(image.amount.N), image.currency.S),
            is_refund=image.type.S == REFUND,
            is_decision=record.eventName == "MODIFY",
        )
        merchants[image.merchant_id.S].append(counted)
        category = normalize_category(image.merchant_category.S)
        if category is not None and not (counted.is_refund or counted.is_decision):
            categories[category].append(counted)
    return StreamBatch(batch.shardId, merchants, categories)
