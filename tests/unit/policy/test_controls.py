"""Each control is enforced by rules, or is decided with a reason."""

import pytest

from policy.controls import FRAMEWORKS, NOT_APPLICABLE, NOT_DONE
from policy.document import enforcing_rules, generate_controls_document
from policy.rule import RULES

CONTROLS = {control for titles in FRAMEWORKS.values() for control in titles}


@pytest.mark.parametrize("control", sorted(CONTROLS))
def test_control_has_one_decision(control: str) -> None:
    decisions = [bool(enforcing_rules(control)), control in NOT_APPLICABLE, control in NOT_DONE]
    assert decisions.count(True) == 1


def test_rules_and_decisions_name_known_controls() -> None:
    named = {control for rule in RULES.values() for control in rule.controls} | {*NOT_APPLICABLE, *NOT_DONE}
    assert named <= CONTROLS


def test_there_are_100_controls() -> None:
    assert len(CONTROLS) >= 100
    assert all({**NOT_APPLICABLE, **NOT_DONE}.values())


def test_document_names_every_rule_and_control() -> None:
    text = generate_controls_document()
    assert all(f"| {control} |" in text for control in CONTROLS)
    assert all(f"`{rule_id}`" in text for rule_id in RULES)
