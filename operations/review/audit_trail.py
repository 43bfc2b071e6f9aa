"""Registry of overrides, which lists them without a scan of the profiles, and the audit trail."""

import uuid
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import Struct

from functions.common.domain.overrides import ListEntry, Snooze
from functions.common.dynamodb import profile_items
from functions.common.dynamodb.client import Item
from operations.review.profiles_table import ProfilesTableClient, Write

LISTS = "lists"
SNOOZES = "snoozes"
AUDIT = "audit"
# Expired overrides stay in the registry for this time.
EXPIRED_RETENTION_SECONDS = 90 * 86_400
# The default of the setting `auditRetentionDays`.
AUDIT_RETENTION_DAYS = 1825

Entry = ListEntry | Snooze


class AuditEntry(Struct, frozen=True, kw_only=True):
    """One change of an override.

    `at` is its time in epoch milliseconds, `task` the task that made it, `author` the name that the user
    gave, and `caller` the ARN of the AWS identity. `before` and `after` are the override's fields, or empty.
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


def build_registration(entry: Entry) -> Write:
    """Return the write that adds an override to the registry."""
    expires_at = entry.until // 1000 + EXPIRED_RETENTION_SECONDS
    item = {**_registry_key(entry), **_encode_entry(entry), "expires_at": {"N": str(expires_at)}}
    return {"Put": {"Item": item}}


def build_deregistration(entry: Entry) -> Write:
    """Return the write that removes an override from the registry."""
    return {"Delete": {"Key": _registry_key(entry)}}


def build_audit_record(
    entry: AuditEntry,
    before: Entry | None,
    after: Entry | None,
    retention_days: int = AUDIT_RETENTION_DAYS,
) -> Write:
    """Return the write that adds a change to the audit trail. It fails rather than replace an entry."""
    entry = msgspec.structs.replace(entry, before=_to_fields(before), after=_to_fields(after))
    time = datetime.fromtimestamp(entry.at / 1000, UTC).isoformat(timespec="milliseconds")
    expires_at = entry.at // 1000 + retention_days * 86_400
    key = profile_items.profile_key(AUDIT, f"{time.replace('+00:00', 'Z')}#{uuid.uuid4().hex[:12]}")
    return {
        "Put": {
            "Item": {**key, **_encode_entry(entry), "expires_at": {"N": str(expires_at)}},
            "ConditionExpression": "attribute_not_exists(subject)",
        }
    }


def read_list_entries(table: ProfilesTableClient) -> list[ListEntry]:
    """Return the entries of both lists, including expired ones: the block list first, then by kind and id."""
    entries = _decode_entries(table.entries(LISTS), ListEntry)
    return sorted(entries, key=lambda entry: (entry.list == "allow", entry.kind, entry.id))


def read_snoozes(table: ProfilesTableClient) -> list[Snooze]:
    """Return all snoozes, including expired ones, by kind and id."""
    return sorted(_decode_entries(table.entries(SNOOZES), Snooze), key=lambda entry: (entry.kind, entry.id))


def read_changes(table: ProfilesTableClient) -> Iterator[AuditEntry]:
    """Yield the audit trail, newest first."""
    return _decode_entries(table.entries(AUDIT, newest_first=True), AuditEntry)


def _decode_entries(items: Iterable[Item], model: type[Any]) -> Iterator[Any]:
    return (msgspec.json.decode(item["entry"]["S"], type=model) for item in items)


def _encode_entry(entry: Struct) -> dict[str, Any]:
    return {"entry": {"S": msgspec.json.encode(entry).decode()}}


def _to_fields(entry: Entry | None) -> dict[str, Any]:
    return {} if entry is None else dict(msgspec.to_builtins(entry))


def _registry_key(entry: Entry) -> dict[str, Any]:
    if isinstance(entry, ListEntry):
        return profile_items.profile_key(LISTS, f"{entry.list}#{entry.kind}#{entry.id}")
    return profile_items.profile_key(SNOOZES, f"{entry.kind}#{entry.id}")
