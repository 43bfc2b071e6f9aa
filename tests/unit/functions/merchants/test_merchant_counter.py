import io
import itertools
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import pytest

from functions.common.domain.time_buckets import HALF_DAY_MS
from functions.common.dynamodb.client import StoreBusyError
from functions.common.dynamodb.profile_items import (
    ProfileFormatError,
    SubjectKind,
    build_update,
    decode_category,
    decode_merchant,
    profile_key,
    profile_subject,
)
from functions.common.runtime.telemetry import Telemetry
from functions.merchants.merchant_counter import MerchantCounter
from tests.unit.functions.builders import NOW
from tests.unit.functions.in_memory_dynamodb import PROFILES, InMemoryDynamoDb

OTHER_SHARD = "shardId-2"
DAY_HOURS = 24


class Stream:
    """A counter with its own table and log. Sequence numbers have 21 digits, as DynamoDB's can have."""

    def __init__(self) -> None:
        self.dynamodb = InMemoryDynamoDb()
        self.log = io.StringIO()
        self.now = NOW
        self._counter = MerchantCounter(
            self.dynamodb.client,
            PROFILES,
            Telemetry("merchants", self.log),
            lambda: self.now,
            sleep=lambda _: None,
        )

    def deliver(self, records: Sequence[dict[str, Any]], shard: str = "shardId-1") -> None:
        self._counter.count_batch({"shardId": shard, "Records": list(records), "state": {}})

    def read_counts(self, merchant: str) -> dict[int, int]:
        half_days = decode_merchant(merchant, self.read_item(merchant)).profile.half_days
        rows = zip(half_days.numbers, half_days.counts, strict=True)
        return {number: count for number, count in rows if count}

    def read_category(self, category: str) -> tuple[list[int], list[int]]:
        """The counts and frauds of a category."""
        half_days = decode_category(category, self.read_item(category, "category")).profile.half_days
        return half_days.counts, half_days.frauds

    def read_item(self, identifier: str, kind: SubjectKind = "merchant") -> dict[str, Any] | None:
        return self.dynamodb.database.get(PROFILES, profile_key(profile_subject(kind, identifier)))


def record(
    number: int, merchant: str = "m", timestamp: int = NOW, *, event_name: str = "INSERT", **image: Any
) -> dict[str, Any]:
    return {
        "eventName": event_name,
        "dynamodb": {
            "SequenceNumber": str(10**20 + number),
            "NewImage": {
                "merchant_id": {"S": merchant},
                "timestamp": {"N": str(timestamp)},
                "amount": {"N": "12.5"},
                "currency": {"S": "EUR"},
                **image,
            },
        },
    }


def test_each_merchant_of_a_batch_is_written_once() -> None:
    stream = Stream()
    stream.deliver([record(number, "ab"[number % 2], NOW + number * HALF_DAY_MS) for number in range(6)])
    own = NOW // HALF_DAY_MS
    assert stream.read_counts("a") == {own: 1, own + 2: 1, own + 4: 1}
    assert stream.read_counts("b") == {own + 1: 1, own + 3: 1, own + 5: 1}
    assert Counter(stream.dynamodb.calls) == {"BatchGetItem": 2, "UpdateItem": 3}


def test_batch_that_is_delivered_again_counts_nothing() -> None:
    stream = Stream()
    batch = [record(number) for number in range(5)]
    stream.deliver(batch)
    stream.deliver(batch)
    stream.deliver(batch[2:4])
    assert sum(stream.read_counts("m").values()) == 5


def test_late_repetition_after_newer_batches_counts_nothing() -> None:
    stream = Stream()
    stream.deliver([record(0)])
    stream.deliver([record(1), record(2)])
    stream.now += (DAY_HOURS - 1) * 3_600_000
    stream.deliver([record(0)])
    assert sum(stream.read_counts("m").values()) == 3


def test_shards_have_positions_of_their_own() -> None:
    stream = Stream()
    stream.deliver([record(9)])
    stream.deliver([record(1)], OTHER_SHARD)
    stream.deliver([record(1), record(2)], OTHER_SHARD)
    assert sum(stream.read_counts("m").values()) == 3


def test_late_repetition_of_a_complete_batch_counts_nothing_after_its_positions_are_removed() -> None:
    stream = Stream()
    stream.deliver([record(0)])
    stream.now += 5 * 3_600_000
    stream.deliver([record(0)], OTHER_SHARD)
    stream.deliver([record(0)])
    assert sum(stream.read_counts("m").values()) == 2


def test_merchant_of_an_incomplete_batch_keeps_its_position() -> None:
    """The batch fails for hours because of another merchant, while other shards count this one."""
    stream = Stream()
    newer = {**profile_key(profile_subject("merchant", "broken")), "state": {"B": b""}, "format": {"N": "99"}}
    stream.dynamodb.database.put(PROFILES, {**newer, "version": {"N": "1"}})
    batch = [record(0), record(1, "broken")]
    for hour in range(0, 24, 3):
        stream.now = NOW + hour * 3_600_000
        with pytest.raises(ProfileFormatError):
            stream.deliver(batch)
        stream.deliver([record(hour)], OTHER_SHARD)
    assert sum(stream.read_counts("m").values()) == 1 + 8


def test_positions_of_closed_shards_are_removed() -> None:
    stream = Stream()
    sizes = []
    for hour in range(100):
        stream.now = NOW + hour * 3_600_000
        stream.deliver([record(hour)], f"shard-{hour // 4}")
        item = stream.read_item("m")
        assert item is not None
        sizes.append(len(item["counted"]["B"]))
    # A position has 18 bytes for a sequence number of 21 digits. Two shards are not older than an hour.
    assert max(sizes) == 1 + 2 * 18
    assert sum(stream.read_counts("m").values()) == 100


@pytest.mark.parametrize("fault", ["before", "after"])
@pytest.mark.parametrize("write", range(10))
def test_crash_around_any_write_leaves_exact_counts(write: int, fault: str) -> None:
    stream = Stream()
    batch = [record(number, f"m{number % 3}", merchant_category={"S": "fuel"}) for number in range(9)]
    stream.dynamodb.faults = {write: fault}
    for part in (batch[:5], batch[5:]):
        try:
            stream.deliver(part)
        except StoreBusyError:
            stream.deliver(part)
    assert [sum(stream.read_counts(f"m{number}").values()) for number in range(3)] == [3, 3, 3]
    assert stream.read_category("fuel") == ([9], [0])


def test_any_delivery_that_lambda_may_make_leaves_exact_counts() -> None:
    for seed in range(40):
        chance = random.Random(seed)  # noqa: S311
        stream = Stream()
        shards = {
            f"shardId-{shard}": [
                record(number, f"m{chance.randrange(3)}", NOW + chance.randrange(5) * HALF_DAY_MS)
                for number in range(20)
            ]
            for shard in range(3)
        }
        stream.dynamodb.faults = {chance.randrange(40): chance.choice(["before", "after"]) for _ in range(6)}
        for shard, part in deliveries(shards, chance):
            while True:
                try:
                    stream.deliver(part, shard)
                except StoreBusyError:
                    continue
                break
        expected = Counter(
            entry["dynamodb"]["NewImage"]["merchant_id"]["S"]
            for records in shards.values()
            for entry in records
        )
        assert {name: sum(stream.read_counts(name).values()) for name in expected} == dict(expected), seed


def deliveries(
    shards: dict[str, list[dict[str, Any]]], chance: random.Random
) -> Iterable[tuple[str, list[dict[str, Any]]]]:
    """Batches in the order of each shard, with repeated parts of earlier batches between them."""
    positions = dict.fromkeys(shards, 0)
    while positions:
        shard = chance.choice(list(positions))
        start = positions[shard]
        end = start + chance.randint(1, 6)
        yield shard, shards[shard][start:end]
        positions[shard] = end
        if chance.random() < 0.4:
            begin = chance.randrange(end)
            yield shard, shards[shard][begin : min(begin + 4, end)]
        if end >= len(shards[shard]):
            del positions[shard]


def test_concurrent_write_of_the_merchant_is_kept() -> None:
    stream = Stream()
    stream.deliver([record(0)])
    stream.dynamodb.before_write = lambda: label_fraud(stream)
    stream.deliver([record(1)])
    half_days = decode_merchant("m", stream.read_item("m")).profile.half_days
    assert (half_days.counts, half_days.frauds) == ([2], [1])


def label_fraud(stream: Stream) -> None:
    """Count a fraud, as the function `labels` does, between the read and the write of the counter."""
    stream.dynamodb.before_write = lambda: None
    profile = decode_merchant("m", stream.read_item("m"))
    profile.profile.half_days.add_fraud(NOW, 1, is_unusual=False)
    stream.dynamodb.database.write("Update", build_update(PROFILES, profile, NOW))


def test_item_that_is_in_a_transaction_is_written_after_it() -> None:
    stream = Stream()
    stream.deliver([record(0)])
    database = stream.dynamodb.database
    profile = decode_merchant("m", stream.read_item("m"))
    profile.profile.half_days.add_fraud(NOW, 1, is_unusual=False)
    writes = database.begin([{"Update": build_update(PROFILES, profile, NOW)}])
    attempts = itertools.count()

    def commit_at_the_second_attempt() -> None:
        if next(attempts) == 1:
            database.commit(writes)

    stream.dynamodb.before_write = commit_at_the_second_attempt
    stream.deliver([record(1)])
    half_days = decode_merchant("m", stream.read_item("m")).profile.half_days
    assert (half_days.counts, half_days.frauds) == ([2], [1])


def test_merchant_that_cannot_be_read_does_not_stop_the_others() -> None:
    stream = Stream()
    newer = {**profile_key(profile_subject("merchant", "m")), "state": {"B": b""}, "format": {"N": "99"}}
    stream.dynamodb.database.put(PROFILES, {**newer, "version": {"N": "1"}})
    batch = [record(0), record(1, "other")]
    for _ in range(2):
        with pytest.raises(ProfileFormatError):
            stream.deliver(batch)
    assert sum(stream.read_counts("other").values()) == 1


def test_more_merchants_than_one_read_allows_are_counted() -> None:
    stream = Stream()
    stream.deliver([record(number, f"m{number}") for number in range(250)])
    assert Counter(stream.dynamodb.calls) == {"BatchGetItem": 1 + 3, "UpdateItem": 250 + 1}


def test_final_invocation_of_a_window_counts_nothing() -> None:
    stream = Stream()
    stream.deliver([])
    assert (stream.dynamodb.calls, stream.log.getvalue()) == ([], "")


def test_event_without_a_shard_is_refused() -> None:
    stream = Stream()
    with pytest.raises(msgspec.ValidationError):
        stream._counter.count_batch({"Records": [record(0)]})
    assert stream.dynamodb.calls == []


def test_batch_with_an_unreadable_record_fails_before_anything_is_counted() -> None:
    stream = Stream()
    guard = {
        "eventName": "INSERT",
        "dynamodb": {"SequenceNumber": "7", "NewImage": {"transaction_id": {"S": "secret-7"}}},
    }
    with pytest.raises(ValueError, match="merchant_id") as caught:
        stream.deliver([record(1), guard])
    assert stream.dynamodb.calls == []
    assert "secret-7" not in str(caught.value)


def test_activity_is_counted_once_with_tiny_amounts_and_totals() -> None:
    stream = Stream()
    amounts = ("1.99", "2", "10")
    batch = [
        record(number, timestamp=NOW + number * 60_000, amount={"N": amount})
        for number, amount in enumerate(amounts)
    ]
    stream.deliver(batch)
    stream.deliver(batch)
    activity = decode_merchant("m", stream.read_item("m")).profile.activity
    assert (activity.minutes.counts, activity.minutes.tiny) == ([1, 1, 1], [1, 0, 0])
    assert (sum(activity.days.counts), sum(activity.days.totals)) == (3, 1399)


def test_decision_counts_the_new_device_of_a_transaction_once() -> None:
    stream = Stream()
    category = {"merchant_category": {"S": "fuel"}}
    inserted = record(0, **category)
    decided = record(1, event_name="MODIFY", new_device={"BOOL": True}, **category)
    stream.deliver([inserted])
    for _ in range(2):
        stream.deliver([decided, record(2, **category)])
    minutes = decode_merchant("m", stream.read_item("m")).profile.activity.minutes
    assert (minutes.counts, minutes.new_devices) == ([2], [1])
    assert sum(stream.read_counts("m").values()) == 2
    assert stream.read_category("fuel") == ([2], [0])


def test_refund_is_not_counted_for_the_merchant() -> None:
    stream = Stream()
    stream.deliver([record(0), record(1, type={"S": "refund"}), record(2, type={"NULL": True})])
    assert sum(stream.read_counts("m").values()) == 2
    stream.deliver([record(0), record(1), record(2)])
    assert sum(stream.read_counts("m").values()) == 2


def test_category_of_a_batch_is_written_once_whatever_its_spelling() -> None:
    stream = Stream()
    spellings = ("Food Stores", "food_stores", "FOOD-STORES")
    batch = [
        record(number, f"m{number}", merchant_category={"S": text}) for number, text in enumerate(spellings)
    ]
    stream.deliver(batch)
    stream.deliver(batch)
    assert stream.read_category("food_stores") == ([3], [0])
    # The first delivery also writes three merchants and the position of the batch.
    assert Counter(stream.dynamodb.calls) == {"BatchGetItem": 4, "UpdateItem": 4 + 1 + 1}


@pytest.mark.parametrize("category", [{"NULL": True}, {"S": " "}])
def test_transaction_without_a_category_is_counted_for_its_merchant_only(category: dict[str, Any]) -> None:
    stream = Stream()
    stream.deliver([record(0, merchant_category=category)])
    assert sum(stream.read_counts("m").values()) == 1
    assert stream.dynamodb.calls.count("UpdateItem") == 2


def test_refund_is_not_counted_in_its_category() -> None:
    stream = Stream()
    fuel = {"merchant_category": {"S": "fuel"}}
    food = {"merchant_category": {"S": "food"}}
    stream.deliver([record(0, **fuel), record(1, type={"S": "refund"}, **fuel)])
    stream.deliver([record(2, type={"S": "refund"}, **food)])
    assert stream.read_category("fuel") == ([1], [0])
    assert stream.read_item("food", "category") is None


def test_fraud_that_is_confirmed_between_read_and_write_stays_in_its_category() -> None:
    stream = Stream()
    fuel = {"merchant_category": {"S": "fuel"}}
    stream.deliver([record(0, **fuel)])

    def label() -> None:
        stream.dynamodb.before_write = lambda: None
        category = decode_category("fuel", stream.read_item("fuel", "category"))
        category.profile.half_days.add_fraud(NOW, 1, is_unusual=False)
        stream.dynamodb.database.write("Update", build_update(PROFILES, category, NOW))

    stream.dynamodb.before_write = label
    stream.deliver([record(1, **fuel)])
    assert stream.read_category("fuel") == ([2], [1])


def test_amount_without_a_rate_is_counted_but_not_in_the_total() -> None:
    stream = Stream()
    stream.deliver([record(0, currency={"S": "XAU"})])
    activity = decode_merchant("m", stream.read_item("m")).profile.activity
    assert (activity.minutes.counts, activity.minutes.tiny, activity.days.counts) == ([1], [0], [])
