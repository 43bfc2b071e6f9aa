"""C4 where policies are made: what is refused, and that the list of exceptions is the only way through."""

import json
from collections.abc import Callable, Iterable
from typing import Any

import pulumi
import pytest

from shared import iam
from shared.iam import PolicyError, Statement
from tests.unit.shared.outputs import resolved

Make = Callable[[Iterable[Statement]], pulumi.Output[str]]
QUEUE = "arn:aws:sqs:us-east-1:123456789012:suspicious"
VPCS = "arn:aws:ec2:us-east-1:123456789012:vpc/*"
INTERFACES = "arn:aws:ec2:us-east-1:123456789012:network-interface/*"


def document(make: Make, *statements: Statement) -> Any:
    """The policy that `make` makes, parsed."""
    return json.loads(resolved(lambda: make(statements)) or "")


def allow(action: str, resource: str, **others: Any) -> Statement:
    return Statement(sid="Test", actions=[action], resources=[resource], **others)


def test_a_statement_becomes_a_document() -> None:
    statement = allow("sqs:SendMessage", QUEUE, conditions={"Bool": {"aws:SecureTransport": "true"}})
    assert document(iam.identity_policy, statement) == {
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

    assert QUEUE in (resolved(make) or "")


@pytest.mark.parametrize("action", ["sqs:*", "sqs:Send*", "*", "sqs:?endMessage"])
@pytest.mark.parametrize("make", [iam.identity_policy, iam.key_policy, iam.resource_policy])
def test_C4_a_wildcard_action_is_refused(make: Make, action: str) -> None:
    with pytest.raises(PolicyError, match="Test: name the actions"):
        document(make, allow(action, QUEUE, principal={"AWS": "arn:aws:iam::123456789012:root"}))


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
def test_C4_a_wildcard_resource_that_is_not_listed_is_refused(action: str, resource: str) -> None:
    with pytest.raises(PolicyError, match=r"is not listed in shared\.wildcards\.EXCEPTIONS"):
        document(iam.identity_policy, allow(action, resource))


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("xray:PutTraceSegments", "*"),
        ("ec2:DescribeSubnets", "*"),
        ("ec2:DeleteNetworkInterface", INTERFACES),
        ("logs:PutLogEvents", "arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/a-b:*"),
    ],
)
def test_C4_what_is_listed_passes(action: str, resource: str) -> None:
    assert document(iam.identity_policy, allow(action, resource))["Statement"][0]["Resource"] == [resource]


@pytest.mark.parametrize(
    "conditions",
    [
        {},
        {"StringNotEquals": {"aws:ResourceTag/layer": "data"}},
        {"StringEquals": {"aws:ResourceTag/owner": "edge"}},
        {"Null": {"aws:ResourceTag/layer": "true"}},
    ],
)
def test_C4_what_is_listed_with_a_guard_is_refused_without(conditions: dict[str, Any]) -> None:
    with pytest.raises(PolicyError, match="ec2:DeleteVpc"):
        document(iam.identity_policy, allow("ec2:DeleteVpc", VPCS, conditions=conditions))


def test_C4_what_is_listed_with_a_guard_passes_with_it() -> None:
    guard = {"StringEquals": {"aws:ResourceTag/layer": "foundation"}}
    statement = allow("ec2:DeleteVpc", VPCS, conditions=guard)
    assert document(iam.identity_policy, statement)["Statement"][0]["Condition"] == guard


def test_C4_a_statement_is_refused_for_any_of_its_actions() -> None:
    statement = Statement(sid="Test", actions=["ec2:DescribeSubnets", "ec2:RunInstances"], resources=["*"])
    with pytest.raises(PolicyError, match="ec2:RunInstances"):
        document(iam.identity_policy, statement)


@pytest.mark.parametrize("principal", [{"AWS": "*"}, None])
@pytest.mark.parametrize("make", [iam.resource_policy, iam.key_policy])
def test_C4_everyone_is_refused_as_a_principal(make: Make, principal: dict[str, str] | None) -> None:
    with pytest.raises(PolicyError, match="Test: name the principal"):
        document(make, allow("sqs:SendMessage", QUEUE, principal=principal))


def test_C4_everyone_may_be_denied_everything() -> None:
    statement = Statement(
        sid="Test", effect="Deny", actions=["sqs:*"], resources=[QUEUE], principal={"AWS": "*"}
    )
    assert document(iam.resource_policy, statement)["Statement"][0]["Effect"] == "Deny"


def test_C4_an_endpoint_without_a_named_principal_is_refused() -> None:
    with pytest.raises(PolicyError, match="aws:PrincipalArn"):
        document(iam.endpoint_policy, allow("sqs:SendMessage", QUEUE, principal={"AWS": "*"}))


def test_a_key_policys_resource_is_the_key_itself() -> None:
    statement = Statement(
        sid="Test", actions=["kms:DescribeKey"], principal={"AWS": "arn:aws:iam::123456789012:root"}
    )
    assert document(iam.key_policy, statement)["Statement"][0]["Resource"] == ["*"]
