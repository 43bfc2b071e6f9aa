"""The state of a merchant's profile as its item stores it, in format 2, and the state in format 1.

A state has a count for each half day since the first one, without gaps, and rows for the few half days with
confirmed frauds. This takes a third of the bytes of the profile's columns.

The attribute `activity` has columns of minutes and days. It is separate from the
state, so that versions that do not know it leave it as it is.
"""

from itertools import accumulate, chain, pairwise

import msgspec
from msgspec import Struct

from functions.common.domain.merchant_profile import MerchantActivity, MerchantProfile
from functions.common.domain.time_buckets import HALF_DAY_MS, DayTotals, HalfDayBuckets, MinuteBuckets
from functions.common.dynamodb.bit_columns import pack, unpack

_ACTIVITY_FORMAT = 1


class _State(Struct, array_like=True, forbid_unknown_fields=True):
    """`frauds` has three numbers for each half day with frauds: its position, all frauds, unusual amounts."""

    first: int
    counts: list[int]
    frauds: list[int]


def encode(profile: MerchantProfile) -> bytes:
    """The state of a profile."""
    table = profile.half_days
    if not table.numbers:
        return msgspec.msgpack.encode(_State(0, [], []))
    first = table.numbers[0]
    counts = [0] * (table.numbers[-1] - first + 1)
    frauds: list[int] = []
    for number, count, fraud, unusual in zip(
        table.numbers, table.counts, table.frauds, table.unusual, strict=True
    ):
        counts[number - first] = count
        if fraud:
            frauds += (number - first, fraud, unusual)
    return msgspec.msgpack.encode(_State(first, counts, frauds))


def decode(state: bytes) -> MerchantProfile:
    """The profile in a state, with a row for each half day since the first one.

    Raises ValueError or IndexError.
    """
    decoded = msgspec.msgpack.decode(state, type=_State)
    size = len(decoded.counts)
    frauds, unusual = [0] * size, [0] * size
    rows = iter(decoded.frauds)
    for position, all_frauds, unusual_frauds in zip(rows, rows, rows, strict=True):
        frauds[position], unusual[position] = all_frauds, unusual_frauds
    numbers = list(range(decoded.first, decoded.first + size))
    return MerchantProfile(HalfDayBuckets(numbers, decoded.counts, frauds, unusual))


def decode_format_1(state: bytes) -> MerchantProfile:
    """The profile in a state of format 1, which lists the times of the latest frauds of unusual amounts."""
    (numbers, counts, frauds), times = msgspec.msgpack.decode(state)
    half_days = [time // HALF_DAY_MS for time in times]
    unusual = [half_days.count(number) for number in numbers]
    return MerchantProfile(HalfDayBuckets(numbers, counts, frauds, unusual))


def encode_format_1(profile: MerchantProfile) -> bytes:
    """The state in format 1, which keeps the times of at most 16 frauds of unusual amounts."""
    table = profile.half_days
    times = chain.from_iterable(
        [number * HALF_DAY_MS] * unusual for number, unusual in zip(table.numbers, table.unusual, strict=True)
    )
    return msgspec.msgpack.encode([[table.numbers, table.counts, table.frauds], list(times)[-16:]])


class _Activity(Struct, array_like=True):
    """Columns of minutes and days. `…_gaps` are the numbers of missing rows between two rows."""

    first_minute: int
    minutes: int
    minute_gaps: bytes
    minute_counts: bytes
    tiny: bytes
    first_day: int
    days: int
    day_gaps: bytes
    day_counts: bytes
    day_totals: bytes
    new_devices: bytes = b""


_decode_activity = msgspec.msgpack.Decoder(_Activity).decode


def encode_activity(activity: MerchantActivity) -> bytes:
    """The attribute `activity`, with the number of its format in the first byte."""
    minutes, days = activity.minutes, activity.days
    packed = _Activity(
        minutes.numbers[0] if minutes.numbers else 0,
        len(minutes.numbers),
        _pack_gaps(minutes.numbers),
        pack(minutes.counts),
        pack(minutes.tiny),
        days.numbers[0] if days.numbers else 0,
        len(days.numbers),
        _pack_gaps(days.numbers),
        pack(days.counts),
        pack(days.totals),
        pack(minutes.new_devices),
    )
    return bytes([_ACTIVITY_FORMAT]) + msgspec.msgpack.encode(packed)


def decode_activity(attribute: bytes) -> MerchantActivity:
    """The activity in an attribute. Raises ValueError; msgspec's errors are subclasses of it."""
    if attribute[:1] != bytes([_ACTIVITY_FORMAT]):
        raise ValueError("the format of the activity is newer than the supported format")
    packed = _decode_activity(attribute[1:])
    minutes, days = packed.minutes, packed.days
    return MerchantActivity(
        MinuteBuckets(
            _unpack_numbers(packed.first_minute, minutes, packed.minute_gaps),
            unpack(packed.minute_counts, minutes),
            unpack(packed.tiny, minutes),
            unpack(packed.new_devices, minutes),
        ),
        DayTotals(
            _unpack_numbers(packed.first_day, days, packed.day_gaps),
            unpack(packed.day_counts, days),
            unpack(packed.day_totals, days),
        ),
    )


def _pack_gaps(numbers: list[int]) -> bytes:
    return pack([later - earlier - 1 for earlier, later in pairwise(numbers)])


def _unpack_numbers(first: int, count: int, gaps: bytes) -> list[int]:
    if not gaps:
        return list(range(first, first + count))
    return list(accumulate((gap + 1 for gap in unpack(gaps, count - 1)), initial=first))
