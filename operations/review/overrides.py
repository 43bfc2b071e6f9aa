"""Sets and clears overrides.

A change writes the item that functions read, the registry and the audit trail in one transaction: no override
is without an audit entry, and it applies to the next decision.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic

import msgspec

from functions.common.dynamodb.client import Item
from functions.common.runtime.clock import Clock, now_ms
from operations.review import audit_trail
from operations.review.audit_trail import AuditEntry
from operations.review.list_and_snooze_items import OverrideItem, OverrideT
from operations.review.profiles_table import ProfilesTableClient, Write


@dataclass(frozen=True)
class OverrideChange(Generic[OverrideT]):
    """The override before and after a change; equal if nothing changed.

    `is_known` is false for an account or merchant without any counted transaction.
    """

    before: OverrideT | None
    after: OverrideT | None
    is_known: bool = True

    @property
    def changed(self) -> bool:
        return self.before != self.after


class Overrides:
    """Changes overrides on behalf of `caller`, the ARN of an AWS identity.

    The audit trail records the caller. An override without an author gets the name in the ARN. Audit entries
    are retained for `audit_retention_days`.
    """

    def __init__(
        self,
        table: ProfilesTableClient,
        caller: str,
        clock: Clock = now_ms,
        audit_retention_days: int = audit_trail.AUDIT_RETENTION_DAYS,
    ) -> None:
        self._table = table
        self._caller = caller
        self._clock = clock
        self._audit_retention_days = audit_retention_days

    def set(self, item: OverrideItem[OverrideT], override: OverrideT, task: str) -> OverrideChange[OverrideT]:
        """Store `override` unless an equal one is in force; author and time may differ. Raises UserError."""
        override = msgspec.structs.replace(override, author=self._author(override.author))

        def plan(stored: Item | None) -> tuple[list[Write], OverrideChange[OverrideT]]:
            before = self._read_active(item, stored)
            if before is not None and _is_same(before, override):
                return [], OverrideChange(before, before)
            audit_entry = self._audit_entry(task, override, override.author, override.reason)
            writes = [
                item.build_update(stored, override, self._clock()),
                audit_trail.build_registration(override),
                audit_trail.build_audit_record(audit_entry, before, override, self._audit_retention_days),
            ]
            if before is not None:
                deregistration = audit_trail.build_deregistration(before)
                # An entry that moves to the other list has another key in the registry.
                writes += (
                    [deregistration] if deregistration != audit_trail.build_deregistration(override) else []
                )
            return writes, OverrideChange(before, override, item.is_known(stored))

        return self._table.change(item.key, plan)

    def clear(
        self,
        item: OverrideItem[OverrideT],
        task: str,
        author: str,
        reason: str,
        check: Callable[[OverrideT], None] = lambda _: None,
    ) -> OverrideChange[OverrideT]:
        """Remove the override in force. `check` may raise an error to prevent it. Raises UserError."""

        def plan(stored: Item | None) -> tuple[list[Write], OverrideChange[OverrideT]]:
            before = self._read_active(item, stored)
            if before is None:
                return [], OverrideChange(None, None)
            check(before)
            audit_entry = self._audit_entry(task, before, self._author(author), reason)
            writes = [
                item.build_update(stored, None, self._clock()),
                audit_trail.build_deregistration(before),
                audit_trail.build_audit_record(audit_entry, before, None, self._audit_retention_days),
            ]
            return writes, OverrideChange(before, None)

        return self._table.change(item.key, plan)

    def _author(self, name: str) -> str:
        return name or author_from_arn(self._caller)

    def _read_active(self, item: OverrideItem[OverrideT], stored: Item | None) -> OverrideT | None:
        override = item.read(stored)
        return override if override is not None and override.until > self._clock() else None

    def _audit_entry(self, task: str, override: OverrideT, author: str, reason: str) -> AuditEntry:
        return AuditEntry(
            at=self._clock(),
            task=task,
            kind=override.kind,
            id=override.id,
            author=author,
            caller=self._caller,
            reason=reason,
        )


def author_from_arn(arn: str) -> str:
    """Return the name in the ARN of a caller, such as 'user/jane' or 'assumed-role/Analyst/jane'."""
    return arn.rpartition(":")[2] or arn


def _is_same(before: OverrideT, override: OverrideT) -> bool:
    return msgspec.structs.replace(override, author=before.author, added_at=before.added_at) == before
