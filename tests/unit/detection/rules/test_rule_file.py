from pathlib import Path
from typing import Any

import pytest
import yaml

from detection.rules.errors import Fault, FaultyRulesError
from detection.rules.rule_file import parse_rules, read_rules
from functions.fraud.scoring.rules import RulesError
from tests.rules import FILE, rule_data, ruleset

DAY = 86_400_000
FIRST_OF_MAY = 1_777_593_600_000


def _faults(text: str) -> tuple[Fault, ...]:
    with pytest.raises(FaultyRulesError) as caught:
        parse_rules(text, FILE)
    return caught.value.faults


def _dump_rules_file(*rules: dict[str, Any], **changes: Any) -> str:
    data = {"threshold": 0.5, "limits": {"large": "100 USD"}, "rules": list(rules)} | changes
    return yaml.safe_dump(data, sort_keys=False)


FAULTY = """\
threshold: 0.5
limits:
  large: 5000 USDD
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


def test_every_fault_is_reported_with_line_and_column() -> None:
    faults = _faults(FAULTY)
    assert [(line, column) for line, column, _ in faults] == [
        (3, 10), (6, 19), (7, 37), (9, 5), (9, 9), (12, 16), (13, 22), (14, 5),
    ]  # fmt: skip
    mentions = ("USDD", "limits.large?", "colour", "weight", "one", "limits.NAME", "minutes(5)", "wait")
    assert all(mention in fault.message for mention, fault in zip(mentions, faults, strict=True))


def test_error_lists_file_line_and_column_of_each_fault() -> None:
    error = FaultyRulesError(FILE, [Fault(7, 3, "second"), Fault(2, 1, "first")])
    assert str(error).splitlines() == ["rules.yaml:2:1: first", "rules.yaml:7:3: second"]


@pytest.mark.parametrize(
    ("text", "line", "column", "mention"),
    [
        ("", 1, 1, ""),
        ("[]", 1, 1, "mapping"),
        ("rules: []", 1, 1, "'threshold'"),
        ("threshold: 0.5\nrules: [", 2, 9, "YAML"),
        ("threshold: 0.5\nrules: \x07", 2, 8, "YAML"),
        ("threshold: 0", 1, 12, "threshold"),
        ("threshold: 1.1", 1, 12, "at most 1"),
        ("threshold: 1e-999", 1, 12, "greater than 0"),
        ("threshold: .nan", 1, 12, "threshold"),
        ("threshold: nan", 1, 12, "threshold"),
        ("threshold: [1]", 1, 12, "string"),
        ("threshold: 0.5\nthreshold: 0.6", 2, 1, "'threshold'"),
        ("threshold: 0.5\nrules: {}", 2, 8, "list"),
        ("threshold: 0.5\nrules: [a]", 2, 9, "mapping"),
        ("threshold: 0.5\n? [a]\n: 1", 2, 3, "name"),
        ("threshold: 0.5\nrulez: []", 2, 1, "rules?"),
        ("threshold: 0.5\nblock_list: {accounts: [a]}", 2, 1, "lists.add"),
        ("threshold: 0.5\nlimits: {Large: 1 USD}", 2, 10, "'Large'"),
        ("threshold: 0.5\nlimits: {large: 5}", 2, 17, "currency"),
        ("threshold: 0.5\nlimits: {large: {USD: 5}}", 2, 17, "one amount"),
        ("threshold: 0.5\nlimits: {large: 0 USD}", 2, 17, "limit large"),
        ("threshold: 0.5\nlimits: {large: 1e999 USD}", 2, 17, "1e+15"),
        ("threshold: 0.5\nlimits: {large: 5 XTS}", 2, 17, "no exchange rate"),
        ("[" * 1_000, 1, 1, "nested"),
        ("threshold: 0.5\nlimits: {large: much USD}", 2, 17, "limit large"),
    ],
)
def test_invalid_file_is_rejected_at_its_first_fault(text: str, line: int, column: int, mention: str) -> None:
    fault = _faults(text)[0]
    assert (fault.line, fault.column) == (line, column)
    assert mention in fault.message


@pytest.mark.parametrize(
    ("changes", "mention"),
    [
        ({"id": "Over limit"}, "64 characters"),
        ({"id": "a" * 65}, "64 characters"),
        ({"id": "block-list"}, "block-list"),
        ({"id": None}, "'id'"),
        ({"when": None}, "'when'"),
        ({"when": ""}, "condition"),
        ({"when": ["a"]}, "when must be a string"),
        ({"weight": 0}, "greater than 0"),
        ({"weight": 1.5}, "at most 1"),
        ({"weight": None}, "weight or a decision"),
        ({"decision": "flag"}, "weight or a decision"),
        ({"weight": None, "decision": "block"}, "flag, clear"),
        ({"mode": "sometimes"}, "on, shadow, off"),
        ({"from": "soon"}, "from"),
        ({"from": "2026-05-02", "until": "2026-05-01"}, "until"),
        ({"reason": ""}, "200 characters"),
        ({"reason": "x" * 201}, "200 characters"),
        ({"reason": "two\nlines"}, "200 characters"),
        ({"reason": "{account_id}"}, "account_id"),
        ({"reason": "{amount.real}"}, "'amount.real'"),
        ({"reason": "{amount:>9}"}, "'amount:>9'"),
        ({"reason": "{}"}, "''"),
        ({"reason": "100 {"}, "brace"),
        ({"reason": "{limits.huge}"}, "'limits.huge'"),
        ({"expected_share": 2}, "at most 1"),
        ({"when": "merchant_category == ' '"}, "empty"),
        ({"weight": 0.4}, "threshold"),
    ],
)
def test_invalid_rule_has_one_fault(changes: dict[str, Any], mention: str) -> None:
    [fault] = _faults(_dump_rules_file(rule_data(**changes)))
    assert mention in fault.message


@pytest.mark.parametrize(
    "rules",
    [
        [],
        [rule_data(weight=0.4, mode="shadow")],
        [rule_data(weight=0.4), rule_data(id="hard", weight=None, decision="flag")],
        [rule_data(weight=0.2), rule_data(id="b", weight=0.3)],
    ],
)
def test_threshold_above_all_weights_is_valid_if_no_rule_depends_on_it(
    rules: list[dict[str, Any]],
) -> None:
    assert len(ruleset(*rules).rules) == len(rules)


@pytest.mark.parametrize("mode", ["on", "'on'", '"on"', "off", "shadow"])
def test_mode_is_read_without_yaml_conversion(mode: str) -> None:
    text = _dump_rules_file(rule_data()).replace("weight: 0.5", f"weight: 0.5\n  mode: {mode}")
    assert parse_rules(text, FILE).rules[0].mode == mode.strip("'\"")


def test_validity_covers_whole_days_in_utc() -> None:
    [rule] = ruleset(rule_data(**{"from": "2026-05-01", "until": "2026-05-02"})).rules
    assert (rule.valid_from, rule.valid_until) == (FIRST_OF_MAY, FIRST_OF_MAY + 2 * DAY)
    times = [FIRST_OF_MAY - 1, FIRST_OF_MAY, FIRST_OF_MAY + 2 * DAY - 1, FIRST_OF_MAY + 2 * DAY]
    assert [rule.is_valid_at(time) for time in times] == [False, True, True, False]


def test_strings_are_read_without_yaml_conversion() -> None:
    text = _dump_rules_file(rule_data()).replace("id: over", "id: 007").replace("reason: Over", "reason: NO")
    [rule] = parse_rules(text, FILE).rules
    assert (rule.id, rule.reason) == ("007", "NO")


def test_missing_file_is_reported_by_name(tmp_path: Path) -> None:
    with pytest.raises(RulesError, match=r"none\.yaml"):
        read_rules(tmp_path / "none.yaml")


def test_file_that_is_not_utf_8_is_rejected_at_the_line(tmp_path: Path) -> None:
    (tmp_path / "latin.yaml").write_bytes("threshold: 0.5\n# é".encode("latin-1"))
    with pytest.raises(FaultyRulesError) as caught:
        read_rules(tmp_path / "latin.yaml")
    [fault] = caught.value.faults
    assert (fault.line, fault.column) == (2, 1)
