"""Explanation of a decision: the record that is read, and its output."""

import json
from typing import Any

import msgspec
import pytest

from functions.api.transaction_store import build_guard_item, build_transaction_item
from functions.common.domain.decision import CandidateDecision, Decision, Notification
from functions.common.domain.features import FEATURE_NAMES, FEATURES, FEATURES_VERSION, find_features
from functions.common.domain.suspicious_message import Reason
from functions.common.dynamodb.decision_attribute import encode_decision
from operations.monitoring.locate import Location
from operations.review import explain
from operations.review.transaction_record import TransactionRecord, find_transaction
from terminal.errors import UserError
from tests.unit.functions.builders import NOW, transaction
from tests.unit.operations.fake_dynamodb import FakeTable

VALUES = tuple(None if name == "speed" else 2.0 for name in FEATURE_NAMES)
DECISION = Decision(
    score=0.9312,
    suspicious=True,
    decided_by="rules and model",
    rules_score=0.8,
    probability=0.9312,
    reasons=(
        Reason(rule_id="over", weight=0.6, text="412.00 EUR is [much]"),
        Reason(rule_id="model:amount_ratio", weight=0.3, text="amount is 5.2 times the mean"),
    ),
    rules="rules-1",
    model="model-1",
    shadow_rules=("tried",),
    candidate=CandidateDecision(score=0.2, suspicious=False, model="model-2", rules="rules-1"),
    features_version=FEATURES_VERSION,
    features=VALUES,
    decided_at=NOW + 140,
    latency_ms=100,
    notification=Notification.FOLDED,
    window_started_at=NOW,
)


def table(decision: Decision | None = DECISION, **attributes: Any) -> FakeTable:
    posted = transaction(transaction_id="tx-1", amount="412.00", currency="EUR")
    item = {**build_transaction_item(posted, NOW + 40, NOW // 1000 + 86_400), **attributes}
    if decision:
        item["decision"] = encode_decision(decision)
    return FakeTable("transaction_id", "timestamp", items=[build_guard_item(posted, NOW), item])


def table_with_decision(text: str) -> FakeTable:
    fake = table(None)
    fake.items[-1]["decision"] = {"S": text}
    return fake


def read(fake: FakeTable, transaction_id: str = "tx-1") -> TransactionRecord:
    client: Any = fake
    return find_transaction(client, "transactions", transaction_id)


def read_lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return [" ".join(line.replace("│", " ").split()) for line in capsys.readouterr().out.splitlines()]


def test_decision_is_shown_with_transaction_versions_and_reasons(capsys: pytest.CaptureFixture[str]) -> None:
    explain.show_explanation(read(table()))
    lines = read_lines(capsys)
    for line in (
        "account_id account-123456789",
        "amount 412.00 EUR",
        "label none yet",
        "suspicious yes, by rules and model",
        "parts weights of rules 0.8000, joint probability 0.9312",
        "versions rules rules-1, model model-1",
        "in shadow would match: tried",
        "candidate not suspicious, score 0.2000 (rules rules-1, model model-2)",
        "+0.60 412.00 EUR is [much] over",
    ):
        assert line in lines
    assert any(line.startswith("alert counted in the summary") for line in lines)
    assert any(line.startswith("when ") and "100 ms" in line for line in lines)


def test_features_are_shown_with_name_value_and_unit(capsys: pytest.CaptureFixture[str]) -> None:
    explain.show_explanation(read(table()))
    lines = read_lines(capsys)
    words = {feature.name: feature.description for feature in FEATURES}
    assert f"amount_euros 2.00 EUR {words['amount_euros']}" in lines
    assert f"weekday Wednesday {words['weekday']}" in lines
    assert f"speed unknown {words['speed']}" in lines


def test_reasons_are_in_order_of_weight(capsys: pytest.CaptureFixture[str]) -> None:
    explain.show_explanation(read(table()))
    text = capsys.readouterr().out
    assert text.index("+0.60") < text.index("+0.30")


def test_label_is_shown_with_its_source(capsys: pytest.CaptureFixture[str]) -> None:
    labelled = {"label": {"S": "fraud"}, "label_source": {"S": "chargeback"}, "reported_at": {"N": str(NOW)}}
    explain.show_explanation(read(table(**labelled)))
    assert any(line.startswith("label fraud, by chargeback, reported 20") for line in read_lines(capsys))


def test_undecided_transaction_is_shown_without_a_decision(capsys: pytest.CaptureFixture[str]) -> None:
    explain.show_explanation(read(table(None)))
    printed = capsys.readouterr()
    assert "412.00 EUR" in printed.out
    assert "suspicious" not in printed.out
    assert printed.err.count("\n") == 1


def test_undecided_transaction_is_shown_with_its_location(capsys: pytest.CaptureFixture[str]) -> None:
    location = Location("retry", "waiting for the next retry", "AccessDenied", 3)
    explain.show_explanation(read(table(None)), location)
    assert location.sentence in capsys.readouterr().err
    explain.show_explanation(read(table(None)), location, as_json=True)
    assert json.loads(capsys.readouterr().out)["location"] == {
        "place": "retry",
        "sentence": "waiting for the next retry",
        "error": "AccessDenied",
        "attempts": 3,
        "command": "",
    }


def test_features_of_an_earlier_version_are_shown_with_names(capsys: pytest.CaptureFixture[str]) -> None:
    earlier = find_features(2)
    assert earlier is not None
    decision = msgspec.structs.replace(DECISION, features_version=2, features=(2.0,) * len(earlier))
    explain.show_explanation(read(table(decision)), as_json=True)
    features = json.loads(capsys.readouterr().out)["decision"]["features"]
    assert features == dict.fromkeys((feature.name for feature in earlier), 2.0)


def test_features_of_an_unknown_version_are_shown_by_position(capsys: pytest.CaptureFixture[str]) -> None:
    unknown_version = Decision(
        score=0.0, suspicious=False, decided_by="none", rules_score=0.0, rules="r", decided_at=NOW,
        latency_ms=90_000, features_version=FEATURES_VERSION + 1, features=(1.5, None),
    )  # fmt: skip
    explain.show_explanation(read(table(unknown_version)))
    printed = capsys.readouterr()
    lines = [" ".join(line.replace("│", " ").split()) for line in printed.out.splitlines()]
    assert {"0 1.5", "1 unknown", "versions rules r, no model"} <= set(lines)
    assert any(line.startswith("when ") and "90 s" in line for line in lines)
    assert f"version {FEATURES_VERSION + 1}" in printed.err
    assert f"version {FEATURES_VERSION}." in printed.err


def test_json_has_the_transaction_label_and_decision(capsys: pytest.CaptureFixture[str]) -> None:
    explain.show_explanation(read(table(label={"S": "fraud"})), as_json=True)
    value = json.loads(capsys.readouterr().out)
    assert value["transaction"]["amount"] == "412"
    assert value["transaction"]["account_id"] == "account-123456789"
    assert value["label"]["label"] == "fraud"
    assert value["decision"]["reasons"][0]["rule_id"] == "over"
    assert value["decision"]["features"]["speed"] is None
    assert list(value["decision"]["features"]) == list(FEATURE_NAMES)
    assert (value["decision"]["told"], value["decision"]["told_since"]) == ("folded", NOW)


def test_json_of_an_undecided_transaction_has_no_decision(capsys: pytest.CaptureFixture[str]) -> None:
    explain.show_explanation(read(table(None)), as_json=True)
    value = json.loads(capsys.readouterr().out)
    assert (value["decision"], value["label"]) == (None, None)


def test_unknown_transaction_is_a_user_error() -> None:
    with pytest.raises(UserError) as raised:
        read(table(), "tx-2")
    assert "'tx-2'" in raised.value.message


def test_invalid_id_is_refused() -> None:
    with pytest.raises(UserError) as raised:
        read(table(), "tx 1")
    assert "'tx 1'" in raised.value.message


def test_decision_of_a_newer_version_is_a_user_error() -> None:
    with pytest.raises(UserError) as raised:
        read(table_with_decision('{"format": 9}'))
    assert "'tx-1'" in raised.value.message
    assert isinstance(raised.value.__cause__, msgspec.DecodeError)


def test_alert_is_published_when_the_topic_accepted_it(capsys: pytest.CaptureFixture[str]) -> None:
    decision = msgspec.structs.replace(DECISION, notification=Notification.SENT, window_started_at=0)
    assert read(table(decision)).alerted_at is None
    explain.show_explanation(read(table(decision)))
    (waiting,) = [line for line in read_lines(capsys) if line.startswith("alert ")]
    assert "suspicious-dlq" in waiting
    explain.show_explanation(read(table(decision, alerted_at={"N": str(NOW)})))
    (accepted,) = [line for line in read_lines(capsys) if line.startswith("alert ")]
    assert "accepted" in accepted
    assert "suspicious-dlq" not in accepted


def test_decision_says_that_the_currency_has_no_rate(capsys: pytest.CaptureFixture[str]) -> None:
    def has_rate(decision: Decision) -> bool:
        explain.show_explanation(read(table(decision)))
        return not any(line.startswith("euros unknown") for line in read_lines(capsys))

    values = tuple(
        None if name == "amount_euros" else value for name, value in zip(FEATURE_NAMES, VALUES, strict=True)
    )
    assert has_rate(DECISION)
    assert not has_rate(msgspec.structs.replace(DECISION, features=values))


def test_suspicious_past_transaction_has_no_alert(capsys: pytest.CaptureFixture[str]) -> None:
    decision = msgspec.structs.replace(DECISION, notification=Notification.NONE, window_started_at=0)
    explain.show_explanation(read(table(decision, historic={"BOOL": True})))
    (alert,) = [line for line in read_lines(capsys) if line.startswith("alert ")]
    assert "past transaction" in alert
