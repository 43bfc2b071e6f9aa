"""CI's roles may make every request of a deployment or a preview of their layer."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from shared.projects import PROJECTS
from stacks.foundation.deploy_roles import layer_resources
from tests.aws import handlers
from tests.aws.changes import remove_statement
from tests.aws.conftest import Programs
from tests.aws.deployments import Deployment, MissingEntryError
from tests.aws.handlers import PHASES
from tests.aws.policies import Policies
from tests.aws.uncalled import UNCALLED, find_reason

# An administrator deploys a new layer until the platform team lists its resources.
LAYERS = tuple(project.layer for project in PROJECTS if layer_resources.has_listed_resources(project))


def find_deployments(prod: Programs, policies: Policies, layer: str) -> Iterator[Deployment]:
    for resource in prod[layer].resources:
        if resource.type.startswith("aws:"):
            yield Deployment(layer, resource, prod, policies)


def find_refusals(prod: Programs, policies: Policies, layer: str, role: str, *phases: str) -> list[str]:
    return [
        f"{phase} {deployment.type} {deployment.resource.name}: {refusal}"
        for deployment in find_deployments(prod, policies, layer)
        for phase in phases
        for request in deployment.requests(phase)
        if (refusal := policies.find_refusal(f"fraud-pipeline-{role}", request))
    ]


@pytest.mark.parametrize("layer", LAYERS)
def test_deploy_role_may_make_every_request_of_its_deployments(
    prod: Programs, policies: Policies, layer: str
) -> None:
    assert find_refusals(prod, policies, layer, f"deploy-{layer}", *PHASES) == []


def test_roles_may_deploy_and_read_what_limits_the_callers_of_the_api(guarded: Programs) -> None:
    policies = Policies(guarded)
    assert find_refusals(guarded, policies, "edge", "deploy-edge", *PHASES) == []
    assert find_refusals(guarded, policies, "edge", "read", "read") == []


@pytest.mark.parametrize("layer", LAYERS)
def test_roles_may_deploy_and_read_signed_functions(signed: Programs, layer: str) -> None:
    policies = Policies(signed)
    assert find_refusals(signed, policies, layer, f"deploy-{layer}", *PHASES) == []
    assert find_refusals(signed, policies, layer, "read", "read") == []


@pytest.mark.parametrize("layer", LAYERS)
def test_every_permission_for_code_signing_is_needed(prod: Programs, signed: Programs, layer: str) -> None:
    role = f"deploy-{layer}"
    requested = {
        request.action
        for deployment in find_deployments(signed, Policies(signed), layer)
        for phase in PHASES
        for request in deployment.requests(phase)
    }
    added = find_allowed_actions(signed, role) - find_allowed_actions(prod, role)
    assert added <= requested
    assert bool(added) == (layer != "data")


def find_allowed_actions(programs: Programs, role: str) -> set[str]:
    policy = programs["foundation"].find_one("iam/rolePolicy:RolePolicy", role)
    return {action for statement in policy.document()["Statement"] for action in statement["Action"]}


@pytest.mark.parametrize("layer", LAYERS)
def test_read_role_may_read_every_resource(prod: Programs, policies: Policies, layer: str) -> None:
    assert find_refusals(prod, policies, layer, "read", "read") == []


def test_every_uncalled_permission_applies_to_a_registered_resource(
    prod_and_signed: Programs, guarded: Programs
) -> None:
    resources = [
        resource
        for program in (*prod_and_signed.values(), guarded["edge"])
        for resource in program.resources
        if resource.type.startswith("aws:")
    ]
    used = {
        reason
        for resource in resources
        for phase in PHASES
        for permission in handlers.handler_permissions(resource.type.removeprefix("aws:"), phase)
        if (reason := find_reason(resource, permission))
    }
    assert [entry for entry in UNCALLED if entry not in used] == []


def test_unknown_resource_type_fails_with_the_tables_to_extend(prod: Programs, policies: Policies) -> None:
    unknown = replace(prod["data"].find_one("sns/topic:Topic"), type="aws:kinesis/stream:Stream")
    with pytest.raises(MissingEntryError, match=r"kinesis/stream:Stream.*conversions\.py.*targets\.py"):
        list(Deployment("data", unknown, prod, policies).requests("create"))


@pytest.mark.parametrize(
    ("resource", "sid"),
    [("deploy-processing", "UseDataKeyThroughEvents"), ("read", "ReadWithDataKeyThroughEvents")],
)
def test_encrypted_bus_cannot_be_deployed_or_read_without_its_key(
    prod: Programs, resource: str, sid: str
) -> None:
    phases = ["read"] if resource == "read" else ["create", "read", "update"]
    changed = remove_statement(prod, "foundation", "iam/rolePolicy:RolePolicy", resource, sid)
    refusals = find_refusals(changed, Policies(changed), "processing", resource, *phases)
    assert {refusal.split()[1] for refusal in refusals} >= {
        "cloudwatch/eventRule:EventRule",
        "cloudwatch/eventTarget:EventTarget",
    }


def test_encrypted_bus_needs_a_key_policy_for_use_through_eventbridge(
    prod: Programs,
) -> None:
    changed = remove_statement(prod, "foundation", "kms/key:Key", "data", "UseThroughStores")
    refusals = find_refusals(changed, Policies(changed), "processing", "deploy-processing", "create")
    assert any("eventBus:EventBus" in refusal and "the key 'data'" in refusal for refusal in refusals)
