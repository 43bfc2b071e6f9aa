"""Runtime overrides: list entries and snoozes, set without a deployment.

`invoke lists.add` and `invoke snooze` write them. The overrides of an account or merchant are attributes of
its profile's item, so that reading them needs no further request.
"""

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

ListName = Literal["block", "allow"]
ProfileKind = Literal["account", "merchant"]


class ListEntry(Struct, frozen=True, kw_only=True):
    """An account or merchant on a list. Times are epoch milliseconds; the entry expires at `until`."""

    list: ListName
    kind: ProfileKind
    id: str
    reason: str
    author: str
    added_at: int
    until: int


class Snooze(Struct, frozen=True, kw_only=True):
    """Suppresses the alerts of an account or rule until `until`. Decisions are still recorded."""

    kind: Literal["account", "rule"]
    id: str
    reason: str
    author: str
    added_at: int
    until: int


def effective_entry(entries: Iterable[ListEntry | None], now_ms: int) -> ListEntry | None:
    """The list entry that applies now. The block list takes precedence over the allow list."""
    active = [entry for entry in entries if entry is not None and entry.until > now_ms]
    return min(active, key=lambda entry: entry.list == "allow", default=None)
