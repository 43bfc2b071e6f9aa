"""The condition operators in the policies of this repository, in the embedded AWS's IAM evaluator.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

import json
from typing import Any

import pytest
from ministack.core.iam_evaluator import EvalContext, evaluate, parse_policy_document

from tests.aws.conftest import Programs
from tests.stacks.mocked_aws import ACCOUNT, REGION

ROLE = f"arn:aws:iam::{ACCOUNT}:role/role"
# Operator, value in the policy, value in the request (None: no such key), and whether the condition is true.
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
    ("StringNotEquals", ["a", "b"], "b", False),
    ("StringNotEquals", ["a", "b"], "c", True),
    ("StringNotEquals", ["a", "b"], None, True),
    ("NotIpAddress", ["203.0.113.0/24", "2001:db8::/32"], "203.0.113.7", False),
    ("NotIpAddress", ["203.0.113.0/24", "2001:db8::/32"], "2001:db8::1", False),
    ("NotIpAddress", ["203.0.113.0/24", "2001:db8::/32"], "198.51.100.7", True),
    ("NotIpAddress", ["203.0.113.0/24"], None, True),
    ("ForAnyValue:StringEquals", "a", ["b", "a"], True),
    ("ForAnyValue:StringEquals", "a", ["b"], False),
    ("ForAnyValue:StringEquals", "a", None, False),
    ("ForAllValues:StringEquals", ["a", "b"], ["b", "a"], True),
    ("ForAllValues:StringEquals", ["a", "b"], ["a", "c"], False),
    ("ForAllValues:StringEquals", ["a"], None, True),
    ("ForAllValues:StringLike", ["a#*"], ["a#1", "a#2"], True),
    ("ForAllValues:StringLike", ["a#*"], ["a#1", "b#1"], False),
    ("ForAllValues:StringLike", ["a#*"], None, True),
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


def evaluate_statements(statements: list[dict[str, Any]], *limits: list[dict[str, Any]], **keys: Any) -> str:
    context = EvalContext(
        principal_arn=ROLE,
        principal_type="AssumedRole",
        principal_account=ACCOUNT,
        action="sqs:SendMessage",
        resource_arn=f"arn:aws:sqs:{REGION}:{ACCOUNT}:queue",
        region=REGION,
        service_context={"test:key": None, **keys},
    )
    parsed = [[parse_policy_document({"Statement": document})] for document in (statements, *limits)]
    return str(evaluate(context, *parsed).decision)


def make_statement(effect: str = "Allow", **rest: Any) -> dict[str, Any]:
    return {"Effect": effect, "Action": "sqs:*", "Resource": "*", **rest}


@pytest.mark.parametrize(("operator", "expected", "actual", "matches"), CASES)
def test_operator_matches_as_in_iam(operator: str, expected: Any, actual: Any, matches: bool) -> None:
    document = [make_statement(Condition={operator: {"test:key": expected}})]
    assert (evaluate_statements(document, **{"test:key": actual}) == "Allow") == matches


def test_every_condition_of_a_statement_must_match() -> None:
    condition = {"StringEquals": {"test:key": "a"}, "Null": {"test:other": "true"}}
    assert evaluate_statements([make_statement(Condition=condition)], **{"test:key": "a"}) == "Allow"
    assert (
        evaluate_statements([make_statement(Condition=condition)], **{"test:key": "a", "test:other": "b"})
        != "Allow"
    )


def test_denial_has_precedence_and_boundary_limits() -> None:
    assert evaluate_statements([make_statement(), make_statement("Deny")]) == "Deny"
    assert evaluate_statements([make_statement()], [make_statement()]) == "Allow"
    assert evaluate_statements([make_statement()], [make_statement(Action="sns:*")]) == "ImplicitDeny"
    assert evaluate_statements([make_statement()], [make_statement(), make_statement("Deny")]) == "Deny"
    assert evaluate_statements([], [make_statement()]) == "ImplicitDeny"


def test_every_operator_in_use_has_a_case(prod: Programs, guarded: Programs) -> None:
    used = {
        operator
        for program in (*prod.values(), guarded["edge"])
        for resource in program.resources
        for text in resource.inputs.values()
        if isinstance(text, str) and '"Statement"' in text
        for statement in json.loads(text)["Statement"]
        for operator in statement.get("Condition", {})
    }
    assert used <= {operator for operator, *_ in CASES}
