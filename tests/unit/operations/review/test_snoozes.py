"""Snoozes: the state that functions read, the registry and the audit trail."""

import msgspec
import pytest

from functions.common.domain.overrides import ListEntry, Snooze
from functions.common.dynamodb import profile_items
from operations.review import audit_trail, block_allow_lists, snoozes
from operations.review.list_and_snooze_items import RULE_SNOOZES_KEY
from terminal.errors import UserError
from tests.unit.operations.review.analyst_fixture import AUTHOR, NOW, Analyst

HOUR_MS = 3_600_000
RULES = ("over-limit", "abroad")
KEY = profile_items.profile_key(profile_items.profile_subject("account", "a-1"))


class SnoozeAnalyst(Analyst):
    """Starts and ends snoozes, and reads them as functions do."""

    def snooze(self, kind: str, id_: str, until: str = "2h") -> str:
        return snoozes.start_snooze(
            self.open, kind, id_, reason="known", until=until, author="", rules=lambda: RULES, now_ms=self.now
        )

    def end(self, kind: str, id_: str) -> str:
        return snoozes.end_snooze(self.open, kind, id_, reason="", author="")

    def read_rule_snoozes(self) -> dict[str, Snooze]:
        item = self.fake.item(RULE_SNOOZES_KEY) or {}
        return msgspec.json.decode(item["snoozes"]["S"], type=dict[str, Snooze])

    def read_account_snooze(self) -> Snooze | None:
        return profile_items.decode_account("a-1", self.fake.item(KEY)).snooze


def test_account_snooze_is_in_the_profile() -> None:
    analyst = SnoozeAnalyst()
    assert "2026-01-05 14:01 UTC" in analyst.snooze("account", "a-1")
    snooze = analyst.read_account_snooze()
    assert snooze
    assert (snooze.until, snooze.author) == (NOW + 2 * HOUR_MS + 60_000, AUTHOR)
    assert audit_trail.read_snoozes(analyst.table) == [snooze]


def test_rule_snoozes_are_in_one_item() -> None:
    analyst = SnoozeAnalyst()
    analyst.snooze("rule", "abroad")
    analyst.snooze("rule", "over-limit")
    assert sorted(analyst.read_rule_snoozes()) == ["abroad", "over-limit"]
    assert [snooze.id for snooze in audit_trail.read_snoozes(analyst.table)] == ["abroad", "over-limit"]
    assert [change.task for change in audit_trail.read_changes(analyst.table)] == ["snooze", "snooze"]


def test_ended_snooze_is_in_the_audit_trail_only() -> None:
    analyst = SnoozeAnalyst()
    analyst.snooze("rule", "abroad")
    analyst.snooze("account", "a-1")
    analyst.now += 1
    analyst.end("rule", "abroad")
    analyst.end("account", "a-1")
    assert (
        analyst.read_rule_snoozes(),
        analyst.read_account_snooze(),
        audit_trail.read_snoozes(analyst.table),
    ) == ({}, None, [])
    assert [change.task for change in audit_trail.read_changes(analyst.table)][:2] == ["snooze --end"] * 2


def test_ending_a_missing_snooze_changes_nothing() -> None:
    analyst = SnoozeAnalyst()
    assert analyst.end("rule", "abroad").startswith("Nothing to change")
    assert analyst.end("account", "a-1").startswith("Nothing to change")
    assert analyst.fake.items == []


def test_same_snooze_again_changes_nothing_and_a_later_one_lasts_longer() -> None:
    analyst = SnoozeAnalyst()
    analyst.snooze("account", "a-1")
    assert analyst.snooze("account", "a-1").startswith("Nothing to change")
    analyst.now += HOUR_MS
    assert "15:01" in analyst.snooze("account", "a-1")
    assert len(audit_trail.read_snoozes(analyst.table)) == 1


def test_expired_rule_snoozes_are_removed_with_the_next_change() -> None:
    analyst = SnoozeAnalyst()
    analyst.snooze("rule", "abroad", "1m")
    analyst.now += HOUR_MS
    analyst.snooze("rule", "over-limit")
    assert list(analyst.read_rule_snoozes()) == ["over-limit"]


def test_snooze_and_list_entry_of_one_account_are_independent() -> None:
    analyst = SnoozeAnalyst()
    analyst.snooze("account", "a-1")
    block_allow_lists.add_to_list(
        analyst.open, "allow", "account", "a-1", reason="r", until="1d", author="", now_ms=NOW
    )
    analyst.end("account", "a-1")
    record = profile_items.decode_account("a-1", analyst.fake.item(KEY))
    assert record.snooze is None
    assert isinstance(record.list_entry, ListEntry)
    assert record.version == 3


def test_unknown_rule_is_refused_with_the_existing_ones() -> None:
    with pytest.raises(UserError) as raised:
        SnoozeAnalyst().snooze("rule", "abroadd")
    assert "'abroadd'" in raised.value.message
    assert "over-limit, abroad" in raised.value.hint


def test_snooze_of_a_deleted_rule_can_be_ended() -> None:
    assert "rule gone is not snoozed" in SnoozeAnalyst().end("rule", "gone")


def test_merchant_cannot_be_snoozed() -> None:
    with pytest.raises(UserError) as raised:
        SnoozeAnalyst().snooze("merchant", "m")
    assert "'merchant'" in raised.value.message
    assert "account or rule" in raised.value.hint
