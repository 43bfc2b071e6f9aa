import random

import msgspec
import pytest

from benchmarks.virtual_aws.expressions import apply_update, compute_size
from functions.common.domain.merchant_profile import CategoryProfile
from functions.common.domain.profile_record import ProfileRecord
from functions.common.domain.time_buckets import HALF_DAY_MS, HOUR_MS, MAX_HALF_DAYS
from functions.common.dynamodb import category_state
from functions.common.dynamodb.profile_items import (
    ProfileFormatError,
    build_update,
    decode_category,
    decode_profile,
    profile_key,
    profile_subject,
)
from functions.merchants.shard_positions import ShardPositions
from tests.unit.functions.builders import NOW

FIRST = 41_000
UNIT_BYTES = 1024


def build_category(per_day: int, *, fraud: float = 0.002, gaps: float = 0.0) -> CategoryProfile:
    rng, category = random.Random(per_day), CategoryProfile()  # noqa: S311  # transactions, not a secret
    for number in range(FIRST, FIRST + MAX_HALF_DAYS):
        if rng.random() >= gaps:
            count = int(per_day / 2 * rng.uniform(0.5, 1.5))
            category.half_days.add_count(number, count)
            category.half_days.add_fraud(
                number * HALF_DAY_MS, int(count * fraud * rng.uniform(0, 3)), is_unusual=False
            )
    return category


def list_rows(category: CategoryProfile) -> list[tuple[int, int, int]]:
    """The half days with transactions or frauds."""
    table = category.half_days
    rows = zip(table.numbers, table.counts, table.frauds, strict=True)
    return [row for row in rows if row[1] or row[2]]


@pytest.mark.parametrize("gaps", [0.0, 0.5])
@pytest.mark.parametrize("per_day", [1, 40, 10_000])
def test_profile_is_restored_from_its_state(per_day: int, gaps: float) -> None:
    category = build_category(per_day, fraud=0.1, gaps=gaps)
    restored = category_state.decode(category_state.encode(category))
    assert list_rows(restored) == list_rows(category)
    restored.half_days.add_fraud(restored.half_days.numbers[-1] * HALF_DAY_MS, 1, is_unusual=False)
    assert sum(restored.half_days.frauds) == sum(category.half_days.frauds) + 1


def test_empty_profile_is_restored_from_its_state() -> None:
    assert category_state.decode(category_state.encode(CategoryProfile())) == CategoryProfile()


@pytest.mark.parametrize("per_day", [10_000, 1_000_000])
def test_item_of_a_busy_category_takes_one_write_unit(per_day: int) -> None:
    """The item has the positions of four shards, and of the four before them."""
    positions = ShardPositions()
    for shard in range(8):
        positions.advance(f"shard-{shard}", 10**27, NOW - shard // 4 * HOUR_MS)
    subject = profile_subject("category", "groceries")
    record = ProfileRecord(subject=subject, profile=build_category(per_day), version=10**6)
    update = build_update("profiles", record, NOW, {"counted": {"B": positions.encode()}})
    item = apply_update(update, {**profile_key(subject), "version": {"N": str(10**6)}})
    assert 500 < compute_size(item) <= UNIT_BYTES
    assert "activity" not in item
    assert "groceries" not in str(item)
    restored = decode_category("groceries", item)
    assert (list_rows(restored.profile), restored.version) == (list_rows(record.profile), 10**6 + 1)


@pytest.mark.parametrize(
    "state",
    [[FIRST, 40, b"\x01", b""], [FIRST, 1, b"\x01", b"", b"new"], [FIRST, 1, "text", b""]],
)
def test_state_with_other_columns_is_refused(state: list[object]) -> None:
    with pytest.raises(ProfileFormatError):
        decode_profile(msgspec.msgpack.encode(state), 1, CategoryProfile)


def test_state_of_a_newer_format_is_refused() -> None:
    with pytest.raises(ProfileFormatError):
        decode_profile(category_state.encode(CategoryProfile()), 2, CategoryProfile)
