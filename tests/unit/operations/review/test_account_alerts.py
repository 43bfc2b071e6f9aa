"""The suspicious transactions of an account: what is read, and the output."""

import json
from typing import Any

import pytest

from functions.api.transaction_store import build_transaction_item
from functions.common.domain.decision import Decision, Notification
from functions.common.domain.suspicious_decision import SuspiciousDecision, summarize_decision
from functions.common.domain.suspicious_message import Reason
from functions.common.dynamodb.client import Item
from functions.common.dynamodb.decision_attribute import encode_decision
from operations.review.account_alerts import read_account_alerts, show_account_alerts
from operations.review.transaction_record import TransactionRecord
from terminal.errors import UserError
from tests.unit.functions.builders import NOW, inserted, transaction
from tests.unit.functions.fake_profiles import ACCOUNT, FakeProfiles
from tests.unit.functions.fakes import client_error

MINUTE_MS = 60_000


class FakeTables(FakeProfiles):
    """Both tables. Each suspicious decision has its transaction, without those in `expired`."""

    def __init__(self, *decisions: Decision, expired: tuple[int, ...] = ()) -> None:
        self.transactions: list[Item] = []
        entries: list[SuspiciousDecision] = []
        for number, decision in enumerate(decisions):
            name = f"tx-{number}"
            entries.append(summarize_decision(inserted(transaction_id=name), decision))
            if number not in expired:
                item = build_transaction_item(transaction(transaction_id=name), NOW, NOW)
                self.transactions.append({**item, "decision": encode_decision(decision)})
        super().__init__(*entries)

    def batch_get_item(self, *, RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803
        [(table, request)] = RequestItems.items()
        assert 0 < len(request["Keys"]) <= 100
        names = [key["transaction_id"] for key in request["Keys"]]
        items = [item for item in self.transactions if item["transaction_id"] in names]
        return {"Responses": {table: items}}


def _decision(minute: int, notification: Notification = Notification.SENT, **changes: Any) -> Decision:
    values: dict[str, Any] = {
        "score": 0.9,
        "suspicious": True,
        "decided_by": "rules",
        "rules_score": 0.9,
        "reasons": (Reason(rule_id="r", weight=0.9, text="too [much]"),),
        "rules": "r1",
        "features_version": 0,
        "features": (),
        "decided_at": NOW + minute * MINUTE_MS,
        "latency_ms": 1,
        "notification": notification,
        "window_started_at": 0 if notification is Notification.SNOOZED else NOW,
    }
    return Decision(**(values | changes))


def _read(tables: Any, since_ms: int = NOW) -> list[TransactionRecord]:
    return list(read_account_alerts(tables, "transactions", "profiles", ACCOUNT, since_ms))


def _names(records: list[TransactionRecord]) -> list[object]:
    return [record.fields["transaction_id"] for record in records]


def test_every_suspicious_decision_is_listed_in_order_of_time() -> None:
    tables = FakeTables(
        _decision(0),
        _decision(3, Notification.SUMMARY),
        _decision(1, Notification.SNOOZED),
        _decision(9, Notification.FOLDED),
    )
    assert _names(_read(tables)) == ["tx-0", "tx-2", "tx-1", "tx-3"]


def test_more_decisions_than_one_request_reads_are_listed() -> None:
    tables = FakeTables(*(_decision(0, decided_at=NOW + number) for number in range(250)))
    assert _names(_read(tables)) == [f"tx-{number}" for number in range(250)]


def test_decision_of_a_window_that_began_before_the_period_is_listed() -> None:
    tables = FakeTables(_decision(0), _decision(9, Notification.SUMMARY))
    assert _names(_read(tables, NOW + MINUTE_MS)) == ["tx-1"]


def test_expired_transaction_is_left_out() -> None:
    assert _names(_read(FakeTables(_decision(0), _decision(1), expired=(0,)))) == ["tx-1"]


def test_missing_permission_is_an_error_for_the_user() -> None:
    class DeniedTable:
        def query(self, **_: Any) -> None:
            raise client_error("AccessDeniedException")

    with pytest.raises(UserError):
        _read(DeniedTable())


def test_table_shows_amount_score_alert_label_and_reason(capsys: pytest.CaptureFixture[str]) -> None:
    tables = FakeTables(_decision(3, Notification.FOLDED))
    tables.transactions[0] = {**tables.transactions[0], "label": {"S": "fraud"}}
    show_account_alerts(_read(tables), ACCOUNT, "7d")
    printed = capsys.readouterr().out
    assert all(text in printed for text in ("tx-0", "12.50 USD", "0.90", "summary", "fraud", "too [much]"))


def test_json_is_an_array_of_decisions_and_labels(capsys: pytest.CaptureFixture[str]) -> None:
    show_account_alerts(_read(FakeTables(_decision(0), _decision(1))), ACCOUNT, "7d", as_json=True)
    first, second = json.loads(capsys.readouterr().out)
    assert first["transaction"]["transaction_id"] == "tx-0"
    assert second["decision"]["reasons"][0]["text"] == "too [much]"
    assert first["label"] is None


def test_account_without_alerts_has_an_empty_result(capsys: pytest.CaptureFixture[str]) -> None:
    show_account_alerts([], ACCOUNT, "7d")
    printed = capsys.readouterr()
    assert (printed.out, printed.err.count("\n")) == ("", 1)
    show_account_alerts([], ACCOUNT, "7d", as_json=True)
    assert json.loads(capsys.readouterr().out) == []
