"""The evaluator follows IAM for the operators that the policies of this repository use.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

import json
from typing import Any

import pytest
from ministack.core.iam_evaluator import EvalContext, evaluate, parse_policy_document

from tests.aws.conftest import Programs
from tests.stacks.mocked_aws import ACCOUNT, REGION

ROLE = f"arn:aws:iam::{ACCOUNT}:role/role"
# Operator, the policy's value, the request's value (None: the key is absent), and whether IAM lets it match.
CASES: list[tuple[str, Any, Any, bool]] = [
    ("StringEquals", "a", "a", True),
    ("StringEquals", "a", "A", False),
    ("StringEquals", ["a", "b"], "b", True),
    ("StringEquals", "a*", "ab", False),
    ("StringEquals", "a", None, False),
    ("StringEqualsIfExists", "a", None, True),
    ("StringEqualsIfExists", "a", "b", False),
    ("StringNotLike", "arn:*-boundary", None, True),
    ("StringNotLike", "arn:*-boundary", "arn:x-boundary", False),
    ("StringNotLike", "arn:*-boundary", "arn:x", True),
    ("ForAnyValue:StringEquals", "a", ["b", "a"], True),
    ("ForAnyValue:StringEquals", "a", ["b"], False),
    ("ForAnyValue:StringEquals", "a", None, False),
    ("ForAllValues:StringEquals", ["a", "b"], ["b", "a"], True),
    ("ForAllValues:StringEquals", ["a", "b"], ["a", "c"], False),
    ("ForAllValues:StringEquals", ["a"], None, True),
    ("Null", "false", ["a"], True),
    ("ArnEquals", "arn:aws:sqs:us-east-1:123456789012:a*", "arn:aws:sqs:us-east-1:123456789012:ab", True),
    ("ArnEquals", "arn:aws:sqs:us-east-1:123456789012:a", "arn:aws:sqs:us-east-1:123456789012:b", False),
    ("ArnEquals", "arn:aws:sqs:us-east-1:123456789012:a", None, False),
    ("ArnLike", "arn:aws:iam::123456789012:policy/a-*", "arn:aws:iam::123456789012:policy/a-b", True),
    ("ArnLike", "arn:aws:iam::123456789012:policy/a-*", "arn:aws:iam::123456789012:policy/b", False),
    ("Null", "true", None, True),
    ("Null", "true", "a", False),
    ("Bool", "true", "true", True),
    ("Bool", "true", None, False),
    ("Bool", "false", "true", False),
]


def decide(statements: list[dict[str, Any]], *limits: list[dict[str, Any]], **keys: Any) -> str:
    context = EvalContext(
        principal_arn=ROLE,
        principal_type="AssumedRole",
        principal_account=ACCOUNT,
        action="sqs:SendMessage",
        resource_arn=f"arn:aws:sqs:{REGION}:{ACCOUNT}:queue",
        region=REGION,
        service_context={"test:key": None, **keys},
    )
    parsed = [[parse_policy_document({"Statement": each})] for each in (statements, *limits)]
    return str(evaluate(context, *parsed).decision)


def statement(effect: str = "Allow", **rest: Any) -> dict[str, Any]:
    return {"Effect": effect, "Action": "sqs:*", "Resource": "*", **rest}


@pytest.mark.parametrize(("operator", "expected", "actual", "matches"), CASES)
def test_an_operator_matches_as_in_iam(operator: str, expected: Any, actual: Any, matches: bool) -> None:
    document = [statement(Condition={operator: {"test:key": expected}})]
    assert (decide(document, **{"test:key": actual}) == "Allow") == matches


def test_every_condition_of_a_statement_must_match() -> None:
    condition = {"StringEquals": {"test:key": "a"}, "Null": {"test:other": "true"}}
    assert decide([statement(Condition=condition)], **{"test:key": "a"}) == "Allow"
    assert decide([statement(Condition=condition)], **{"test:key": "a", "test:other": "b"}) != "Allow"


def test_a_denial_wins_and_a_boundary_limits() -> None:
    assert decide([statement(), statement("Deny")]) == "Deny"
    assert decide([statement()], [statement()]) == "Allow"
    assert decide([statement()], [statement(Action="sns:*")]) == "ImplicitDeny"
    assert decide([statement()], [statement(), statement("Deny")]) == "Deny"
    assert decide([], [statement()]) == "ImplicitDeny"


def test_every_operator_that_a_policy_uses_is_checked_here(prod: Programs) -> None:
    used = {
        operator
        for program in prod.values()
        for resource in program.resources
        for text in resource.inputs.values()
        if isinstance(text, str) and '"Statement"' in text
        for each in json.loads(text)["Statement"]
        for operator in each.get("Condition", {})
    }
    assert used <= {operator for operator, *_ in CASES}
