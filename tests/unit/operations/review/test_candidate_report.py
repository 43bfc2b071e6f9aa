"""Comparison of a candidate and of rules in shadow with live decisions."""

import json
from typing import Any

import msgspec
import pytest

from functions.common.domain.decision import CandidateDecision, Decision
from functions.common.dynamodb.decision_attribute import encode_decision
from operations.review import candidate_report_view
from operations.review.candidate_report import (
    MAX_DISAGREEMENTS,
    DecisionSummary,
    RecordedDecision,
    ShadowReport,
)
from terminal.errors import UserError
from tests.unit.operations.fake_dynamodb import FakeTable, denied


def recorded(
    name: str, live: float, candidate: float | None = None, label: str | None = None, *rules: str
) -> RecordedDecision:
    """A decision in which live and candidate flag from a score of 0.5."""
    candidate_decision = None
    if candidate is not None:
        candidate_decision = CandidateDecision(
            score=candidate, suspicious=candidate >= 0.5, model="m2", rules="r2"
        )
    summary = DecisionSummary(
        score=live, suspicious=live >= 0.5, candidate=candidate_decision, shadow_rules=rules
    )
    return RecordedDecision(name, summary, label)


def report(*decisions: RecordedDecision) -> ShadowReport:
    result = ShadowReport()
    for decision in decisions:
        result.add(decision)
    return result


def as_items(*decisions: RecordedDecision) -> list[dict[str, Any]]:
    return [
        {
            "transaction_id": {"S": decision.transaction_id},
            "timestamp": {"N": "1"},
            "received_at": {"N": "1000"},
            "decision": {"S": msgspec.json.encode(decision.decision).decode()},
            **({"label": {"S": decision.label}} if decision.label else {}),
        }
        for decision in decisions
    ]


def printed(items: list[dict[str, Any]], *, as_json: bool = False, **options: Any) -> None:
    client: Any = FakeTable("transaction_id", "timestamp", items=items, **options)
    candidate_report_view.show_report(client, "transactions", since_ms=500, since="7d", as_json=as_json)


MIXED = (
    recorded("both", 0.9, 0.9, "fraud"),
    recorded("live-1", 0.6, 0.1, "genuine"),
    recorded("live-2", 0.6, 0.4),
    recorded("tried", 0.2, 0.8, "fraud", "abroad"),
    recorded("neither", 0.1, 0.1, "fraud"),
    recorded("before-the-candidate", 0.7, None, None, "abroad"),
)


def test_decisions_are_counted_by_live_and_candidate_flags() -> None:
    [comparison] = report(*MIXED).candidates.values()
    assert (comparison.both, comparison.only_live, comparison.only_candidate, comparison.neither) == (
        1,
        2,
        1,
        1,
    )
    assert comparison.count == 5


def test_precision_counts_labelled_transactions_and_recall_all_frauds() -> None:
    [comparison] = report(*MIXED).candidates.values()
    assert (comparison.live.precision, comparison.live.recall(comparison.frauds)) == (1 / 2, 1 / 3)
    assert (comparison.candidate.precision, comparison.candidate.recall(comparison.frauds)) == (1.0, 2 / 3)


def test_precision_and_recall_are_none_without_labels() -> None:
    [comparison] = report(recorded("a", 0.9, 0.9)).candidates.values()
    assert (comparison.live.precision, comparison.live.recall(comparison.frauds)) == (None, None)


def test_only_the_largest_disagreements_are_kept() -> None:
    [comparison] = report(
        *(recorded(f"{number}", 0.5, number / 1000) for number in range(400))
    ).candidates.values()
    assert [disagreement.transaction_id for disagreement in comparison.disagreements] == [
        str(n) for n in range(MAX_DISAGREEMENTS)
    ]


def test_candidates_are_separated_by_version() -> None:
    second = CandidateDecision(score=0.9, suspicious=True, model="m3", rules="r2")
    result = report(
        *MIXED, RecordedDecision("x", DecisionSummary(score=0.1, suspicious=False, candidate=second), None)
    )
    assert {versions: comparison.count for versions, comparison in result.candidates.items()} == {
        ("r2", "m2"): 5,
        ("r2", "m3"): 1,
    }


def test_rule_in_shadow_is_counted_by_its_matches() -> None:
    rule = report(*MIXED).rules["abroad"]
    assert (rule.matched.count, rule.matched.fraud, rule.matched.genuine, rule.not_flagged_live) == (
        2,
        1,
        0,
        1,
    )


def test_report_has_the_counts_of_live_candidate_and_rules(capsys: pytest.CaptureFixture[str]) -> None:
    printed(as_items(*MIXED), page_size=2)
    output = capsys.readouterr()
    assert output.err.count("\n") == 1
    assert "6 decisions in the last 7d" in output.out
    lines = [" ".join(line.replace("│", " ").split()) for line in output.out.splitlines()]
    assert "1 2 1 1" in lines
    assert "live 3 1 1 1 50.0 % 33.3 %" in lines
    assert "candidate 2 2 0 0 100.0 % 66.7 %" in lines
    assert "abroad 2 1 0 1 100.0 % 1" in lines


def test_json_report_has_the_counts_and_disagreements(capsys: pytest.CaptureFixture[str]) -> None:
    printed(as_items(*MIXED), as_json=True)
    value = json.loads(capsys.readouterr().out)
    [comparison] = value["candidates"]
    assert (comparison["only_live"], comparison["live"]["precision"], comparison["candidate"]["recall"]) == (
        2,
        0.5,
        2 / 3,
    )
    assert comparison["disagreements"][0] == {
        "transaction_id": "tried", "live": 0.2, "candidate": 0.8, "label": "fraud"
    }  # fmt: skip
    assert value["shadow_rules"]["abroad"]["not_flagged_live"] == 1


def test_earlier_and_undecided_transactions_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    old, undecided, counted = as_items(*MIXED[:3])
    old["received_at"] = {"N": "499"}
    del undecided["decision"]
    printed([old, undecided, counted], as_json=True)
    assert json.loads(capsys.readouterr().out)["decisions"] == 1


def test_packed_decision_counts_as_its_json_does(capsys: pytest.CaptureFixture[str]) -> None:
    summary = recorded("tried", 0.25, 0.75, None, "abroad").decision
    decision = Decision(
        score=summary.score,
        suspicious=summary.suspicious,
        decided_by="none",
        rules_score=0,
        rules="r1",
        shadow_rules=summary.shadow_rules,
        candidate=summary.candidate,
        features_version=1,
        features=(),
        decided_at=1,
        latency_ms=1,
    )
    items = as_items(RecordedDecision("tried", summary, None))
    printed(items, as_json=True)
    as_json = capsys.readouterr().out
    printed(
        [{**items[0], "decision": {"B": b"truncated"}}, {**items[0], "decision": encode_decision(decision)}],
        as_json=True,
    )
    output = capsys.readouterr()
    assert output.out == as_json
    assert "'tried'" in output.err


def test_unreadable_decision_is_left_out_and_named(capsys: pytest.CaptureFixture[str]) -> None:
    broken, fine = as_items(*MIXED[:2])
    broken["decision"] = {"S": '{"score": "high"}'}
    printed([broken, fine], as_json=True)
    output = capsys.readouterr()
    assert json.loads(output.out)["decisions"] == 1
    assert "'both'" in output.err.splitlines()[-1]


def test_report_without_a_candidate_names_the_settings(capsys: pytest.CaptureFixture[str]) -> None:
    printed([])
    output = capsys.readouterr().out
    assert "candidateRulesFile or candidateModelFile" in output
    assert "rules in shadow" not in output


def test_aws_error_becomes_a_user_error() -> None:
    class Denied:
        def scan(self, **_: Any) -> None:
            raise denied("Scan")

    client: Any = Denied()
    with pytest.raises(UserError) as raised:
        candidate_report_view.show_report(client, "t", since_ms=0, since="7d")
    assert "Scan" in raised.value.message
