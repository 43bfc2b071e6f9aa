"""What people say of an account, merchant or rule without a deployment: on a list, or not to be told of now.

Entries are written by `invoke lists.add` and `invoke snooze`. Those of an account or merchant stand on its
profile's item, so that reading them takes no further request.
"""

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

List = Literal["block", "allow"]
Kind = Literal["account", "merchant"]


class Listing(Struct, frozen=True, kw_only=True):
    """An account or merchant on a list; times are epoch milliseconds, at `until` it is no longer on it."""

    list: List
    kind: Kind
    id: str
    reason: str
    author: str
    added_at: int
    until: int


class Snooze(Struct, frozen=True, kw_only=True):
    """An account or rule of which nobody is told before `until`; its decisions are recorded as ever."""

    kind: Literal["account", "rule"]
    id: str
    reason: str
    author: str
    added_at: int
    until: int


def effective(listings: Iterable[Listing | None], now_ms: int) -> Listing | None:
    """The one that counts now: the block list goes before the allow list."""
    current = [listing for listing in listings if listing is not None and listing.until > now_ms]
    return min(current, key=lambda listing: listing.list == "allow", default=None)
