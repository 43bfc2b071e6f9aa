"""The state of an account's profile as its item stores it, in format 2, and the state in format 1.

Format 2 keeps the item of a busy account below 1 KB, the unit of DynamoDB's writes. It stores times relative
to the last transaction and integers in as few bits as their column needs, and leaves out what follows from
other values. Format 1 has the columns of the profile, with amounts in euros.
"""

import struct
from itertools import pairwise

import msgspec
from msgspec import Struct

from functions.common.domain.account_profile import AccountProfile
from functions.common.domain.currencies import round_to_cents
from functions.common.domain.time_buckets import DAY_MS, HOUR_MS, DayBuckets, HourBuckets
from functions.common.dynamodb.bit_columns import pack, pack_signed, unpack, unpack_signed

_CENTS_PER_EURO = 100


class _State(Struct, array_like=True, forbid_unknown_fields=True):
    """The state in format 2. Bytes are columns; ages are relative to `newest_at`, the last transaction.

    `hours` and `days` have a bit for each bucket: bit n for the bucket that is n hours or days older than the
    newest one. `day_variations` are the sums of squares above total² / count, the lowest possible sum, which
    is the sum of a single amount. `gaps` are the times between the last transactions.
    """

    newest_at: int
    country: str
    country_age_ms: int
    countries: str
    hour_age: int
    hours: int
    hour_counts: bytes
    hour_totals: bytes
    day_age: int
    days: int
    day_counts: bytes
    day_totals: bytes
    day_variations: bytes
    day_frauds: bytes
    amount_count: int
    gaps: bytes
    amounts: bytes
    devices: bytes
    categories: bytes


_decode_state = msgspec.msgpack.Decoder(_State).decode


def encode(profile: AccountProfile) -> bytes:
    """The state of a profile."""
    hours, days, times = profile.hours, profile.days, profile.times
    newest_at = times[-1] if times else 0
    hour_age, hour_bits = _pack_numbers(hours.numbers, newest_at // HOUR_MS)
    day_age, day_bits = _pack_numbers(days.numbers, newest_at // DAY_MS)
    return msgspec.msgpack.encode(
        _State(
            newest_at,
            profile.country,
            newest_at - profile.country_at if profile.country else 0,
            "".join(profile.countries),
            hour_age,
            hour_bits,
            pack(hours.counts),
            pack(hours.totals),
            day_age,
            day_bits,
            pack(days.counts),
            pack(days.totals),
            pack(
                [
                    squares - total * total // count
                    for count, total, squares in zip(days.counts, days.totals, days.squares, strict=True)
                ]
            ),
            pack_signed(days.frauds),
            len(times),
            pack([later - earlier for earlier, later in pairwise(times)]),
            pack_signed(profile.amounts),
            _pack_hashes(profile.devices),
            _pack_hashes(profile.categories),
        )
    )


def decode(state: bytes) -> AccountProfile:
    """The profile in a state. Raises ValueError; msgspec's errors are subclasses of it."""
    packed = _decode_state(state)
    newest_at = packed.newest_at
    countries = packed.countries
    return AccountProfile(
        _unpack_hours(packed),
        _unpack_days(packed),
        _unpack_times(packed),
        unpack_signed(packed.amounts, packed.amount_count),
        packed.country,
        newest_at - packed.country_age_ms if packed.country else 0,
        [countries[start : start + 2] for start in range(0, len(countries), 2)],
        _unpack_hashes(packed.devices),
        _unpack_hashes(packed.categories),
    )


def _unpack_hours(packed: _State) -> HourBuckets:
    numbers = _unpack_numbers(packed.newest_at // HOUR_MS - packed.hour_age, packed.hours)
    count = len(numbers)
    return HourBuckets(numbers, unpack(packed.hour_counts, count), unpack(packed.hour_totals, count))


def _unpack_days(packed: _State) -> DayBuckets:
    numbers = _unpack_numbers(packed.newest_at // DAY_MS - packed.day_age, packed.days)
    count = len(numbers)
    counts, totals = unpack(packed.day_counts, count), unpack(packed.day_totals, count)
    if not all(counts):
        raise ValueError("a day has no transactions")
    variations = unpack(packed.day_variations, count)
    squares = [
        total * total // count + variation
        for count, total, variation in zip(counts, totals, variations, strict=True)
    ]
    return DayBuckets(numbers, counts, totals, squares, unpack_signed(packed.day_frauds, count))


def _unpack_times(packed: _State) -> list[int]:
    if not packed.amount_count:
        return []
    time = packed.newest_at
    times = [time]
    for gap in reversed(unpack(packed.gaps, packed.amount_count - 1)):
        time -= gap
        times.append(time)
    times.reverse()
    return times


def _pack_numbers(numbers: list[int], reference: int) -> tuple[int, int]:
    """The age of the newest bucket, and a bit for each bucket."""
    if not numbers:
        return 0, 0
    newest, count = numbers[-1], len(numbers)
    bits = (1 << count) - 1
    if newest - numbers[0] >= count:
        bits = 0
        for number in numbers:
            bits |= 1 << newest - number
    return reference - newest, bits


def _unpack_numbers(newest: int, bits: int) -> list[int]:
    if bits & (bits + 1) == 0:
        return list(range(newest - bits.bit_length() + 1, newest + 1))
    return [newest - age for age in range(bits.bit_length() - 1, -1, -1) if bits >> age & 1]


def _pack_hashes(hashes: list[int]) -> bytes:
    return struct.pack(f"<{len(hashes)}I", *hashes)


def _unpack_hashes(column: bytes) -> list[int]:
    if len(column) % 4:
        raise ValueError(f"a column of {len(column)} bytes does not contain hashes of 4 bytes")
    return list(struct.unpack(f"<{len(column) // 4}I", column))


class _HoursFormat1(Struct, array_like=True, forbid_unknown_fields=True):
    numbers: list[int] = []
    counts: list[int] = []
    totals: list[float] = []


class _DaysFormat1(Struct, array_like=True, forbid_unknown_fields=True):
    numbers: list[int] = []
    counts: list[int] = []
    totals: list[float] = []
    squares: list[float] = []
    frauds: list[int] = []


class _StateFormat1(Struct, array_like=True, forbid_unknown_fields=True):
    """The state in format 1. A field that an older version did not write has its default value."""

    hours: _HoursFormat1 = msgspec.field(default_factory=_HoursFormat1)
    days: _DaysFormat1 = msgspec.field(default_factory=_DaysFormat1)
    times: list[int] = []
    amounts: list[float] = []
    country: str = ""
    country_at: int = 0
    countries: list[str] = []
    devices: list[int] = []
    categories: list[int] = []


_decode_state_format_1 = msgspec.msgpack.Decoder(_StateFormat1).decode


def decode_format_1(state: bytes) -> AccountProfile:
    """The profile in a state of format 1, rounded to cents. Raises msgspec.DecodeError."""
    old = _decode_state_format_1(state)
    counts, totals = old.days.counts, [_to_cents(total) for total in old.days.totals]
    # Rounding must not result in a sum of squares that no amounts can have.
    squares = [
        max(round(square * _CENTS_PER_EURO**2), -(-total * total // count))
        for count, total, square in zip(counts, totals, old.days.squares, strict=True)
    ]
    return AccountProfile(
        HourBuckets(old.hours.numbers, old.hours.counts, [_to_cents(total) for total in old.hours.totals]),
        DayBuckets(old.days.numbers, counts, totals, squares, old.days.frauds),
        old.times,
        [_to_cents(amount) for amount in old.amounts],
        old.country,
        old.country_at,
        old.countries,
        old.devices,
        old.categories,
    )


def encode_format_1(profile: AccountProfile) -> bytes:
    """The state in format 1."""
    hours, days = profile.hours, profile.days
    return msgspec.msgpack.encode(
        _StateFormat1(
            _HoursFormat1(hours.numbers, hours.counts, _to_euros(hours.totals)),
            _DaysFormat1(
                days.numbers,
                days.counts,
                _to_euros(days.totals),
                [square / _CENTS_PER_EURO**2 for square in days.squares],
                days.frauds,
            ),
            profile.times,
            _to_euros(profile.amounts),
            profile.country,
            profile.country_at,
            profile.countries,
            profile.devices,
            profile.categories,
        )
    )


def _to_euros(cents: list[int]) -> list[float]:
    return [value / _CENTS_PER_EURO for value in cents]


def _to_cents(euros: float) -> int:
    """An amount or total in cents. 0 is unknown, and the amount of a confirmed fraud is negative."""
    if not euros:
        return 0
    return round_to_cents(euros) if euros > 0 else -round_to_cents(-euros)
