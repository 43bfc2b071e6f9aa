"""Lists: what functions read of them, what is listed, and that no change is without a trace."""

from typing import Any

import msgspec
import pytest

from functions.common.domain.lists_and_snoozes import Listing
from functions.common.domain.profiles import AccountProfile
from functions.common.dynamodb import profile_items
from operations.review import audit_trail, lists
from terminal.errors import UserError
from tests.unit.operations.fake_dynamodb import FakeTable, cancelled, denied
from tests.unit.operations.review.desk import AUTHOR, CALLER, NOW, Desk

DAY_MS = 86_400_000
KEY = profile_items.profile_key(profile_items.profile_subject("account", "a-1"))


class ListDesk(Desk):
    """Puts account a-1 on lists and takes it off."""

    def add(self, list_: str = "block", id_: str = "a-1", **typed: str) -> str:
        options = {"reason": "stolen card", "until": "90d", "author": "", **typed}
        return lists.add(self.sayings, lists.entry(list_, "account", id_, **options, now_ms=self.now))  # type: ignore[arg-type]

    def remove(self, list_: str = "block") -> str:
        return lists.remove(self.sayings, lists.removal(list_, "account", "a-1", reason="cleared", author=""))

    def profile(self) -> dict[str, Any]:
        return self.fake.item(KEY) or {}

    def listing(self) -> Listing | None:
        return profile_items.read_account("a-1", self.profile()).listing


def test_a_new_entry_is_on_the_profile_in_the_registry_and_in_the_trail() -> None:
    desk = ListDesk()
    assert desk.add() == "account a-1 is on the block list until the end of 2026-04-05."
    listed = desk.listing()
    assert listed
    assert (listed.list, listed.reason, listed.author) == (
        "block",
        "stolen card",
        AUTHOR,
    )
    assert audit_trail.listings(desk.table) == [listed]
    [change] = desk.trail()
    assert (change.task, change.id, change.caller, change.before) == ("lists.add", "a-1", CALLER, {})
    assert msgspec.convert(change.after, Listing) == listed


def test_a_profile_that_a_list_made_is_one_that_functions_can_count_on() -> None:
    desk = ListDesk()
    desk.add()
    kept = profile_items.read_account("a-1", desk.profile())
    assert (kept.version, kept.profile) == (1, AccountProfile())


def test_ttl_does_not_remove_a_profile_before_its_entry_ends() -> None:
    desk = ListDesk()
    desk.add(until="2030-12-31")
    listed = desk.listing()
    assert listed
    assert int(desk.profile()["expires_at"]["N"]) * 1000 >= listed.until


def test_an_entry_leaves_what_was_counted_as_it_is_and_raises_the_version() -> None:
    counted = {**KEY, "version": {"N": "7"}, "state": {"B": b"x"}, "format": {"N": "1"}}
    desk = ListDesk(FakeTable(items=[counted]))
    desk.add(until="1d")
    profile = desk.profile()
    assert (profile["version"], profile["state"]) == ({"N": "8"}, {"B": b"x"})
    assert int(profile["expires_at"]["N"]) == NOW // 1000 + profile_items.KEPT_SECONDS


def test_the_same_again_changes_nothing_and_says_so() -> None:
    desk = ListDesk()
    desk.add()
    before = list(desk.fake.items)
    desk.now += 60_000
    assert desk.add(author="somebody else").startswith("Nothing to change: account a-1 is on the block list")
    assert desk.fake.items == before


def test_another_end_is_a_change() -> None:
    desk = ListDesk()
    desk.add()
    assert desk.add(until="2026-12-31") == (
        "account a-1 stays on the block list, now until the end of 2026-12-31."
    )
    assert len(audit_trail.listings(desk.table)) == 1
    assert len(desk.trail()) == 2


def test_adding_to_the_other_list_moves_it() -> None:
    desk = ListDesk()
    desk.add()
    desk.now += 1
    assert "moved from the block list to the allow list" in desk.add("allow")
    assert [entry.list for entry in audit_trail.listings(desk.table)] == ["allow"]
    assert desk.trail()[0].before["list"] == "block"


def test_a_removed_entry_is_gone_but_in_the_trail() -> None:
    desk = ListDesk()
    desk.add(author="jo")
    desk.now += 1
    assert desk.remove() == "account a-1 is off the block list."
    assert desk.listing() is None
    assert audit_trail.listings(desk.table) == []
    newest, oldest = desk.trail()
    assert (newest.task, newest.reason, newest.author) == (
        "lists.remove",
        "cleared",
        AUTHOR,
    )
    assert (newest.before, newest.after) == (oldest.after, {})
    assert oldest.author == "jo"


def test_removing_what_is_on_no_list_changes_nothing() -> None:
    desk = ListDesk()
    assert desk.remove() == "Nothing to change: account a-1 is on no list."
    assert desk.fake.items == []


def test_removing_from_the_wrong_list_is_refused() -> None:
    desk = ListDesk()
    desk.add("allow")
    with pytest.raises(
        UserError, match=r"on the allow list, not on the block list.*lists.remove allow account"
    ):
        desk.remove("block")
    assert desk.listing()


def test_an_entry_that_has_ended_is_not_in_the_way_of_a_new_one() -> None:
    desk = ListDesk()
    desk.add(until="1d")
    desk.now += 3 * DAY_MS
    assert desk.remove() == "Nothing to change: account a-1 is on no list."
    assert desk.add("allow").startswith("account a-1 is on the allow list")
    assert desk.trail()[0].before == {}


def test_a_profile_that_changes_meanwhile_does_not_keep_an_entry_out() -> None:
    counted = {**KEY, "version": {"N": "7"}, "state": {"B": b"x"}}
    table = FakeTable(items=[counted])
    table.before_write = lambda: counted.update(version={"N": "8"})
    desk = ListDesk(table)
    desk.add()
    assert (table.writes, desk.profile()["version"]) == (1, {"N": "9"})


def test_of_two_who_list_at_once_the_second_sees_the_first() -> None:
    desk = ListDesk()
    other = ListDesk(desk.fake)

    def meanwhile() -> None:
        desk.fake.before_write = lambda: None
        other.add("allow")

    desk.fake.before_write = meanwhile
    assert "moved from the allow list" in desk.add("block")


def test_a_conflict_is_tried_again_and_a_table_that_stays_busy_is_said() -> None:
    desk = ListDesk(FakeTable(errors=[cancelled("TransactionConflict")]))
    assert "is on the block list" in desk.add()
    busy = ListDesk(FakeTable(errors=[cancelled("TransactionConflict")] * 99))
    with pytest.raises(UserError, match="busy"):
        busy.add()


def test_a_refusal_of_aws_is_one_line() -> None:
    with pytest.raises(UserError, match="AWS refuses TransactWriteItems: not allowed"):
        ListDesk(FakeTable(errors=[denied("TransactWriteItems")])).add()


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"list_": "grey"}, "no list 'grey'. Say block or allow"),
        ({"kind": "card"}, "no kind 'card'. Say account or merchant"),
        ({"id_": "a 1"}, "'a 1' is no account id"),
        ({"id_": "ä"}, "letters, digits"),
        ({"reason": "  "}, "--reason is missing"),
        ({"reason": "x" * 201}, "up to 200 characters"),
        ({"reason": "bad\x00"}, "control characters"),
        ({"until": ""}, "--until is missing"),
        ({"until": "soon"}, "is no time"),
        ({"until": "2020-01-01"}, "over already"),
    ],
)
def test_what_is_wrong_with_an_entry_is_said_in_one_line(typed: dict[str, str], said: str) -> None:
    right = {"list_": "block", "kind": "account", "id_": "a", "reason": "r", "until": "1d", "author": ""}
    with pytest.raises(UserError) as error:
        lists.entry(**{**right, **typed}, now_ms=NOW)  # type: ignore[arg-type]
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_all_pages_of_the_registry_are_read_in_their_order() -> None:
    desk = ListDesk(FakeTable(page_size=2))
    for number in (3, 1, 2, 5, 4):
        desk.add(id_=f"a-{number}")
    desk.add("allow", id_="a-0")
    assert [entry.id for entry in audit_trail.listings(desk.table)] == [
        "a-1",
        "a-2",
        "a-3",
        "a-4",
        "a-5",
        "a-0",
    ]
