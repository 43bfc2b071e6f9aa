"""The state of a merchant's profile as its item stores it, in format 2, and the state in format 1.

A state has a count for each half day since the first one, without gaps, and rows for the few half days with
confirmed frauds. This takes a third of the bytes of the profile's columns.
"""

from itertools import chain

import msgspec
from msgspec import Struct

from functions.common.domain.merchant_profile import MerchantProfile
from functions.common.domain.time_buckets import HALF_DAY_MS, HalfDayBuckets


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
