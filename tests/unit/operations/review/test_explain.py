"""Explaining a decision: what is found, and what is shown of it."""

import json
from typing import Any

import msgspec
import pytest

from functions.api.items import guard_item, transaction_item
from functions.common.domain import decision as decisions
from functions.common.domain.decision import CandidateDecision, Decision
from functions.common.domain.features import FEATURES, NAMES, VERSION
from functions.common.domain.suspicious_message import Reason
from operations.monitoring.locate import Location
from operations.review import explain
from operations.review.transaction_record import Stored, find
from terminal.errors import UserError
from tests.unit.functions.builders import NOW, transaction
from tests.unit.operations.fake_dynamodb import FakeTable

VALUES = tuple(None if name == "speed" else 2.0 for name in NAMES)
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
    features_version=VERSION,
    features=VALUES,
    decided_at=NOW + 140,
    latency_ms=100,
    told="folded",
    told_since=NOW,
)


def table(decision: Decision | None = DECISION, **attributes: Any) -> FakeTable:
    posted = transaction(transaction_id="tx-1", amount="412.00", currency="EUR")
    item = {**transaction_item(posted, NOW + 40, NOW // 1000 + 86_400), **attributes}
    if decision:
        item["decision"] = {"S": decisions.to_text(decision)}
    return FakeTable("transaction_id", "timestamp", items=[guard_item(posted, NOW), item])


def table_with_decision(text: str) -> FakeTable:
    fake = table(None)
    fake.items[-1]["decision"] = {"S": text}
    return fake


def found(fake: FakeTable, transaction_id: str = "tx-1") -> Stored:
    client: Any = fake
    return find(client, "transactions", transaction_id)


def shown(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return [" ".join(line.replace("│", " ").split()) for line in capsys.readouterr().out.splitlines()]


def test_a_decision_is_shown_with_everything_that_was_known(capsys: pytest.CaptureFixture[str]) -> None:
    explain.show(found(table()))
    lines = shown(capsys)
    for line in (
        "account_id account-123456789",
        "amount 412.00 EUR",
        "label none yet",
        "suspicious yes, by rules and model",
        "of which rules 0.8000, model 0.9312",
        "versions rules rules-1, model model-1",
        "in shadow would hold: tried",
        "candidate not suspicious, score 0.2000 (rules rules-1, model model-2)",
        "+0.60 412.00 EUR is [much] over",
    ):
        assert line in lines
    assert any(line.startswith("alert counted into the alert for its account") for line in lines)
    assert any("100 ms after it was received" in line for line in lines)


def test_features_are_shown_by_name_in_their_units(capsys: pytest.CaptureFixture[str]) -> None:
    explain.show(found(table()))
    lines = shown(capsys)
    words = {feature.name: feature.words for feature in FEATURES}
    assert f"amount_euros 2.00 EUR {words['amount_euros']}" in lines
    assert f"weekday Wednesday {words['weekday']}" in lines
    assert f"speed unknown {words['speed']}" in lines


def test_reasons_are_in_the_order_of_their_weight(capsys: pytest.CaptureFixture[str]) -> None:
    explain.show(found(table()))
    text = capsys.readouterr().out
    assert text.index("+0.60") < text.index("+0.30")


def test_a_label_is_shown_with_its_source(capsys: pytest.CaptureFixture[str]) -> None:
    labelled = {"label": {"S": "fraud"}, "label_source": {"S": "chargeback"}, "reported_at": {"N": str(NOW)}}
    explain.show(found(table(**labelled)))
    assert any(line.startswith("label fraud, by chargeback, reported 20") for line in shown(capsys))


def test_an_undecided_transaction_is_shown_and_said_to_be_so(capsys: pytest.CaptureFixture[str]) -> None:
    explain.show(found(table(None)))
    printed = capsys.readouterr()
    assert "412.00 EUR" in printed.out
    assert printed.err.count("\n") == 1
    assert "not decided yet" in printed.err


def test_an_undecided_transaction_is_shown_with_its_place(capsys: pytest.CaptureFixture[str]) -> None:
    place = Location("retry", "waiting for the next retry", "AccessDenied", 3)
    explain.show(found(table(None)), place)
    assert place.sentence in capsys.readouterr().err
    explain.show(found(table(None)), place, as_json=True)
    location = json.loads(capsys.readouterr().out)["location"]
    assert (location["place"], location["error"], location["attempts"]) == ("retry", "AccessDenied", 3)


def test_features_of_another_version_are_shown_by_position(capsys: pytest.CaptureFixture[str]) -> None:
    other = Decision(
        score=0.0, suspicious=False, decided_by="none", rules_score=0.0, rules="r", decided_at=NOW,
        latency_ms=90_000, features_version=VERSION + 1, features=(1.5, None),
    )  # fmt: skip
    explain.show(found(table(other)))
    printed = capsys.readouterr()
    lines = [" ".join(line.replace("│", " ").split()) for line in printed.out.splitlines()]
    assert {"0 1.5", "1 unknown", "versions rules r, no model"} <= set(lines)
    assert any("90 s after" in line for line in lines)
    assert f"version {VERSION + 1}, and this tree has version {VERSION}" in printed.err


def test_scripts_get_everything(capsys: pytest.CaptureFixture[str]) -> None:
    explain.show(found(table(label={"S": "fraud"})), as_json=True)
    value = json.loads(capsys.readouterr().out)
    assert value["transaction"]["amount"] == "412"
    assert value["transaction"]["account_id"] == "account-123456789"
    assert value["label"]["label"] == "fraud"
    assert value["decision"]["reasons"][0]["rule_id"] == "over"
    assert value["decision"]["features"]["speed"] is None
    assert list(value["decision"]["features"]) == list(NAMES)


def test_scripts_are_told_that_there_is_no_decision(capsys: pytest.CaptureFixture[str]) -> None:
    explain.show(found(table(None)), as_json=True)
    value = json.loads(capsys.readouterr().out)
    assert (value["decision"], value["label"]) == (None, None)


def test_an_unknown_id_is_one_line() -> None:
    with pytest.raises(UserError, match="There is no transaction 'tx-2'"):
        found(table(), "tx-2")


def test_what_is_no_id_is_not_looked_for() -> None:
    with pytest.raises(UserError, match="no transaction id"):
        found(table(), "tx 1")


def test_a_decision_of_newer_code_is_said_to_be_so() -> None:
    with pytest.raises(UserError, match=r"cannot be read.*Pull it"):
        found(table_with_decision('{"format": 9}'))


def test_an_alert_counts_as_published_once_the_topic_accepted_it(capsys: pytest.CaptureFixture[str]) -> None:
    sent = msgspec.structs.replace(DECISION, told="sent", told_since=0)
    assert found(table(sent)).alerted_at is None
    explain.show(found(table(sent)))
    (waiting,) = [line for line in shown(capsys) if line.startswith("alert ")]
    assert "suspicious-dlq" in waiting
    explain.show(found(table(sent, alerted_at={"N": str(NOW)})))
    (accepted,) = [line for line in shown(capsys) if line.startswith("alert ")]
    assert "accepted" in accepted
    assert "suspicious-dlq" not in accepted
