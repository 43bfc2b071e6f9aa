import json

import pytest

from cli.rules.listing import show
from functions.fraud.scoring.rules import RuleSet
from tests.rules import rule, ruleset
from tests.unit.functions.builders import NOW

RULES = ruleset(
    rule(id="always-on", weight=0.55),
    rule(id="hard", weight=None, decision="flag", mode="off"),
    rule(id="spring", **{"from": "2026-03-01", "until": "2026-05-27"}),
    rule(id="summer", mode="shadow", **{"from": "2026-06-01"}),
)


def _lines(rules: RuleSet, capsys: pytest.CaptureFixture[str]) -> list[list[str]]:
    show(rules, NOW, as_json=False)
    shown = capsys.readouterr().out.splitlines()
    return [[cell.strip() for cell in line.split("│")[1:-1]] for line in shown if line.startswith("│")]


def test_each_rule_is_a_row(capsys: pytest.CaptureFixture[str]) -> None:
    assert _lines(RULES, capsys) == [
        ["always-on", "on", "0.55", "always", "Over"],
        ["hard", "off", "flag", "always", "Over"],
        ["spring", "on", "0.5", "ended 2026-05-27", "Over"],
        ["summer", "shadow", "0.5", "from 2026-06-01", "Over"],
    ]


def test_scripts_get_all_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    show(RULES, NOW, as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert told[2] == {
        "id": "spring",
        "mode": "on",
        "weight": 0.5,
        "decision": None,
        "from": "2026-03-01",
        "until": "2026-05-27",
        "valid": False,
        "sentence": "Over",
        "condition": [">", "amount", "limits.large"],
    }


def test_no_rules_are_told_of_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    show(ruleset(), NOW, as_json=False)
    assert capsys.readouterr().out == "There are no rules.\n"
