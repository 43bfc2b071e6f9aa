"""Lists, snoozes and the audit trail as tables and JSON."""

import json

import pytest

from functions.common.domain.overrides import ListEntry, Snooze
from operations.review.audit_trail import AuditEntry
from operations.review.overrides_view import show_changes, show_lists, show_snoozes

NOW = 1_767_614_400_000  # 2026-01-05 12:00 UTC
DAY_MS = 86_400_000


def listing(list_: str, id_: str, days: float) -> ListEntry:
    return ListEntry(
        list=list_,  # type: ignore[arg-type]
        kind="account",
        id=id_,
        reason="[red]stolen[/red]",
        author="user/jane",
        added_at=NOW,
        until=NOW + int(days * DAY_MS),
    )


ENTRIES = [listing("block", "a-1", 3.5), listing("block", "a-2", -2.5), listing("allow", "a-3", 1)]


def test_entries_in_force_are_shown_with_their_end(capsys: pytest.CaptureFixture[str]) -> None:
    show_lists(ENTRIES, NOW, only="", ended=False)
    output = capsys.readouterr().out
    assert "the end of 2026-01-08, in 3 days" in output
    assert "[red]stolen[/red]" in output
    assert "a-3" in output
    assert "a-2" not in output
    assert "\x1b" not in output


def test_one_list_is_shown_with_expired_entries(capsys: pytest.CaptureFixture[str]) -> None:
    show_lists(ENTRIES, NOW, only="block", ended=True)
    output = capsys.readouterr().out
    assert "the end of 2026-01-02, 2 days ago" in output
    assert "a-3" not in output


def test_json_has_the_entries_that_are_in_force(capsys: pytest.CaptureFixture[str]) -> None:
    show_lists(ENTRIES, NOW, only="", ended=True, as_json=True)
    entries = json.loads(capsys.readouterr().out)
    assert [(entry["id"], entry["in_force"]) for entry in entries] == [
        ("a-1", True),
        ("a-2", False),
        ("a-3", True),
    ]


def test_empty_result_is_a_hint_and_an_empty_json_array(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show_lists([], NOW, only="block", ended=False)
    show_snoozes([], NOW, ended=False)
    show_changes([])
    lists_hint, snoozes_hint, _ = capsys.readouterr().out.splitlines()
    assert "invoke lists.add block" in lists_hint
    assert "invoke snooze account" in snoozes_hint
    show_lists([], NOW, only="", ended=False, as_json=True)
    show_snoozes([], NOW, ended=False, as_json=True)
    show_changes([], as_json=True)
    assert capsys.readouterr().out == "[]\n[]\n[]\n"


def test_snooze_is_shown_with_its_end(capsys: pytest.CaptureFixture[str]) -> None:
    until = NOW + 7_200_000
    show_snoozes(
        [Snooze(kind="rule", id="abroad", reason="fair", author="jo", added_at=NOW, until=until)],
        NOW,
        ended=False,
    )
    output = capsys.readouterr().out
    assert "abroad" in output
    assert "2026-01-05 14:00 UTC, in 2 h" in output


def test_change_is_shown_with_the_earlier_override_and_the_caller(capsys: pytest.CaptureFixture[str]) -> None:
    change = AuditEntry(
        at=NOW, task="lists.add", kind="account", id="a-1", author="jo", caller="arn:jane", reason="r",
        before={"list": "block", "until": NOW}, after={"until": NOW + 12 * 3_600_000},
    )  # fmt: skip
    show_changes([change])
    output = capsys.readouterr().out
    for part in ("2026-01-05 12:00:00 UTC", "block list until 2026-01-05 12:00 UTC", "arn:jane"):
        assert part in output
    assert "snoozed until the end of 2026-01-05" in output
