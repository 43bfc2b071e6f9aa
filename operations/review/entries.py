"""Says something of an account, merchant or rule, or takes it back: at once, and never without a trace."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic

import msgspec

from functions.common.dynamodb.client import Item
from functions.common.runtime.clock import Clock, now_ms
from operations.review import audit_trail
from operations.review.audit_trail import AuditEntry
from operations.review.entry_items import Place, Said
from operations.review.profiles_table import ProfilesTable, Write


def author_of(arn: str) -> str:
    """The part of a caller's ARN that says who it is: 'user/jane', 'assumed-role/Analyst/jane'."""
    return arn.rpartition(":")[2] or arn


@dataclass(frozen=True)
class Change(Generic[Said]):
    """What was in force before, and what is now; the same if nothing was changed."""

    before: Said | None
    after: Said | None

    @property
    def changed(self) -> bool:
        """Whether anything was written."""
        return self.before != self.after


class Sayings:
    """`caller` is the ARN of whoever calls: kept in the trail beside the author, who can be anybody.

    Where no author is named, it is the caller.
    """

    def __init__(self, table: ProfilesTable, caller: str, clock: Clock = now_ms) -> None:
        self._table = table
        self._caller = caller
        self._clock = clock

    def say(self, place: Place[Said], said: Said, task: str) -> Change[Said]:
        """Have it said from now on; what is the same but for author and time is left as it is.

        Raises UserError.
        """
        said = msgspec.structs.replace(said, author=self._author(said.author))

        def plan(item: Item | None) -> tuple[list[Write], Change[Said]]:
            before = self._in_force(place, item)
            if before is not None and _same(before, said):
                return [], Change(before, before)
            writes = [
                place.update(item, said, self._clock()),
                audit_trail.registered(said),
                audit_trail.audited(self._entry(task, said, said.author, said.reason), before, said),
            ]
            if before is not None and audit_trail.unregistered(before) != audit_trail.unregistered(said):
                writes.append(audit_trail.unregistered(before))
            return writes, Change(before, said)

        return self._table.change(place.key, plan)

    def unsay(
        self,
        place: Place[Said],
        task: str,
        author: str,
        reason: str,
        check: Callable[[Said], None] = lambda _: None,
    ) -> Change[Said]:
        """Take back what is in force, unless `check` raises something against it. Raises UserError."""

        def plan(item: Item | None) -> tuple[list[Write], Change[Said]]:
            before = self._in_force(place, item)
            if before is None:
                return [], Change(None, None)
            check(before)
            return [
                place.update(item, None, self._clock()),
                audit_trail.unregistered(before),
                audit_trail.audited(self._entry(task, before, self._author(author), reason), before, None),
            ], Change(before, None)

        return self._table.change(place.key, plan)

    def _author(self, named: str) -> str:
        return named or author_of(self._caller)

    def _in_force(self, place: Place[Said], item: Item | None) -> Said | None:
        said = place.said(item)
        return said if said is not None and said.until > self._clock() else None

    def _entry(self, task: str, about: Said, author: str, reason: str) -> AuditEntry:
        return AuditEntry(
            at=self._clock(),
            task=task,
            kind=about.kind,
            id=about.id,
            author=author,
            caller=self._caller,
            reason=reason,
        )


def _same(before: Said, said: Said) -> bool:
    return msgspec.structs.replace(said, author=before.author, added_at=before.added_at) == before
