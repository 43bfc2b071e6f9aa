"""Comparing a candidate, and rules in shadow, with what was live."""

import json
from typing import Any

import msgspec
import pytest

from functions.common.domain.decision import CandidateDecision
from operations.review import candidate_report_view
from operations.review.candidate_report import DISAGREEMENTS, ShadowReport
from operations.review.decision_scan import Outcome, Recorded
from terminal.errors import UserError
from tests.unit.operations.fake_dynamodb import FakeTable, denied


def recorded(
    name: str, live: float, candidate: float | None = None, label: str | None = None, *rules: str
) -> Recorded:
    """Both flag from 0.5."""
    beside = None
    if candidate is not None:
        beside = CandidateDecision(score=candidate, suspicious=candidate >= 0.5, model="m2", rules="r2")
    outcome = Outcome(score=live, suspicious=live >= 0.5, candidate=beside, shadow_rules=rules)
    return Recorded(name, outcome, label)


def report(*decisions: Recorded) -> ShadowReport:
    found = ShadowReport()
    for each in decisions:
        found.add(each)
    return found


def as_items(*decisions: Recorded) -> list[dict[str, Any]]:
    return [
        {
            "transaction_id": {"S": each.transaction_id},
            "timestamp": {"N": "1"},
            "received_at": {"N": "1000"},
            "decision": {"S": msgspec.json.encode(each.decision).decode()},
            **({"label": {"S": each.label}} if each.label else {}),
        }
        for each in decisions
    ]


def printed(items: list[dict[str, Any]], *, as_json: bool = False, **options: Any) -> None:
    client: Any = FakeTable("transaction_id", "timestamp", items=items, **options)
    candidate_report_view.report(client, "transactions", since_ms=500, since="7d", as_json=as_json)


MIXED = (
    recorded("both", 0.9, 0.9, "fraud"),
    recorded("live-1", 0.6, 0.1, "genuine"),
    recorded("live-2", 0.6, 0.4),
    recorded("tried", 0.2, 0.8, "fraud", "abroad"),
    recorded("neither", 0.1, 0.1, "fraud"),
    recorded("before-the-candidate", 0.7, None, None, "abroad"),
)


def test_decisions_are_counted_by_who_flags() -> None:
    [one] = report(*MIXED).candidates.values()
    assert (one.both, one.only_live, one.only_candidate, one.neither) == (1, 2, 1, 1)
    assert one.count == 5


def test_precision_is_of_those_with_a_label_and_recall_of_all_frauds() -> None:
    [one] = report(*MIXED).candidates.values()
    assert (one.live.precision, one.live.recall(one.frauds)) == (1 / 2, 1 / 3)
    assert (one.candidate.precision, one.candidate.recall(one.frauds)) == (1.0, 2 / 3)


def test_without_labels_there_are_no_such_figures() -> None:
    [one] = report(recorded("a", 0.9, 0.9)).candidates.values()
    assert (one.live.precision, one.live.recall(one.frauds)) == (None, None)


def test_the_furthest_disagreements_are_kept_and_no_more() -> None:
    [one] = report(*(recorded(f"{number}", 0.5, number / 1000) for number in range(400))).candidates.values()
    assert [each.transaction_id for each in one.disagreements] == [str(n) for n in range(DISAGREEMENTS)]


def test_candidates_of_other_versions_are_not_mixed() -> None:
    other = CandidateDecision(score=0.9, suspicious=True, model="m3", rules="r2")
    found = report(*MIXED, Recorded("x", Outcome(score=0.1, suspicious=False, candidate=other), None))
    assert {versions: one.count for versions, one in found.candidates.items()} == {
        ("r2", "m2"): 5,
        ("r2", "m3"): 1,
    }


def test_a_rule_in_shadow_is_told_by_what_it_held_for() -> None:
    rule = report(*MIXED).rules["abroad"]
    assert (rule.held.count, rule.held.fraud, rule.held.genuine, rule.new) == (2, 1, 0, 1)


def test_the_report_says_what_it_reads_and_what_it_found(capsys: pytest.CaptureFixture[str]) -> None:
    printed(as_items(*MIXED), page_size=2)
    shown = capsys.readouterr()
    assert shown.err == "This reads the whole table of transactions once.\n"
    assert "6 decisions in the last 7d, 4 of them with a label, 3 fraud" in shown.out
    lines = [" ".join(line.replace("│", " ").split()) for line in shown.out.splitlines()]
    assert "1 2 1 1" in lines
    assert "live 3 1 1 1 50.0 % 33.3 %" in lines
    assert "candidate 2 2 0 0 100.0 % 66.7 %" in lines
    assert "abroad 2 1 0 1 100.0 % 1" in lines


def test_the_report_for_scripts(capsys: pytest.CaptureFixture[str]) -> None:
    printed(as_items(*MIXED), as_json=True)
    value = json.loads(capsys.readouterr().out)
    [one] = value["candidates"]
    assert (one["only_live"], one["live"]["precision"], one["candidate"]["recall"]) == (2, 0.5, 2 / 3)
    assert one["disagreements"][0] == {
        "transaction_id": "tried", "live": 0.2, "candidate": 0.8, "label": "fraud"
    }  # fmt: skip
    assert value["shadow_rules"]["abroad"]["not_flagged_live"] == 1


def test_what_is_older_or_undecided_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    old, undecided, counted = as_items(*MIXED[:3])
    old["received_at"] = {"N": "499"}
    del undecided["decision"]
    printed([old, undecided, counted], as_json=True)
    assert json.loads(capsys.readouterr().out)["decisions"] == 1


def test_a_decision_that_cannot_be_read_is_left_out_and_said(capsys: pytest.CaptureFixture[str]) -> None:
    broken, fine = as_items(*MIXED[:2])
    broken["decision"] = {"S": '{"score": "high"}'}
    printed([broken, fine], as_json=True)
    shown = capsys.readouterr()
    assert json.loads(shown.out)["decisions"] == 1
    assert "Left out: 1 decisions that this tree cannot read, such as both." in shown.err


def test_without_anything_in_shadow_it_says_what_to_set(capsys: pytest.CaptureFixture[str]) -> None:
    printed([])
    shown = capsys.readouterr().out
    assert "No candidate decided: candidateRulesFile or candidateModelFile" in shown
    assert "No rule in shadow held." in shown


def test_a_refusal_of_aws_is_one_line() -> None:
    class Denied:
        def scan(self, **_: Any) -> None:
            raise denied("Scan")

    client: Any = Denied()
    with pytest.raises(UserError, match="AWS refuses Scan"):
        candidate_report_view.report(client, "t", since_ms=0, since="7d")
