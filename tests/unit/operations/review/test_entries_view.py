"""What is shown of lists, snoozes and the trail."""

import json

import pytest

from functions.common.domain.lists_and_snoozes import Listing, Snooze
from operations.review.audit_trail import AuditEntry
from operations.review.entries_view import show_changes, show_lists, show_snoozes

NOW = 1_767_614_400_000  # 2026-01-05 12:00 UTC
DAY_MS = 86_400_000


def listing(list_: str, id_: str, days: float) -> Listing:
    return Listing(
        list=list_,  # type: ignore[arg-type]
        kind="account",
        id=id_,
        reason="[red]stolen[/red]",
        author="user/jane",
        added_at=NOW,
        until=NOW + int(days * DAY_MS),
    )


ENTRIES = [listing("block", "a-1", 3.5), listing("block", "a-2", -2.5), listing("allow", "a-3", 1)]


def test_entries_in_force_are_shown_with_their_end_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    show_lists(ENTRIES, NOW, only="", ended=False)
    shown = capsys.readouterr().out
    assert "the end of 2026-01-08, in 3 days" in shown
    assert "[red]stolen[/red]" in shown
    assert "a-3" in shown
    assert "a-2" not in shown
    assert "\x1b" not in shown


def test_one_list_can_be_shown_with_what_has_ended(capsys: pytest.CaptureFixture[str]) -> None:
    show_lists(ENTRIES, NOW, only="block", ended=True)
    shown = capsys.readouterr().out
    assert "the end of 2026-01-02, 2 days ago" in shown
    assert "a-3" not in shown


def test_scripts_are_told_what_is_in_force(capsys: pytest.CaptureFixture[str]) -> None:
    show_lists(ENTRIES, NOW, only="", ended=True, as_json=True)
    found = json.loads(capsys.readouterr().out)
    assert [(each["id"], each["in_force"]) for each in found] == [
        ("a-1", True),
        ("a-2", False),
        ("a-3", True),
    ]


def test_nothing_is_a_sentence_for_people_and_an_empty_array_for_scripts(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show_lists([], NOW, only="block", ended=False)
    show_snoozes([], NOW, ended=False)
    show_changes([])
    assert capsys.readouterr().out.startswith("Nothing is on the block list. Add: invoke lists.add block")
    show_lists([], NOW, only="", ended=False, as_json=True)
    show_snoozes([], NOW, ended=False, as_json=True)
    show_changes([], as_json=True)
    assert capsys.readouterr().out == "[]\n[]\n[]\n"


def test_snoozes_are_shown_with_their_end(capsys: pytest.CaptureFixture[str]) -> None:
    until = NOW + 7_200_000
    show_snoozes(
        [Snooze(kind="rule", id="abroad", reason="fair", author="jo", added_at=NOW, until=until)],
        NOW,
        ended=False,
    )
    shown = capsys.readouterr().out
    assert "abroad" in shown
    assert "2026-01-05 14:00 UTC, in 2 h" in shown


def test_a_change_is_shown_with_what_was_before_and_who_it_was(capsys: pytest.CaptureFixture[str]) -> None:
    change = AuditEntry(
        at=NOW, task="lists.add", kind="account", id="a-1", author="jo", caller="arn:jane", reason="r",
        before={"list": "block", "until": NOW}, after={"until": NOW + 12 * 3_600_000},
    )  # fmt: skip
    show_changes([change])
    shown = capsys.readouterr().out
    for part in ("2026-01-05 12:00:00 UTC", "block list until 2026-01-05 12:00 UTC", "arn:jane"):
        assert part in shown
    assert "snoozed until the end of 2026-01-05" in shown
