"""The profile of an origin: the accounts that used a device or, without a device, an IP address lately.

A profile has up to 64 slots. An account uses one slot, by its hash, and the slot contains the latest account
that used it. Adding an account is a maximum for each slot, so the order of additions and repeated additions
change nothing, and concurrent additions need no lock.
"""

from typing import Literal, NamedTuple

from msgspec import Struct

from functions.common.domain.account_profile import hash_text
from functions.common.domain.time_buckets import MINUTE_MS
from functions.common.domain.transaction_event import TransactionInserted

SLOTS = 64
# The account's tag: the part of its hash that the slot does not imply.
TAG_BITS = 24
_HASH_BITS = 32

OriginKind = Literal["device", "address"]


class Origin(NamedTuple):
    """A device, or an IP address of a transaction without a device."""

    kind: OriginKind
    identifier: str


class OriginProfile(Struct):
    """The entries of an origin by slot. An entry is the minute of use since 1970, followed by a tag."""

    slots: dict[int, int] = {}


def find_origin(transaction: TransactionInserted) -> Origin | None:
    """The origin of a purchase, or None for a refund or without a device and IP address."""
    if transaction.is_refund:
        return None
    if transaction.device_id:
        return Origin("device", transaction.device_id)
    return Origin("address", transaction.ip_address) if transaction.ip_address else None


def build_entry(account_id: str, timestamp: int) -> tuple[int, int]:
    """The slot of an account, and its entry for a use at `timestamp`, in epoch milliseconds."""
    account = hash_text(account_id)
    return account % SLOTS, timestamp // MINUTE_MS << TAG_BITS | account >> _HASH_BITS - TAG_BITS


def count_in_origin(origin: OriginProfile, account_id: str, timestamp: int) -> None:
    """Add a use of the origin by an account."""
    slot, entry = build_entry(account_id, timestamp)
    origin.slots[slot] = max(entry, origin.slots.get(slot, 0))
