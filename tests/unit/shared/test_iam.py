"""The checks on policy documents (requirement C4)."""

import json
import re
from collections.abc import Callable, Iterable
from typing import Any

import pulumi
import pytest

from shared import iam
from shared.iam import PolicyError, Statement
from tests.unit.shared.outputs import resolve_output

Make = Callable[[Iterable[Statement]], pulumi.Output[str]]
QUEUE = "arn:aws:sqs:us-east-1:123456789012:suspicious"
VPCS = "arn:aws:ec2:us-east-1:123456789012:vpc/*"
INTERFACES = "arn:aws:ec2:us-east-1:123456789012:network-interface/*"


def make_document(make: Make, *statements: Statement) -> Any:
    """The parsed policy that `make` builds."""
    return json.loads(resolve_output(lambda: make(statements)) or "")


def allow_statement(action: str, resource: str, **others: Any) -> Statement:
    return Statement(sid="Test", actions=[action], resources=[resource], **others)


def test_statement_becomes_a_document() -> None:
    statement = allow_statement(
        "sqs:SendMessage", QUEUE, conditions={"Bool": {"aws:SecureTransport": "true"}}
    )
    assert make_document(iam.identity_policy, statement) == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "Test",
                "Effect": "Allow",
                "Action": ["sqs:SendMessage"],
                "Resource": [QUEUE],
                "Condition": {"Bool": {"aws:SecureTransport": "true"}},
            }
        ],
    }


def test_values_may_be_outputs_at_any_depth() -> None:
    def make() -> pulumi.Output[str]:
        queue = pulumi.Output.from_input(QUEUE)
        return iam.identity_policy([Statement(sid="Test", actions=["sqs:SendMessage"], resources=[queue])])

    assert QUEUE in (resolve_output(make) or "")


@pytest.mark.parametrize("action", ["sqs:*", "sqs:Send*", "*", "sqs:?endMessage"])
@pytest.mark.parametrize("make", [iam.identity_policy, iam.key_policy, iam.resource_policy])
def test_C4_wildcard_action_is_refused(make: Make, action: str) -> None:
    with pytest.raises(PolicyError, match=re.escape(action)):
        make_document(
            make, allow_statement(action, QUEUE, principal={"AWS": "arn:aws:iam::123456789012:root"})
        )


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("sqs:SendMessage", "*"),
        ("sqs:SendMessage", "arn:aws:sqs:us-east-1:123456789012:*"),
        ("ec2:CreateNetworkInterface", "*"),
        ("ec2:RunInstances", INTERFACES),
        ("ec2:CreateNetworkInterface", "arn:aws:ec2:*:123456789012:network-interface/*"),
        ("logs:PutLogEvents", "*"),
        ("logs:GetLogEvents", "arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/a:*"),
        ("dynamodb:ListTables", "*"),
    ],
)
def test_C4_unlisted_wildcard_resource_is_refused(action: str, resource: str) -> None:
    with pytest.raises(PolicyError, match=re.escape(f"{action} ")):
        make_document(iam.identity_policy, allow_statement(action, resource))


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("xray:PutTraceSegments", "*"),
        ("ec2:DescribeSubnets", "*"),
        ("ec2:DeleteNetworkInterface", INTERFACES),
        ("logs:PutLogEvents", "arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/a-b:*"),
    ],
)
def test_C4_listed_wildcard_is_accepted(action: str, resource: str) -> None:
    assert make_document(iam.identity_policy, allow_statement(action, resource))["Statement"][0][
        "Resource"
    ] == [resource]


@pytest.mark.parametrize(
    "conditions",
    [
        {},
        {"StringNotEquals": {"aws:ResourceTag/layer": "data"}},
        {"StringEquals": {"aws:ResourceTag/owner": "edge"}},
        {"Null": {"aws:ResourceTag/layer": "true"}},
    ],
)
def test_C4_listed_wildcard_is_refused_without_its_guard(conditions: dict[str, Any]) -> None:
    with pytest.raises(PolicyError, match="ec2:DeleteVpc"):
        make_document(iam.identity_policy, allow_statement("ec2:DeleteVpc", VPCS, conditions=conditions))


def test_C4_listed_wildcard_is_accepted_with_its_guard() -> None:
    guard = {"StringEquals": {"aws:ResourceTag/layer": "foundation"}}
    statement = allow_statement("ec2:DeleteVpc", VPCS, conditions=guard)
    assert make_document(iam.identity_policy, statement)["Statement"][0]["Condition"] == guard


def test_C4_one_invalid_action_refuses_the_statement() -> None:
    statement = Statement(sid="Test", actions=["ec2:DescribeSubnets", "ec2:RunInstances"], resources=["*"])
    with pytest.raises(PolicyError, match="ec2:RunInstances"):
        make_document(iam.identity_policy, statement)


@pytest.mark.parametrize("principal", [{"AWS": "*"}, None])
@pytest.mark.parametrize("make", [iam.resource_policy, iam.key_policy])
def test_C4_policy_for_every_principal_is_refused(make: Make, principal: dict[str, str] | None) -> None:
    with pytest.raises(PolicyError, match="principal"):
        make_document(make, allow_statement("sqs:SendMessage", QUEUE, principal=principal))


def test_C4_denial_for_every_principal_is_accepted() -> None:
    statement = Statement(
        sid="Test", effect="Deny", actions=["sqs:*"], resources=[QUEUE], principal={"AWS": "*"}
    )
    assert make_document(iam.resource_policy, statement)["Statement"][0]["Effect"] == "Deny"


def test_C4_endpoint_policy_without_a_principal_condition_is_refused() -> None:
    with pytest.raises(PolicyError, match="aws:PrincipalArn"):
        make_document(iam.endpoint_policy, allow_statement("sqs:SendMessage", QUEUE, principal={"AWS": "*"}))


def test_resource_of_a_key_policy_is_the_key_itself() -> None:
    statement = Statement(
        sid="Test", actions=["kms:DescribeKey"], principal={"AWS": "arn:aws:iam::123456789012:root"}
    )
    assert make_document(iam.key_policy, statement)["Statement"][0]["Resource"] == ["*"]
