"""Mails as text and as JSON."""

import json

import pytest

from operations.monitoring.mailbox_view import show_alerts
from tests.unit.operations.fake_mailbox import FakeMailbox, mail

MAILBOX = FakeMailbox([mail("t1", received_ms=1_000), mail("t2", received_ms=2_000)])


def test_line_has_the_subject_and_the_transaction_id(capsys: pytest.CaptureFixture[str]) -> None:
    show_alerts(MAILBOX)
    first, second = capsys.readouterr().out.splitlines()
    assert "Fraud alert (0.90): 6,000.00 USD at shop-1  t1" in first
    assert second.endswith("t2")


def test_full_output_has_the_text_of_each_mail(capsys: pytest.CaptureFixture[str]) -> None:
    show_alerts(MAILBOX, full=True)
    assert capsys.readouterr().out.count("  - Too much (+0.60)\n") == 2


def test_json_is_one_array(capsys: pytest.CaptureFixture[str]) -> None:
    show_alerts(MAILBOX, as_json=True)
    output = json.loads(capsys.readouterr().out)
    assert [mail["attributes"]["transaction_id"] for mail in output] == ["t1", "t2"]
    assert set(output[0]) == {"received_ms", "subject", "to", "attributes", "body"}


def test_empty_mailbox_gives_a_hint_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert show_alerts(FakeMailbox()) == 0
    output = capsys.readouterr()
    assert output.out == ""
    assert "invoke demo" in output.err


def test_empty_mailbox_is_an_empty_json_array(capsys: pytest.CaptureFixture[str]) -> None:
    show_alerts(FakeMailbox(), as_json=True)
    assert json.loads(capsys.readouterr().out) == []


def test_following_prints_one_json_object_per_line_until_ctrl_c(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert show_alerts(FakeMailbox(MAILBOX.mails, interrupted=True), follow=True, as_json=True) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line)["received_ms"] for line in lines] == [1_000, 2_000]
