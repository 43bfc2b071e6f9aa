"""The registry of what people say, which is listed without looking at profiles, and the trail of changes."""

import uuid
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import Struct

from functions.common.domain.lists_and_snoozes import Listing, Snooze
from functions.common.dynamodb import profile_items
from functions.common.dynamodb.client import Item
from operations.review.profiles_table import ProfilesTable, Write

LISTS = "lists"
SNOOZES = "snoozes"
AUDIT = "audit"
# What has ended is still listed, if somebody asks for it, for so long; the trail is kept for good.
ENDED_KEPT_SECONDS = 90 * 86_400

Entry = Listing | Snooze


class AuditEntry(Struct, frozen=True, kw_only=True):
    """One change: when (epoch ms), by which task, who is said to be its author, and as whom AWS knows them.

    `before` and `after` are what was said and is said now; empty for nothing.
    """

    at: int
    task: str
    kind: str
    id: str
    author: str
    caller: str
    reason: str
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}


def registered(entry: Entry) -> Write:
    """The write that lists an entry."""
    expires_at = entry.until // 1000 + ENDED_KEPT_SECONDS
    item = {**_registry_key(entry), **_as_item(entry), "expires_at": {"N": str(expires_at)}}
    return {"Put": {"Item": item}}


def unregistered(entry: Entry) -> Write:
    """The write after which an entry is no longer listed."""
    return {"Delete": {"Key": _registry_key(entry)}}


def audited(entry: AuditEntry, before: Entry | None, after: Entry | None) -> Write:
    """The write that keeps a change; none that is kept is written over."""
    entry = msgspec.structs.replace(entry, before=_builtins(before), after=_builtins(after))
    at = datetime.fromtimestamp(entry.at / 1000, UTC).isoformat(timespec="milliseconds")
    key = profile_items.profile_key(AUDIT, f"{at.replace('+00:00', 'Z')}#{uuid.uuid4().hex[:12]}")
    return {
        "Put": {
            "Item": {**key, **_as_item(entry)},
            "ConditionExpression": "attribute_not_exists(subject)",
        }
    }


def listings(table: ProfilesTable) -> list[Listing]:
    """The entries of all lists, also those that have ended: the block list first, then by kind and id."""
    found = _entries(table.entries(LISTS), Listing)
    return sorted(found, key=lambda entry: (entry.list == "allow", entry.kind, entry.id))


def snoozes(table: ProfilesTable) -> list[Snooze]:
    """All snoozes, also those that have ended: by kind and id."""
    return sorted(_entries(table.entries(SNOOZES), Snooze), key=lambda entry: (entry.kind, entry.id))


def changes(table: ProfilesTable) -> Iterator[AuditEntry]:
    """The trail, newest first."""
    return _entries(table.entries(AUDIT, newest_first=True), AuditEntry)


def _entries(items: Iterable[Item], model: type[Any]) -> Iterator[Any]:
    return (msgspec.json.decode(item["entry"]["S"], type=model) for item in items)


def _builtins(entry: Entry | None) -> dict[str, Any]:
    return {} if entry is None else dict(msgspec.to_builtins(entry))


def _as_item(entry: Struct) -> dict[str, Any]:
    return {"entry": {"S": msgspec.json.encode(entry).decode()}}


def _registry_key(entry: Entry) -> dict[str, Any]:
    if isinstance(entry, Listing):
        return profile_items.profile_key(LISTS, f"{entry.list}#{entry.kind}#{entry.id}")
    return profile_items.profile_key(SNOOZES, f"{entry.kind}#{entry.id}")
