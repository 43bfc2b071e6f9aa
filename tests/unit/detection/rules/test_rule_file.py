from pathlib import Path
from typing import Any

import pytest
import yaml

from detection.rules.errors import FaultyRulesError
from detection.rules.rule_file import rules_in, rules_of
from functions.fraud.scoring.rules import RulesError
from tests.rules import FILE, rule, ruleset

DAY = 86_400_000
FIRST_OF_MAY = 1_777_593_600_000


def _faults(text: str) -> list[str]:
    with pytest.raises(FaultyRulesError) as caught:
        rules_in(text, FILE)
    return str(caught.value).splitlines()


def _written(*rules: dict[str, Any], **changes: Any) -> str:
    data = {"threshold": 0.5, "limits": {"large": {"USD": 100}}, "rules": list(rules)} | changes
    return yaml.safe_dump(data, sort_keys=False)


FAULTY = """\
threshold: 0.5
limits:
  large: {default: 5000, USDD: 1}
rules:
  - id: one
    reason: "Over {limits.lage}"
    when: amount > limits.large and colour == "red"
    weight: 0.6
  - id: one
    reason: Over
    when: >-
      amount > 500 and
      account_idle < 5
    wait: 3
"""


def test_every_fault_is_named_with_file_line_and_column() -> None:
    assert _faults(FAULTY) == [
        "rules.yaml:3:26: 'USDD' is no currency in ISO 4217, nor 'default'",
        "rules.yaml:6:19: unknown placeholder 'limits.lage': did you mean limits.large?",
        "rules.yaml:7:37: unknown name 'colour': no field of a transaction, nor in functions/common/domain/"
        "features.py",
        "rules.yaml:9:5: the rule needs a weight or a decision, and not both",
        "rules.yaml:9:9: the id one is taken: each is used once",
        "rules.yaml:12:16: amount (money in the transaction's currency) and 500 (a plain number) cannot be"
        ' compared: write limits.NAME or money(500, "EUR")',
        "rules.yaml:13:22: account_idle (a duration) and 5 (a plain number) cannot be compared:"
        " write minutes(5), hours(5) or days(5)",
        "rules.yaml:14:5: unknown key 'wait'; possible are id, reason, when, weight, decision, mode, from,"
        " until",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", ":1:1: the file is empty"),
        ("[]", ":1:1: the file: names with values are expected here"),
        ("rules: []", ":1:1: the file has no threshold"),
        ("threshold: 0.5\nrules: [", ":2:9: this is no YAML: "),
        ("threshold: 0.5\nrules: \x07", ":2:8: YAML does not allow this character"),
        ("threshold: 0", ":1:12: threshold must be a number greater than 0"),
        ("threshold: 1.1", ":1:12: threshold must be at most 1"),
        ("threshold: 1e-999", ":1:12: threshold must be a number greater than 0"),
        ("threshold: .nan", ":1:12: threshold must be a number"),
        ("threshold: [1]", ":1:12: threshold: a text is expected here"),
        ("threshold: 0.5\nthreshold: 0.6", ":2:1: threshold is given twice"),
        ("threshold: 0.5\nrules: {}", ":2:8: rules: a list is expected here"),
        ("threshold: 0.5\nrules: [a]", ":2:9: the rule: names with values are expected here"),
        ("threshold: 0.5\n? [a]\n: 1", ":2:3: a name is expected here"),
        ("threshold: 0.5\nrulez: []", ":2:1: unknown key 'rulez': did you mean rules?"),
        (
            "threshold: 0.5\nblock_list: {accounts: [a]}",
            ":2:1: lists are no longer in this file: invoke lists.add",
        ),
        ("threshold: 0.5\nlimits: {Large: {USD: 1}}", ":2:10: a limit's name has small letters"),
        ("threshold: 0.5\nlimits: {large: 5}", ":2:17: limit large: names with values"),
        ("threshold: 0.5\nlimits: {large: {USD: 0}}", ":2:23: the limit for USD must be a number greater"),
        (
            "threshold: 0.5\nlimits: {large: {USD: 1e999}}",
            ":2:23: the limit for USD must be a number greater",
        ),
        ("[" * 1_000, ":1:1: what the file holds is nested too deeply"),
        ("threshold: 0.5\nlimits: {large: {USD: much}}", ":2:23: the limit for USD must be a number"),
    ],
)
def test_wrong_file_is_refused(text: str, message: str) -> None:
    assert message in _faults(text)[0]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"id": "Over limit"}, "an id has up to 64 small letters"),
        ({"id": "a" * 65}, "an id has up to 64 small letters"),
        ({"id": "block-list"}, "the id block-list is taken"),
        ({"id": None}, "the rule has no id"),
        ({"when": None}, "the rule has no when"),
        ({"when": ""}, "there is no condition"),
        ({"when": ["a"]}, "when: a text is expected here"),
        ({"weight": 0}, "weight must be a number greater than 0"),
        ({"weight": 1.5}, "weight must be at most 1"),
        ({"weight": None}, "needs a weight or a decision"),
        ({"decision": "flag"}, "needs a weight or a decision, and not both"),
        ({"weight": None, "decision": "block"}, "decision must be one of flag, clear"),
        ({"mode": "sometimes"}, "mode must be one of on, shadow, off"),
        ({"from": "soon"}, "from must be a date"),
        ({"from": "2026-05-02", "until": "2026-05-01"}, "until is before from"),
        ({"reason": ""}, "a reason is a sentence"),
        ({"reason": "x" * 201}, "a reason is a sentence"),
        ({"reason": "two\nlines"}, "a reason is a sentence"),
        ({"reason": "{account_id}"}, "a reason has no account_id: it goes out by mail"),
        ({"reason": "{amount.real}"}, "unknown placeholder 'amount.real'"),
        ({"reason": "{amount:>9}"}, "unknown placeholder 'amount:>9'"),
        ({"reason": "{}"}, "unknown placeholder ''"),
        ({"reason": "100 {"}, "a brace without its partner"),
        ({"reason": "{limits.huge}"}, "unknown placeholder 'limits.huge'"),
        ({"weight": 0.4}, "all weights together do not reach it"),
    ],
)
def test_wrong_rule_is_refused(changes: dict[str, Any], message: str) -> None:
    [fault] = _faults(_written(rule(**changes)))
    assert message in fault


@pytest.mark.parametrize(
    "rules",
    [
        [],
        [rule(weight=0.4, mode="shadow")],
        [rule(weight=0.4), rule(id="hard", weight=None, decision="flag")],
        [rule(weight=0.2), rule(id="b", weight=0.3)],
    ],
)
def test_weights_need_not_reach_the_threshold_where_no_rule_depends_on_it(
    rules: list[dict[str, Any]],
) -> None:
    assert len(ruleset(*rules).rules) == len(rules)


@pytest.mark.parametrize("written", ["on", "'on'", '"on"', "off", "shadow"])
def test_mode_is_read_as_it_is_written(written: str) -> None:
    text = _written(rule()).replace("weight: 0.5", f"weight: 0.5\n  mode: {written}")
    assert rules_in(text, FILE).rules[0].mode == written.strip("'\"")


def test_validity_is_whole_days_of_utc() -> None:
    [one] = ruleset(rule(**{"from": "2026-05-01", "until": "2026-05-02"})).rules
    assert (one.valid_from, one.valid_until) == (FIRST_OF_MAY, FIRST_OF_MAY + 2 * DAY)
    times = [FIRST_OF_MAY - 1, FIRST_OF_MAY, FIRST_OF_MAY + 2 * DAY - 1, FIRST_OF_MAY + 2 * DAY]
    assert [one.valid_at(time) for time in times] == [False, True, True, False]


def test_values_that_yaml_takes_for_something_else_are_texts_here() -> None:
    text = _written(rule()).replace("id: over", "id: 007").replace("reason: Over", "reason: NO")
    [one] = rules_in(text, FILE).rules
    assert (one.id, one.reason) == ("007", "NO")


def test_file_that_is_not_there_or_not_text_is_named(tmp_path: Path) -> None:
    with pytest.raises(RulesError, match=r"none\.yaml: No such file"):
        rules_of(tmp_path / "none.yaml")
    (tmp_path / "latin.yaml").write_bytes("threshold: 0.5\n# é".encode("latin-1"))
    with pytest.raises(FaultyRulesError, match=r"latin\.yaml:2:1: this line is not UTF-8"):
        rules_of(tmp_path / "latin.yaml")
