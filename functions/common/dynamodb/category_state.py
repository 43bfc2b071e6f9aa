"""The state of a merchant category's profile as its item stores it, in format 1.

Columns of counts and frauds have a value for each half day since the first one. Every half day of a category
has frauds, and its counts are large, so that packed columns take half of the bytes of a merchant's state.
"""

import msgspec
from msgspec import Struct

from functions.common.domain.merchant_profile import CategoryProfile
from functions.common.domain.time_buckets import HalfDayBuckets
from functions.common.dynamodb.bit_columns import pack, unpack


class _State(Struct, array_like=True, forbid_unknown_fields=True):
    first: int
    size: int
    counts: bytes
    frauds: bytes


_decode_state = msgspec.msgpack.Decoder(_State).decode


def encode(profile: CategoryProfile) -> bytes:
    """The state of a profile."""
    table = profile.half_days
    if not table.numbers:
        return msgspec.msgpack.encode(_State(0, 0, b"", b""))
    first = table.numbers[0]
    size = table.numbers[-1] - first + 1
    counts, frauds = [0] * size, [0] * size
    for number, count, fraud in zip(table.numbers, table.counts, table.frauds, strict=True):
        counts[number - first], frauds[number - first] = count, fraud
    return msgspec.msgpack.encode(_State(first, size, pack(counts), pack(frauds)))


def decode(state: bytes) -> CategoryProfile:
    """The profile in a state, with a row for each half day since the first one. Raises ValueError."""
    decoded = _decode_state(state)
    first, size = decoded.first, decoded.size
    counts, frauds = unpack(decoded.counts, size), unpack(decoded.frauds, size)
    return CategoryProfile(HalfDayBuckets(list(range(first, first + size)), counts, frauds, [0] * size))
