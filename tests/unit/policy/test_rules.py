"""Each rule accepts a compliant resource and refuses a faulty one."""

import copy
from typing import Any

import pytest

import policy.rules  # noqa: F401 - registers the rules
from policy.evaluation import check_all
from policy.resource import Resource
from policy.rule import RULES
from tests.unit.policy.refusals import FORBIDDEN, REFUSALS, Refusal
from tests.unit.policy.resources import make_resource, make_stack


def apply_refusal(refusal: Refusal) -> list[Resource]:
    """The compliant stack with the first resource of the type changed, or without other resources."""
    stack = [item for item in make_stack() if not refusal.without or refusal.without not in item.type]
    index = next(number for number, item in enumerate(stack) if refusal.type in item.type)
    properties = copy.deepcopy(dict(stack[index].properties))
    for path, value in refusal.changes.items():
        set_property(properties, path, value)
    stack[index] = make_resource(stack[index].type, properties)
    return stack


def set_property(properties: dict[str, Any], path: str, value: object) -> None:
    *parents, last = path.split(".")
    for parent in parents:
        properties = properties.setdefault(parent, {})
    properties[last] = value


def refusing_rules(stack: list[Resource], type_: str = "") -> set[str]:
    return {
        violation.rule.id for violation in check_all(stack, exceptions=()) if type_ in violation.resource.type
    }


def test_each_rule_has_a_resource_that_is_refused() -> None:
    assert sorted([*REFUSALS, *FORBIDDEN]) == sorted(RULES)


def test_compliant_stack_is_accepted_by_all_rules() -> None:
    assert refusing_rules(make_stack()) == set()


@pytest.mark.parametrize("rule_id", REFUSALS)
def test_rule_judges_a_resource_of_the_compliant_stack(rule_id: str) -> None:
    assert {item.type for item in make_stack()} & set(RULES[rule_id].types)


@pytest.mark.parametrize(("rule_id", "refusal"), REFUSALS.items(), ids=list(REFUSALS))
def test_faulty_resource_is_refused(rule_id: str, refusal: Refusal) -> None:
    assert rule_id in refusing_rules(apply_refusal(refusal), refusal.type)


@pytest.mark.parametrize("rule_id", FORBIDDEN)
def test_each_forbidden_type_is_refused(rule_id: str) -> None:
    for type_ in RULES[rule_id].types:
        assert rule_id in refusing_rules([make_resource(type_, {})])


@pytest.mark.parametrize("rule_id", RULES)
def test_rule_explains_itself(rule_id: str) -> None:
    rule = RULES[rule_id]
    assert rule.link.startswith("https://")
    assert rule.types
    for text in (rule.reason, rule.remedy):
        assert text.endswith(".")


def test_unreadable_property_is_refused() -> None:
    stack = apply_refusal(Refusal(":QueuePolicy", {"policy": "{"}))
    assert "sqs-policy-not-public" in refusing_rules(stack)
