"""The attribute `history` of an account's item: first uses, refunds, and transactions without a euro rate.

It is separate from the state, so that versions that do not know it leave it as it is. Times are relative to
the newest one, in as few bits as their column needs.
"""

import struct
from itertools import islice
from typing import NamedTuple

import msgspec
from msgspec import Struct

from functions.common.domain.account_profile import AccountProfile
from functions.common.dynamodb.bit_columns import pack, unpack

_FORMAT = 1


class _Buckets(NamedTuple):
    """Counts of buckets. Bit n of `bits` is the bucket n before the newest one, which has the first count."""

    newest: int
    bits: int
    counts: bytes


class _History(Struct, array_like=True):
    """`hashes` and `ages` are columns of all first uses: devices, countries, merchants, then networks.

    Ages are in minutes, relative to `newest_minute`.
    """

    devices: int
    countries: int
    merchants: int
    networks: int
    newest_minute: int
    hashes: bytes
    ages: bytes
    refund_days: _Buckets | None
    unrated_hours: _Buckets | None
    unrated_days: _Buckets | None


_decode = msgspec.msgpack.Decoder(_History).decode


def encode_history(profile: AccountProfile) -> bytes:
    """The attribute of a profile, with the number of its format in the first byte."""
    hashes = [
        *profile.first_devices,
        *profile.first_countries,
        *profile.first_merchants,
        *profile.first_networks,
    ]
    minutes = [
        *profile.first_devices.values(),
        *profile.first_countries.values(),
        *profile.first_merchants.values(),
        *profile.first_networks.values(),
    ]
    newest = max(minutes, default=0)
    history = _History(
        len(profile.first_devices),
        len(profile.first_countries),
        len(profile.first_merchants),
        len(profile.first_networks),
        newest,
        struct.pack(f">{len(hashes)}H", *hashes),
        pack([newest - minute for minute in minutes]),
        _pack_buckets(profile.refund_days),
        _pack_buckets(profile.unrated_hours),
        _pack_buckets(profile.unrated_days),
    )
    return bytes([_FORMAT]) + msgspec.msgpack.encode(history)


def decode_history(attribute: bytes, profile: AccountProfile) -> None:
    """Add the history to a profile. Raises struct.error or ValueError, msgspec's errors among the latter."""
    if attribute[:1] != bytes([_FORMAT]):
        raise ValueError("the format of the history is newer than the supported format")
    history = _decode(attribute[1:])
    count = history.devices + history.countries + history.merchants + history.networks
    newest = history.newest_minute
    first_uses = zip(
        struct.unpack(f">{count}H", history.hashes),
        [newest - age for age in unpack(history.ages, count)],
        strict=True,
    )
    profile.first_devices = dict(islice(first_uses, history.devices))
    profile.first_countries = dict(islice(first_uses, history.countries))
    profile.first_merchants = dict(islice(first_uses, history.merchants))
    profile.first_networks = dict(islice(first_uses, history.networks))
    profile.refund_days = _unpack_buckets(history.refund_days)
    profile.unrated_hours = _unpack_buckets(history.unrated_hours)
    profile.unrated_days = _unpack_buckets(history.unrated_days)


def _pack_buckets(counts: dict[int, int]) -> _Buckets | None:
    if not counts:
        return None
    numbers = sorted(counts, reverse=True)
    newest = numbers[0]
    bits = sum(1 << newest - number for number in numbers)
    return _Buckets(newest, bits, pack([counts[number] for number in numbers]))


def _unpack_buckets(packed: _Buckets | None) -> dict[int, int]:
    if packed is None:
        return {}
    ages = [age for age in range(packed.bits.bit_length()) if packed.bits >> age & 1]
    counts = unpack(packed.counts, len(ages))
    return {packed.newest - age: count for age, count in zip(ages, counts, strict=True)}
