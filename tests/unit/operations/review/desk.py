"""An analyst with a table of profiles of their own, and a clock that stands still."""

from typing import Any

from operations.review import audit_trail
from operations.review.entries import Sayings
from operations.review.profiles_table import ProfilesTable
from tests.unit.operations.fake_dynamodb import FakeTable

NOW = 1_767_614_400_000  # 2026-01-05 12:00 UTC
CALLER = "arn:aws:sts::123456789012:assumed-role/Analyst/jane"
AUTHOR = "assumed-role/Analyst/jane"


class Desk:
    """`sayings` of this analyst, on the table `fake`; `now` can be moved."""

    def __init__(self, table: FakeTable | None = None) -> None:
        self.fake = table or FakeTable()
        client: Any = self.fake
        self.table = ProfilesTable(client, "profiles", sleep=lambda _: None)
        self.now = NOW
        self.sayings = Sayings(self.table, CALLER, clock=lambda: self.now)

    def trail(self) -> list[audit_trail.AuditEntry]:
        return list(audit_trail.changes(self.table))
