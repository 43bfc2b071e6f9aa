import random

import msgspec
import pytest

from functions.common.domain.merchant_profile import (
    MerchantActivity,
    MerchantProfile,
    count_in_merchant,
    count_new_device,
)
from functions.common.domain.time_buckets import (
    DAY_MS,
    HALF_DAY_MS,
    MAX_DAYS,
    MAX_HALF_DAYS,
    MAX_MINUTES,
    HalfDayBuckets,
)
from functions.common.dynamodb import merchant_state
from functions.common.dynamodb.profile_items import ProfileFormatError, decode_merchant, decode_profile
from tests.unit.functions.builders import NOW

FIRST = 41_000


def build_profile(chance: random.Random, *, busy: bool = False) -> MerchantProfile:
    half_days = HalfDayBuckets()
    for number in range(FIRST, FIRST + MAX_HALF_DAYS):
        if busy or chance.random() < 0.3:
            half_days.add_count(number, chance.randint(1, 5_000))
        if chance.random() < 0.1:
            unusual = chance.random() < 0.5
            half_days.add_fraud(number * HALF_DAY_MS, 1, is_unusual=unusual)
    return MerchantProfile(half_days)


def list_rows(profile: MerchantProfile) -> list[tuple[int, int, int, int]]:
    """The half days with transactions or frauds."""
    table = profile.half_days
    rows = zip(table.numbers, table.counts, table.frauds, table.unusual, strict=True)
    return [row for row in rows if row[1] or row[2]]


@pytest.mark.parametrize("seed", range(50))
def test_profile_is_restored_from_its_state(seed: int) -> None:
    profile = build_profile(random.Random(seed))  # noqa: S311
    restored = merchant_state.decode(merchant_state.encode(profile))
    assert list_rows(restored) == list_rows(profile)
    assert merchant_state.encode(restored) == merchant_state.encode(profile)


def test_empty_profile_is_restored_from_its_state() -> None:
    assert merchant_state.decode(merchant_state.encode(MerchantProfile())) == MerchantProfile()


def test_state_of_a_busy_merchant_is_small() -> None:
    assert len(merchant_state.encode(build_profile(random.Random(1), busy=True))) < 550  # noqa: S311


@pytest.mark.parametrize("seed", range(20))
def test_profile_is_restored_from_format_1(seed: int) -> None:
    """Format 1 keeps only the latest 16 frauds of unusual amounts, so that the profile has no more here."""
    profile = build_profile(random.Random(seed))  # noqa: S311
    assert sum(profile.half_days.unusual) <= 16
    assert merchant_state.decode_format_1(merchant_state.encode_format_1(profile)) == profile


def test_state_of_format_1_is_read_as_an_older_release_wrote_it() -> None:
    day = FIRST * HALF_DAY_MS
    state = msgspec.msgpack.encode([[[FIRST, FIRST + 2], [5, 7], [2, 1]], [day + 1, day + 9]])
    assert merchant_state.decode_format_1(state) == MerchantProfile(
        HalfDayBuckets([FIRST, FIRST + 2], [5, 7], [2, 1], [2, 0])
    )


def test_state_with_frauds_outside_its_half_days_is_refused() -> None:
    state = msgspec.msgpack.encode([FIRST, [1], [1, 1, 0]])
    with pytest.raises(ProfileFormatError):
        decode_profile(state, 2, MerchantProfile)


def test_state_with_an_unknown_field_is_refused() -> None:
    state = msgspec.msgpack.encode([FIRST, [1], [], "new"])
    with pytest.raises(msgspec.ValidationError):
        merchant_state.decode(state)


@pytest.mark.parametrize("per_day", [0.5, 20, 2_000])
def test_activity_is_restored(per_day: float) -> None:
    rng, merchant = random.Random(1), MerchantProfile()  # noqa: S311  # transactions, not a secret
    for number in range(int(40 * per_day)):
        time = NOW + int(number * DAY_MS / per_day) - rng.randrange(5 * 60_000)
        count_in_merchant(merchant, time, rng.choice([None, 199, 200, 10**6]))
        if number % 20 == 0:
            count_new_device(merchant, time)
    activity = merchant.activity
    assert len(activity.minutes.numbers) <= MAX_MINUTES
    assert len(activity.days.numbers) <= MAX_DAYS + 1
    assert merchant_state.decode_activity(merchant_state.encode_activity(activity)) == activity
    # 2,000 transactions a day, with amounts of up to 10,000 euros.
    assert len(merchant_state.encode_activity(activity)) <= 300


def test_activity_of_an_older_version_has_no_new_devices() -> None:
    merchant = MerchantProfile()
    count_in_merchant(merchant, NOW, 100)
    *older, new_devices = msgspec.msgpack.decode(merchant_state.encode_activity(merchant.activity)[1:])
    assert new_devices == b""
    assert merchant_state.decode_activity(b"\x01" + msgspec.msgpack.encode(older)) == merchant.activity


def test_empty_activity_is_restored() -> None:
    empty = MerchantActivity()
    assert merchant_state.decode_activity(merchant_state.encode_activity(empty)) == empty


def test_activity_of_a_newer_version_is_refused() -> None:
    with pytest.raises(ProfileFormatError):
        decode_merchant("m", {"version": {"N": "1"}, "activity": {"B": b"\x02newer"}})
