"""C4 over every policy of every layer, whatever resource carries it."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from shared.wildcards import EXCEPTIONS, is_listed
from tests.stacks.conftest import Programs
from tests.stacks.mocked_aws import arn

Statement = dict[str, Any]
PLACES = {
    "aws:iam/rolePolicy:RolePolicy": "policy",
    "aws:iam/policy:Policy": "policy",
    "aws:iam/role:Role": "assumeRolePolicy",
    "aws:kms/key:Key": "policy",
    "aws:sqs/queuePolicy:QueuePolicy": "policy",
    "aws:sns/topicPolicy:TopicPolicy": "policy",
    "aws:ec2/vpcEndpoint:VpcEndpoint": "policy",
}
IDENTITY = ("aws:iam/rolePolicy:RolePolicy", "aws:iam/policy:Policy")
OPERATIONS_TOPIC = f'"kms:EncryptionContext:aws:sns:topicArn": "{arn("sns", "fraud-operations")}"'


def allowed(programs: Programs, *types: str) -> Iterator[tuple[str, Statement]]:
    """Every statement that allows something, with where it stands."""
    for program in programs.values():
        for resource in program.resources:
            if resource.type in (types or PLACES):
                for statement in json.loads(resource[PLACES[resource.type]])["Statement"]:
                    if statement["Effect"] == "Allow":
                        yield f"{resource.type} {resource.name} {statement.get('Sid')}", statement


def test_C4_every_policy_of_every_resource_is_looked_at(prod: Programs) -> None:
    types = {resource.type for program in prod.values() for resource in program.resources}
    carriers = {
        resource.type
        for program in prod.values()
        for resource in program.resources
        for key, value in resource.inputs.items()
        if isinstance(value, str) and '"Statement"' in value
    }
    assert carriers == set(PLACES)
    assert carriers <= types


def test_C4_no_statement_allows_a_wildcard_action(prod: Programs) -> None:
    wild = [where for where, statement in allowed(prod) if any("*" in each for each in statement["Action"])]
    assert wild == []


def test_C4_no_role_may_act_on_a_wildcard_resource_that_is_not_listed(prod: Programs) -> None:
    unlisted = [
        f"{where}: {action} on {resource}"
        for where, statement in allowed(prod, *IDENTITY)
        for action in statement["Action"]
        for resource in statement["Resource"]
        if "*" in resource and not is_listed(action, resource, statement.get("Condition", {}))
    ]
    assert unlisted == []


def test_C4_every_listed_exception_is_needed_and_has_a_reason(prod: Programs) -> None:
    used = {
        (action, resource)
        for _, statement in allowed(prod, *IDENTITY)
        for action in statement["Action"]
        for resource in statement["Resource"]
        if "*" in resource
    }
    assert len(EXCEPTIONS) > 10
    for exception in EXCEPTIONS:
        assert len(exception.reason) > 20
        for action in exception.actions:
            assert any(action == each and re.fullmatch(exception.resource, arn) for each, arn in used), action


def test_C4_nothing_is_allowed_to_everyone(prod: Programs) -> None:
    open_to_all = [
        where
        for where, statement in allowed(prod)
        if statement.get("Principal") in ("*", {"AWS": "*"}) and "VpcEndpoint" not in where
    ]
    assert open_to_all == []


def test_C4_every_role_of_every_layer_has_a_boundary(prod: Programs) -> None:
    roles = [role for program in prod.values() for role in program.all("iam/role:Role")]
    assert len(roles) >= 5
    assert [role.name for role in roles if not role.inputs.get("permissionsBoundary")] == []


def test_C4_every_service_that_uses_a_key_or_a_queue_does_so_for_this_account(prod: Programs) -> None:
    for where, statement in allowed(prod, "aws:kms/key:Key", "aws:sqs/queuePolicy:QueuePolicy"):
        if "Service" in statement["Principal"]:
            condition = json.dumps(statement["Condition"])
            # CloudWatch Logs, and EventBridge when it publishes, send the encryption context only.
            bounds = ("aws:SourceAccount", "kms:EncryptionContext:aws:logs:arn", OPERATIONS_TOPIC)
            assert any(bound in condition for bound in bounds), where


@pytest.mark.parametrize("limit_characters", [6144])
def test_C4_a_boundary_fits_into_a_managed_policy(prod: Programs, limit_characters: int) -> None:
    for policy in prod["foundation"].all("iam/policy:Policy"):
        assert len(re.sub(r"\s", "", policy["policy"])) <= limit_characters
