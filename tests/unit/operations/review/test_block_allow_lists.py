"""Lists: the entry that functions read, the registry, and the audit trail of every change."""

from typing import Any

import msgspec
import pytest

from functions.common.domain.account_profile import AccountProfile
from functions.common.domain.overrides import ListEntry
from functions.common.dynamodb import profile_items
from operations.review import audit_trail, block_allow_lists
from terminal.errors import UserError
from tests.unit.operations.fake_dynamodb import FakeTable, cancelled, denied
from tests.unit.operations.review.analyst_fixture import AUTHOR, CALLER, NOW, Analyst

DAY_MS = 86_400_000
KEY = profile_items.profile_key(profile_items.profile_subject("account", "a-1"))


class ListAnalyst(Analyst):
    """Adds account a-1 to lists and removes it."""

    def add(self, list_: str = "block", id_: str = "a-1", **changes: str) -> str:
        options = {"reason": "stolen card", "until": "90d", "author": "", **changes}
        return block_allow_lists.add_to_list(self.open, list_, "account", id_, **options, now_ms=self.now)

    def remove(self, list_: str = "block") -> str:
        return block_allow_lists.remove_from_list(
            self.open, list_, "account", "a-1", reason="cleared", author=""
        )

    def profile(self) -> dict[str, Any]:
        return self.fake.item(KEY) or {}

    def listing(self) -> ListEntry | None:
        return profile_items.decode_account("a-1", self.profile()).list_entry


def test_new_entry_is_in_the_profile_the_registry_and_the_audit_trail() -> None:
    analyst = ListAnalyst()
    assert "2026-04-05" in analyst.add()
    entry = analyst.listing()
    assert entry
    assert (entry.list, entry.reason, entry.author) == (
        "block",
        "stolen card",
        AUTHOR,
    )
    assert audit_trail.read_list_entries(analyst.table) == [entry]
    [change] = analyst.read_changes()
    assert (change.task, change.id, change.caller, change.before) == ("lists.add", "a-1", CALLER, {})
    assert msgspec.convert(change.after, ListEntry) == entry


def test_profile_that_an_entry_created_is_readable_by_functions() -> None:
    analyst = ListAnalyst()
    analyst.add()
    record = profile_items.decode_account("a-1", analyst.profile())
    assert (record.version, record.profile) == (1, AccountProfile())


def test_profile_does_not_expire_before_its_entry() -> None:
    analyst = ListAnalyst()
    analyst.add(until="2030-12-31")
    entry = analyst.listing()
    assert entry
    assert int(analyst.profile()["expires_at"]["N"]) * 1000 >= entry.until


def test_entry_keeps_the_counts_and_increments_the_version() -> None:
    counted = {**KEY, "version": {"N": "7"}, "state": {"B": b"x"}, "format": {"N": "1"}}
    analyst = ListAnalyst(FakeTable(items=[counted]))
    analyst.add(until="1d")
    profile = analyst.profile()
    assert (profile["version"], profile["state"]) == ({"N": "8"}, {"B": b"x"})
    assert int(profile["expires_at"]["N"]) == NOW // 1000 + profile_items.RETENTION_SECONDS


@pytest.mark.parametrize(("attributes", "is_noted"), [({"state": {"B": b"x"}}, False), ({}, True)])
def test_entry_for_an_id_without_transactions_is_added_with_a_note(
    attributes: dict[str, Any], is_noted: bool
) -> None:
    analyst = ListAnalyst(FakeTable(items=[{**KEY, "version": {"N": "7"}, **attributes}]))
    assert ("Note: " in analyst.add()) is is_noted
    assert "listing" in analyst.profile()


def test_same_entry_again_changes_nothing() -> None:
    analyst = ListAnalyst()
    analyst.add()
    before = list(analyst.fake.items)
    analyst.now += 60_000
    assert analyst.add(author="jo").startswith("Nothing to change")
    assert analyst.fake.items == before


def test_another_end_time_changes_the_entry() -> None:
    analyst = ListAnalyst()
    analyst.add()
    assert "2026-12-31" in analyst.add(until="2026-12-31")
    assert len(audit_trail.read_list_entries(analyst.table)) == 1
    assert len(analyst.read_changes()) == 2


def test_adding_to_the_other_list_moves_the_entry() -> None:
    analyst = ListAnalyst()
    analyst.add()
    analyst.now += 1
    analyst.add("allow")
    assert [entry.list for entry in audit_trail.read_list_entries(analyst.table)] == ["allow"]
    assert analyst.read_changes()[0].before["list"] == "block"


def test_removed_entry_is_in_the_audit_trail_only() -> None:
    analyst = ListAnalyst()
    analyst.add(author="jo")
    analyst.now += 1
    analyst.remove()
    assert analyst.listing() is None
    assert audit_trail.read_list_entries(analyst.table) == []
    newest, oldest = analyst.read_changes()
    assert (newest.task, newest.reason, newest.author) == (
        "lists.remove",
        "cleared",
        AUTHOR,
    )
    assert (newest.before, newest.after) == (oldest.after, {})
    assert oldest.author == "jo"


def test_removing_a_missing_entry_changes_nothing() -> None:
    analyst = ListAnalyst()
    assert analyst.remove().startswith("Nothing to change")
    assert analyst.fake.items == []


def test_removing_from_the_wrong_list_is_refused() -> None:
    analyst = ListAnalyst()
    analyst.add("allow")
    with pytest.raises(UserError) as raised:
        analyst.remove("block")
    assert "invoke lists.remove allow account a-1 --reason cleared" in raised.value.hint
    assert analyst.listing()


def test_expired_entry_does_not_prevent_a_new_one() -> None:
    analyst = ListAnalyst()
    analyst.add(until="1d")
    analyst.now += 3 * DAY_MS
    assert analyst.remove().startswith("Nothing to change")
    analyst.add("allow")
    entry = analyst.listing()
    assert entry
    assert entry.list == "allow"
    assert analyst.read_changes()[0].before == {}


def test_concurrent_change_of_the_counts_does_not_prevent_an_entry() -> None:
    counted = {**KEY, "version": {"N": "7"}, "state": {"B": b"x"}}
    table = FakeTable(items=[counted])
    table.before_write = lambda: counted.update(version={"N": "8"})
    analyst = ListAnalyst(table)
    analyst.add()
    assert (table.writes, analyst.profile()["version"]) == (1, {"N": "9"})


def test_second_of_two_concurrent_writers_moves_the_entry_of_the_first() -> None:
    analyst = ListAnalyst()
    second = ListAnalyst(analyst.fake)
    # The audit trail has no order for entries of the same millisecond.
    analyst.now += 1

    def meanwhile() -> None:
        analyst.fake.before_write = lambda: None
        second.add("allow")

    analyst.fake.before_write = meanwhile
    analyst.add("block")
    newest, oldest = analyst.read_changes()
    assert (newest.before["list"], newest.after["list"], oldest.after["list"]) == ("allow", "block", "allow")
    assert [entry.list for entry in audit_trail.read_list_entries(analyst.table)] == ["block"]


def test_conflict_is_retried_and_a_busy_table_is_a_user_error() -> None:
    analyst = ListAnalyst(FakeTable(errors=[cancelled("TransactionConflict")]))
    analyst.add()
    assert analyst.listing()
    busy = ListAnalyst(FakeTable(errors=[cancelled("TransactionConflict")] * 99))
    with pytest.raises(UserError):
        busy.add()
    assert busy.listing() is None


def test_aws_error_becomes_a_user_error() -> None:
    with pytest.raises(UserError) as raised:
        ListAnalyst(FakeTable(errors=[denied("TransactWriteItems")])).add()
    assert "TransactWriteItems" in raised.value.message


@pytest.mark.parametrize(
    ("changes", "facts"),
    [
        ({"list_": "grey"}, ("list", "'grey'", "block or allow")),
        ({"kind": "card"}, ("kind", "'card'", "account or merchant")),
        ({"id_": "a 1"}, ("account id", "'a 1'")),
        ({"id_": "ä"}, ("account id", "'ä'", "letters, digits")),
        ({"reason": "  "}, ("--reason",)),
        ({"reason": "x" * 201}, ("--reason", "200")),
        ({"reason": "bad\x00"}, ("--reason", "control characters")),
        ({"until": ""}, ("--until",)),
        ({"until": "soon"}, ("--until", "soon")),
        ({"until": "2020-01-01"}, ("--until", "2020-01-01")),
    ],
)
def test_invalid_argument_is_named_on_one_line_before_the_table_is_opened(
    changes: dict[str, str], facts: tuple[str, ...]
) -> None:
    valid = {"list_": "block", "kind": "account", "id_": "a", "reason": "r", "until": "1d", "author": ""}
    with pytest.raises(UserError) as raised:
        block_allow_lists.add_to_list(lambda: pytest.fail("opened"), **{**valid, **changes}, now_ms=NOW)
    assert [fact for fact in facts if fact not in str(raised.value)] == []
    assert "\n" not in str(raised.value)


def test_all_pages_of_the_registry_are_read_in_order() -> None:
    analyst = ListAnalyst(FakeTable(page_size=2))
    for number in (3, 1, 2, 5, 4):
        analyst.add(id_=f"a-{number}")
    analyst.add("allow", id_="a-0")
    assert [entry.id for entry in audit_trail.read_list_entries(analyst.table)] == [
        "a-1",
        "a-2",
        "a-3",
        "a-4",
        "a-5",
        "a-0",
    ]
