"""An analyst who changes overrides in a fake table, with a fixed clock."""

from typing import Any

from operations.review import audit_trail
from operations.review.overrides import Overrides
from operations.review.profiles_table import ProfilesTableClient
from tests.unit.operations.fake_dynamodb import FakeTable

NOW = 1_767_614_400_000  # 2026-01-05 12:00 UTC
CALLER = "arn:aws:sts::123456789012:assumed-role/Analyst/jane"
AUTHOR = "assumed-role/Analyst/jane"


class Analyst:
    """The `overrides` of one caller on the table `fake`. Tests may change `now`."""

    def __init__(self, table: FakeTable | None = None) -> None:
        self.fake = table or FakeTable()
        client: Any = self.fake
        self.table = ProfilesTableClient(client, "profiles", sleep=lambda _: None)
        self.now = NOW
        self.overrides = Overrides(self.table, CALLER, clock=lambda: self.now)

    def open(self) -> Overrides:
        return self.overrides

    def read_changes(self) -> list[audit_trail.AuditEntry]:
        return list(audit_trail.read_changes(self.table))
