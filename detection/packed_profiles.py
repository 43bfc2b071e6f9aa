"""Profiles of a replay in little memory: those in use as objects, all others packed to bytes.

A profile is packed as its item in the table `profiles` stores it, and gives the same features when it is
unpacked.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic

from functions.common.domain.account_profile import AccountProfile
from functions.common.domain.merchant_profile import MerchantProfile
from functions.common.domain.profile_record import P
from functions.common.dynamodb import account_state, merchant_state
from functions.common.dynamodb.account_history import decode_history, encode_history

# Up to twice as many profiles are objects: 2 GB of busy accounts.
MAX_UNPACKED = 100_000
_LENGTH_BYTES = 2


@dataclass(frozen=True)
class ProfileCodec(Generic[P]):
    """The functions that make, pack and unpack a profile."""

    create: Callable[[], P]
    pack: Callable[[P], bytes]
    unpack: Callable[[bytes], P]


class PackedProfiles(Generic[P]):
    """Profiles by id. A profile stays the same object for at least `max_unpacked` further ids."""

    def __init__(self, codec: ProfileCodec[P], max_unpacked: int = MAX_UNPACKED) -> None:
        self._codec: ProfileCodec[P] = codec
        self._max_unpacked = max_unpacked
        self._recent: dict[str, P] = {}
        self._older: dict[str, P] = {}
        self._packed: dict[str, bytes] = {}

    def find(self, identifier: str) -> P:
        """The profile of an id, which is empty at first."""
        profile = self._recent.get(identifier)
        return self._move_to_recent(identifier) if profile is None else profile

    def __len__(self) -> int:
        return len(self._recent) + len(self._older) + len(self._packed)

    def _move_to_recent(self, identifier: str) -> P:
        profile = self._older.pop(identifier, None)
        if profile is None:
            packed = self._packed.pop(identifier, None)
            profile = self._codec.create() if packed is None else self._codec.unpack(packed)
        if len(self._recent) >= self._max_unpacked:
            for older, unused in self._older.items():
                self._packed[older] = self._codec.pack(unused)
            self._older, self._recent = self._recent, {}
        self._recent[identifier] = profile
        return profile


def pack_account(profile: AccountProfile) -> bytes:
    """The state and the history of an account."""
    return _join(account_state.encode(profile), encode_history(profile))


def unpack_account(packed: bytes) -> AccountProfile:
    """The account that `pack_account` packed."""
    state, history = _split(packed)
    profile = account_state.decode(state)
    decode_history(history, profile)
    return profile


def pack_merchant(profile: MerchantProfile) -> bytes:
    """The state and the activity of a merchant."""
    return _join(merchant_state.encode(profile), merchant_state.encode_activity(profile.activity))


def unpack_merchant(packed: bytes) -> MerchantProfile:
    """The merchant that `pack_merchant` packed."""
    state, activity = _split(packed)
    profile = merchant_state.decode(state)
    profile.activity = merchant_state.decode_activity(activity)
    return profile


ACCOUNTS = ProfileCodec(AccountProfile, pack_account, unpack_account)
MERCHANTS = ProfileCodec(MerchantProfile, pack_merchant, unpack_merchant)


def _join(first: bytes, second: bytes) -> bytes:
    return len(first).to_bytes(_LENGTH_BYTES, "big") + first + second


def _split(packed: bytes) -> tuple[bytes, bytes]:
    end = _LENGTH_BYTES + int.from_bytes(packed[:_LENGTH_BYTES], "big")
    return packed[_LENGTH_BYTES:end], packed[end:]
