"""A typical transaction, processed by the functions' own code: request units, sizes, logs and metrics.

The account has two transactions a day for 90 days, in two countries and with two devices. The merchant has
one in each half day, so that its profile has every bucket. It is counted from every shard of the last 30
hours. Transaction IDs and devices are as long as a UUID.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from functions.common.domain.overrides import ListEntry
from functions.common.domain.transaction_event import transaction_key
from functions.common.dynamodb.client import Item
from functions.common.dynamodb.profile_items import profile_key, profile_subject
from operations.cost.metered_pipeline import (
    PROFILES,
    TRANSACTIONS,
    FunctionFailedError,
    FunctionUsage,
    MeteredPipeline,
)
from operations.cost.metered_table import measure_item

HISTORY_DAYS = 90
ACCOUNT_TRANSACTIONS_PER_DAY = 2
_START_MS = 1_780_000_000_000
_HALF_DAY_MS = 12 * 3_600_000
# Within the time for which the fraud function caches the snoozes of rules.
_NEXT_MS = 5_000
_PROCESSING_MS = 40
# DynamoDB replaces a shard about every four hours. The last one began an hour ago.
_SHARD_AGES_HOURS = (*range(29, 0, -4), 0)
_HOUR_MS = 3_600_000
# DynamoDB's sequence numbers have 21 to 40 digits.
_FIRST_SEQUENCE = 10**27
_ACCOUNT, _MERCHANT = "account-0123456789", "merchant-0123456789"
_CATEGORIES = ("5411", "5812", "5541", "5912", "5942", "5651", "4111", "7832")


@dataclass(frozen=True, kw_only=True)
class TypicalTransaction:
    """The usage of `api` and `fraud` by a transaction, and of `notify` by a suspicious one, by function.

    `merchants` is the usage of an invocation with one merchant and one category, whose keys are
    `merchant_key` and `category_key`, as JSON. `record_bytes` is its record of the stream. `origin_key` is
    the key of the transaction's device. `api` and `response_bytes` are for one request, which has
    `items_per_request` transactions. Sizes are in bytes. `message_bytes` is the message on the queue
    `suspicious`, `alert_bytes` the alert.
    """

    functions: Mapping[str, FunctionUsage]
    transaction_bytes: int
    guard_bytes: int
    account_bytes: int
    merchant_bytes: int
    category_bytes: int
    origin_bytes: int
    response_bytes: int
    event_bytes: int
    record_bytes: int
    merchant_key: str
    category_key: str
    origin_key: str
    message_bytes: int
    alert_bytes: int
    items_per_request: int = 1

    @property
    def write_units(self) -> float:
        """The write request units of a transaction that is not suspicious, without those of counts."""
        api = sum(request.write_units for request in self.functions["api"].requests)
        fraud = sum(request.write_units for request in self.functions["fraud"].requests)
        return api / self.items_per_request + fraud

    @property
    def read_units(self) -> float:
        """The read request units of a transaction that is not suspicious, without those of counts."""
        api = sum(request.read_units for request in self.functions["api"].requests)
        fraud = sum(request.read_units for request in self.functions["fraud"].requests)
        return api / self.items_per_request + fraud


def process_typical_transaction(
    package: Mapping[str, bytes],
    *,
    retention_days: int,
    alert_window_seconds: int,
    items_per_request: int = 1,
    stream_shards: int = 4,
) -> TypicalTransaction:
    """Process the history of an account and a merchant, then a typical and a suspicious transaction.

    `package`: the rules and models of `fraud`, as `stacks.processing.files` reads them. `stream_shards`: the
    shards that are open at a time. Raises FunctionFailedError.
    """
    pipeline = MeteredPipeline(package, retention_days, alert_window_seconds)
    count = ACCOUNT_TRANSACTIONS_PER_DAY * HISTORY_DAYS
    for number in range(count):
        _process(pipeline, number, _START_MS + number * _HALF_DAY_MS)
    transaction, response, event = _process(pipeline, count, pipeline.now_ms + _NEXT_MS)
    if items_per_request > 1:
        # Measured without a history, which does not change the usage of `api`.
        numbers = range(count + 2, count + 2 + items_per_request)
        response = pipeline.post_batch([_build_transaction(number, pipeline.now_ms) for number in numbers])
    batch = _count_in_every_shard(pipeline, transaction, stream_shards)
    functions = {name: pipeline.usage[name] for name in ("api", "fraud", "merchants")}
    _block_account(pipeline)
    _process(pipeline, count + 1, pipeline.now_ms + _NEXT_MS)
    pipeline.alert()
    transaction_id = transaction["transaction_id"]
    origin = profile_key(profile_subject("device", transaction["device_id"]))
    category = profile_key(profile_subject("category", transaction["merchant_category"]))
    return TypicalTransaction(
        functions={**functions, "notify": pipeline.usage["notify"]},
        transaction_bytes=_measure(
            pipeline, TRANSACTIONS, transaction_key(transaction_id, transaction["timestamp"])
        ),
        guard_bytes=_measure(pipeline, TRANSACTIONS, transaction_key(transaction_id, 0)),
        account_bytes=_measure(pipeline, PROFILES, profile_key(profile_subject("account", _ACCOUNT))),
        merchant_bytes=_measure(pipeline, PROFILES, profile_key(profile_subject("merchant", _MERCHANT))),
        category_bytes=_measure(pipeline, PROFILES, category),
        origin_bytes=_measure(pipeline, PROFILES, origin),
        response_bytes=len(response["body"].encode()),
        event_bytes=len(json.dumps(event).encode()),
        record_bytes=len(json.dumps(batch["Records"][0]).encode()),
        merchant_key=pipeline.table.identify(PROFILES, profile_key(profile_subject("merchant", _MERCHANT))),
        category_key=pipeline.table.identify(PROFILES, category),
        origin_key=pipeline.table.identify(PROFILES, origin),
        message_bytes=pipeline.queue.sizes[-1],
        alert_bytes=pipeline.topic.sizes[-1],
        items_per_request=items_per_request,
    )


def _process(
    pipeline: MeteredPipeline, number: int, now_ms: int
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Post a transaction and decide on it. Returns the transaction, the response and the event."""
    pipeline.now_ms = now_ms
    transaction = _build_transaction(number, now_ms)
    response = pipeline.post(transaction)
    pipeline.now_ms += _PROCESSING_MS
    event = pipeline.decide(transaction)
    pipeline.count_merchant(transaction, shard=_name_shard(0), sequence=_FIRST_SEQUENCE + number)
    return transaction, response, event


def _count_in_every_shard(
    pipeline: MeteredPipeline, transaction: Mapping[str, Any], shards: int
) -> dict[str, Any]:
    """Count a transaction from every shard of the last day. `shards`: at a time. Returns the last batch."""
    batch: dict[str, Any] = {}
    end_ms = pipeline.now_ms + _SHARD_AGES_HOURS[0] * _HOUR_MS
    for generation, age in enumerate(_SHARD_AGES_HOURS):
        pipeline.now_ms = end_ms - age * _HOUR_MS
        for number in range(shards):
            shard = _name_shard(1 + generation * shards + number)
            batch = pipeline.count_merchant(transaction, shard=shard, sequence=_FIRST_SEQUENCE)
    return batch


def _name_shard(number: int) -> str:
    return f"shardId-{number:020}-00000000"


def _build_transaction(number: int, now_ms: int) -> dict[str, Any]:
    return {
        "transaction_id": f"00000000-0000-0000-0000-{number:012}",
        "account_id": _ACCOUNT,
        "merchant_id": _MERCHANT,
        "amount": f"{10 + number * 37 % 90}.{number % 90 + 10}",
        "currency": "USD",
        "timestamp": now_ms - 1_000,
        "channel": "ecommerce",
        "country": "US" if number % 10 else "CA",
        "device_id": f"00000000-0000-0000-0000-{number % 2:012}",
        "ip_address": "203.0.113.100",
        "merchant_category": _CATEGORIES[number % len(_CATEGORIES)],
    }


def _measure(pipeline: MeteredPipeline, table: str, key: Item) -> int:
    return measure_item(pipeline.table.find_item(table, key) or {})


def _block_account(pipeline: MeteredPipeline) -> None:
    """Put the account on the block list, so that its next transaction is suspicious with any rules."""
    item = pipeline.table.find_item(PROFILES, profile_key(profile_subject("account", _ACCOUNT)))
    if item is None:
        raise FunctionFailedError("fraud", ["no profile of the account"])
    entry = ListEntry(
        list="block",
        kind="account",
        id=_ACCOUNT,
        reason="three chargebacks in a week",
        author="analyst",
        added_at=pipeline.now_ms,
        until=pipeline.now_ms + _HALF_DAY_MS,
    )
    item["listing"] = {"S": msgspec.json.encode(entry).decode()}
