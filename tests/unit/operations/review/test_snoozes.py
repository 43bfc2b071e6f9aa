"""Snoozes: what functions read of them, and what is left of them."""

import msgspec
import pytest

from functions.common.domain.lists_and_snoozes import Listing, Snooze
from functions.common.dynamodb import profile_items
from operations.review import audit_trail, lists, snoozes
from operations.review.entry_items import CONTROL
from terminal.errors import UserError
from tests.unit.operations.review.desk import AUTHOR, NOW, Desk

HOUR_MS = 3_600_000
RULES = ("over-limit", "abroad")
KEY = profile_items.profile_key(profile_items.profile_subject("account", "a-1"))


class SnoozeDesk(Desk):
    """Snoozes, and looks as functions do."""

    def snooze(self, kind: str, id_: str, until: str = "2h") -> str:
        entry = snoozes.entry(
            kind, id_, reason="known", until=until, author="", rules=lambda: RULES, now_ms=self.now
        )
        return snoozes.start(self.sayings, entry)

    def end(self, kind: str, id_: str) -> str:
        return snoozes.end(self.sayings, snoozes.ending(kind, id_, reason="", author=""))

    def of_rules(self) -> dict[str, Snooze]:
        """As the fraud function reads them."""
        item = self.fake.item(CONTROL) or {}
        return msgspec.json.decode(item["snoozes"]["S"], type=dict[str, Snooze])

    def of_account(self) -> Snooze | None:
        return profile_items.read_account("a-1", self.fake.item(KEY)).snooze


def test_an_account_is_snoozed_on_its_profile() -> None:
    desk = SnoozeDesk()
    assert desk.snooze("account", "a-1") == "Nobody is told of account a-1 until 2026-01-05 14:01 UTC."
    snooze = desk.of_account()
    assert snooze
    assert (snooze.until, snooze.author) == (NOW + 2 * HOUR_MS + 60_000, AUTHOR)
    assert audit_trail.snoozes(desk.table) == [snooze]


def test_a_rule_is_snoozed_where_functions_look_for_those_of_all_rules() -> None:
    desk = SnoozeDesk()
    assert "what only rule abroad finds suspicious" in desk.snooze("rule", "abroad")
    desk.snooze("rule", "over-limit")
    assert sorted(desk.of_rules()) == ["abroad", "over-limit"]
    assert [each.id for each in audit_trail.snoozes(desk.table)] == ["abroad", "over-limit"]
    assert [change.task for change in audit_trail.changes(desk.table)] == ["snooze", "snooze"]


def test_a_snooze_that_is_ended_leaves_only_a_trace() -> None:
    desk = SnoozeDesk()
    desk.snooze("rule", "abroad")
    desk.snooze("account", "a-1")
    desk.now += 1
    assert desk.end("rule", "abroad") == "rule abroad is no longer snoozed."
    assert desk.end("account", "a-1") == "account a-1 is no longer snoozed."
    assert (desk.of_rules(), desk.of_account(), audit_trail.snoozes(desk.table)) == ({}, None, [])
    assert [change.task for change in audit_trail.changes(desk.table)][:2] == ["snooze --end"] * 2


def test_ending_what_is_not_snoozed_changes_nothing() -> None:
    desk = SnoozeDesk()
    assert desk.end("rule", "abroad") == "Nothing to change: rule abroad is not snoozed."
    assert desk.end("account", "a-1") == "Nothing to change: account a-1 is not snoozed."
    assert desk.fake.items == []


def test_the_same_again_changes_nothing_and_later_it_lasts_longer() -> None:
    desk = SnoozeDesk()
    desk.snooze("account", "a-1")
    assert desk.snooze("account", "a-1").startswith("Nothing to change: account a-1 is snoozed until")
    desk.now += HOUR_MS
    assert "15:01" in desk.snooze("account", "a-1")
    assert len(audit_trail.snoozes(desk.table)) == 1


def test_snoozes_of_rules_that_have_ended_are_dropped_with_the_next_change() -> None:
    desk = SnoozeDesk()
    desk.snooze("rule", "abroad", "1m")
    desk.now += HOUR_MS
    desk.snooze("rule", "over-limit")
    assert list(desk.of_rules()) == ["over-limit"]


def test_a_snooze_and_a_list_do_not_touch_each_other() -> None:
    desk = SnoozeDesk()
    desk.snooze("account", "a-1")
    listing = lists.entry("allow", "account", "a-1", reason="r", until="1d", author="", now_ms=NOW)
    lists.add(desk.sayings, listing)
    desk.end("account", "a-1")
    kept = profile_items.read_account("a-1", desk.fake.item(KEY))
    assert kept.snooze is None
    assert isinstance(kept.listing, Listing)
    assert kept.version == 3


def test_an_unknown_rule_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(UserError, match=r"no rule 'abroadd'\. Rules are: over-limit, abroad"):
        SnoozeDesk().snooze("rule", "abroadd")


def test_a_rule_that_there_is_no_more_can_be_woken() -> None:
    assert snoozes.ending("rule", "gone", reason="", author="").id == "gone"


def test_a_merchant_cannot_be_snoozed() -> None:
    with pytest.raises(UserError, match="Say account or rule"):
        SnoozeDesk().snooze("merchant", "m")
