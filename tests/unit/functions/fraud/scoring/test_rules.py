import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from functions.fraud.scoring.rules import Rule, RulesError, RuleSet
from functions.fraud.scoring.scorer import Scorer
from tests.rules import rule_data, ruleset

ROOT = Path(__file__).parents[5]


def test_rules_are_restored_from_their_json() -> None:
    hard = rule_data(
        id="hard", weight=None, decision="flag", when="country not in ['US', 'GB']", mode="shadow"
    )
    rules = ruleset(
        rule_data(), hard, rule_data(id="spring", **{"from": "2026-03-01", "until": "2026-05-31"})
    )
    assert RuleSet.from_json(rules.to_json()) == rules


def test_equal_rules_have_the_same_bytes_and_version() -> None:
    first = ruleset(rule_data(), limits={"large": "100 USD", "small": "9 EUR"})
    second = ruleset(rule_data(), limits={"small": "9 EUR", "large": "100 USD"})
    assert first.to_json() == second.to_json()
    assert first.version == second.version


def test_different_rules_have_a_different_version() -> None:
    assert ruleset(rule_data()).version != ruleset(rule_data(weight=0.6)).version


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b'{"threshold": 2}',
        b'{"threshold": 0.5, "rulez": []}',
        b'{"threshold": 1, "rules": [{"id": "a", "reason": "r", "when": true}]}',
        b'{"threshold": 1, "rules": [{"id": "a", "reason": "", "when": 1, "weight": 1, "decision": "flag"}]}',
    ],
)
def test_invalid_json_is_rejected(data: bytes) -> None:
    with pytest.raises(RulesError):
        RuleSet.from_json(data)


@pytest.mark.parametrize(
    "form",
    [
        None,
        5,
        "amount",
        [],
        ["and", "amount"],
        [">", "amount", "colour"],
        [">", "amount", "limits.none"],
        [">", "amount", "large"],
        [">", "amount"],
        [">", "amount", True],
        ["~", "amount", 5],
        ["in", "country", "US"],
        ["**", 2, 2],
    ],
)
def test_scorer_rejects_an_invalid_condition(form: object) -> None:
    rules = RuleSet(
        threshold=0.5,
        limits=ruleset().limits,
        rules=(Rule(id="a", reason="R", when=form, weight=1.0),),
    )
    with pytest.raises(RulesError):
        Scorer(RuleSet.from_json(rules.to_json()))


def test_scorer_starts_without_an_expression_parser() -> None:
    # msgspec imports typing_extensions if it is installed, but the zip does not contain it.
    program = (
        "import sys; sys.path.append(sys.argv[1]); sys.modules['typing_extensions'] = None;"
        "import functions.fraud.scoring.scorer;"
        "print(sorted({'ast', 'dis', 'difflib', 'inspect', 'yaml', 'detection'} & sys.modules.keys()))"
    )
    shipped = Path(msgspec.__file__).parents[1]
    command = [sys.executable, "-S", "-c", program, str(shipped)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (result.stdout.strip(), result.stderr) == ("[]", "")
