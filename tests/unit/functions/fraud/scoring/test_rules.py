import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from functions.fraud.scoring.rules import Rule, RulesError, RuleSet
from functions.fraud.scoring.scorer import Scorer
from tests.rules import rule, ruleset

ROOT = Path(__file__).parents[5]


def test_rules_come_back_from_their_json() -> None:
    hard = rule(id="hard", weight=None, decision="flag", when="country not in ['US', 'GB']", mode="shadow")
    rules = ruleset(rule(), hard, rule(id="spring", **{"from": "2026-03-01", "until": "2026-05-31"}))
    assert RuleSet.from_json(rules.to_json()) == rules


def test_same_rules_are_the_same_bytes_and_version() -> None:
    one = ruleset(rule(), limits={"large": {"USD": 100, "EUR": 90}})
    other = ruleset(rule(), limits={"large": {"EUR": 90, "USD": 100}})
    assert one.to_json() == other.to_json()
    assert one.version == other.version


def test_other_rules_are_another_version() -> None:
    assert ruleset(rule()).version != ruleset(rule(weight=0.6)).version


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
def test_bad_json_is_refused(data: bytes) -> None:
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
def test_scorer_refuses_what_is_no_compiled_condition(form: object) -> None:
    rules = RuleSet(
        threshold=0.5,
        limits=ruleset().limits,
        rules=(Rule(id="a", reason="R", when=form, weight=1.0),),
    )
    with pytest.raises(RulesError):
        Scorer(RuleSet.from_json(rules.to_json()))


def test_the_function_starts_without_a_parser_of_expressions() -> None:
    # msgspec takes typing_extensions, which is not in the zip, where it finds it.
    program = (
        "import sys; sys.path.append(sys.argv[1]); sys.modules['typing_extensions'] = None;"
        "import functions.fraud.scoring.scorer;"
        "print(sorted({'ast', 'dis', 'difflib', 'inspect', 'yaml', 'detection'} & sys.modules.keys()))"
    )
    shipped = Path(msgspec.__file__).parents[1]
    command = [sys.executable, "-S", "-c", program, str(shipped)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (result.stdout.strip(), result.stderr) == ("[]", "")
