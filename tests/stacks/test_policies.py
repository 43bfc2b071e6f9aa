"""Requirement C4 for every policy of every layer."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from shared.wildcards import EXCEPTIONS, is_exempt
from tests.stacks.conftest import Programs
from tests.stacks.mocked_aws import arn

Statement = dict[str, Any]
POLICY_INPUTS = {
    "aws:iam/rolePolicy:RolePolicy": "policy",
    "aws:iam/policy:Policy": "policy",
    "aws:iam/role:Role": "assumeRolePolicy",
    "aws:kms/key:Key": "policy",
    "aws:sqs/queuePolicy:QueuePolicy": "policy",
    "aws:sns/topicPolicy:TopicPolicy": "policy",
    "aws:ec2/vpcEndpoint:VpcEndpoint": "policy",
    "aws:apigateway/restApiPolicy:RestApiPolicy": "policy",
}
IDENTITY = ("aws:iam/rolePolicy:RolePolicy", "aws:iam/policy:Policy")
OPERATIONS_TOPIC = f'"kms:EncryptionContext:aws:sns:topicArn": "{arn("sns", "fraud-operations")}"'


def find_allow_statements(programs: Programs, *types: str) -> Iterator[tuple[str, Statement]]:
    """The statements that allow something, each with its resource and ID."""
    for program in programs.values():
        for resource in program.resources:
            if resource.type in (types or POLICY_INPUTS):
                for statement in json.loads(resource[POLICY_INPUTS[resource.type]])["Statement"]:
                    if statement["Effect"] == "Allow":
                        yield f"{resource.type} {resource.name} {statement.get('Sid')}", statement


def test_C4_every_resource_type_with_a_policy_is_checked(prod: Programs) -> None:
    types = {resource.type for program in prod.values() for resource in program.resources}
    carriers = {
        resource.type
        for program in prod.values()
        for resource in program.resources
        for key, value in resource.inputs.items()
        if isinstance(value, str) and '"Statement"' in value
    }
    assert carriers == set(POLICY_INPUTS)
    assert carriers <= types


def test_C4_no_statement_allows_a_wildcard_action(prod_and_signed: Programs) -> None:
    wildcards = [
        where
        for where, statement in find_allow_statements(prod_and_signed)
        if any("*" in action for action in statement["Action"])
    ]
    assert wildcards == []


def test_C4_no_role_has_an_unlisted_wildcard_resource(prod_and_signed: Programs) -> None:
    unlisted = [
        f"{where}: {action} on {resource}"
        for where, statement in find_allow_statements(prod_and_signed, *IDENTITY)
        for action in statement["Action"]
        for resource in statement["Resource"]
        if "*" in resource and not is_exempt(action, resource, statement.get("Condition", {}))
    ]
    assert unlisted == []


def test_C4_every_exception_is_needed_and_has_a_reason(prod_and_signed: Programs) -> None:
    used = {
        (action, resource)
        for _, statement in find_allow_statements(prod_and_signed, *IDENTITY)
        for action in statement["Action"]
        for resource in statement["Resource"]
        if "*" in resource
    }
    assert len(EXCEPTIONS) > 10
    for exception in EXCEPTIONS:
        assert len(exception.reason) > 20
        for action in exception.actions:
            assert any(
                action == used_action and re.fullmatch(exception.resource, arn) for used_action, arn in used
            ), action


def test_C4_no_statement_allows_every_principal(prod: Programs) -> None:
    open_to_all = [
        where
        for where, statement in find_allow_statements(prod)
        if statement.get("Principal") in ("*", {"AWS": "*"}) and "VpcEndpoint" not in where
    ]
    assert open_to_all == []


def test_C4_every_role_of_every_layer_has_a_boundary(prod: Programs) -> None:
    roles = [role for program in prod.values() for role in program.find_all("iam/role:Role")]
    assert len(roles) >= 5
    assert [role.name for role in roles if not role.inputs.get("permissionsBoundary")] == []


def test_C4_services_use_keys_and_queues_only_for_this_account(prod: Programs) -> None:
    for where, statement in find_allow_statements(prod, "aws:kms/key:Key", "aws:sqs/queuePolicy:QueuePolicy"):
        if "Service" in statement["Principal"]:
            condition = json.dumps(statement["Condition"])
            # CloudWatch Logs, and EventBridge for topics, send only the encryption context.
            limits = ("aws:SourceAccount", "kms:EncryptionContext:aws:logs:arn", OPERATIONS_TOPIC)
            assert any(limit in condition for limit in limits), where


@pytest.mark.parametrize("limit_characters", [6144])
def test_C4_boundary_is_within_the_size_limit_of_a_managed_policy(
    prod: Programs, limit_characters: int
) -> None:
    for policy in prod["foundation"].find_all("iam/policy:Policy"):
        assert len(re.sub(r"\s", "", policy["policy"])) <= limit_characters
