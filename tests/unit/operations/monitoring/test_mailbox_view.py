"""Showing mail: as people and as scripts read it."""

import json

import pytest

from operations.monitoring.mailbox_view import alerts
from tests.unit.operations.fake_mailbox import FakeMailbox, mail

MAILBOX = FakeMailbox([mail("t1", received_ms=1_000), mail("t2", received_ms=2_000)])


def test_a_line_has_the_subject_and_the_transaction(capsys: pytest.CaptureFixture[str]) -> None:
    alerts(MAILBOX)
    first, second = capsys.readouterr().out.splitlines()
    assert "Fraud alert (0.90): 6,000.00 USD at shop-1  t1" in first
    assert second.endswith("t2")


def test_the_text_is_shown_in_full_on_request(capsys: pytest.CaptureFixture[str]) -> None:
    alerts(MAILBOX, full=True)
    assert capsys.readouterr().out.count("  - Too much (+0.60)\n") == 2


def test_json_is_one_array(capsys: pytest.CaptureFixture[str]) -> None:
    alerts(MAILBOX, as_json=True)
    shown = json.loads(capsys.readouterr().out)
    assert [each["attributes"]["transaction_id"] for each in shown] == ["t1", "t2"]
    assert set(shown[0]) == {"received_ms", "subject", "to", "attributes", "body"}


def test_no_mail_says_how_to_get_some(capsys: pytest.CaptureFixture[str]) -> None:
    assert alerts(FakeMailbox()) == 0
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "No alerts yet" in shown.err


def test_no_mail_as_json_is_an_empty_array(capsys: pytest.CaptureFixture[str]) -> None:
    alerts(FakeMailbox(), as_json=True)
    assert json.loads(capsys.readouterr().out) == []


def test_following_as_json_gives_a_line_each_and_ends_well_with_ctrl_c(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert alerts(FakeMailbox(MAILBOX.mails, interrupted=True), follow=True, as_json=True) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line)["received_ms"] for line in lines] == [1_000, 2_000]
