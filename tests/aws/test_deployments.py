"""The roles of CI may make every request that AWS checks when their layer is deployed or looked at."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from shared.projects import PROJECTS
from stacks.foundation.deploy_roles import layer_resources
from tests.aws import handlers
from tests.aws.changes import without_statement
from tests.aws.conftest import Programs
from tests.aws.deployments import Deployment, MissingEntryError
from tests.aws.handlers import PHASES
from tests.aws.policies import Policies
from tests.aws.uncalled import UNCALLED, find_reason

# An administrator deploys a new layer until the platform team lists what it holds.
LAYERS = tuple(project.layer for project in PROJECTS if layer_resources.is_listed(project))


def deployments(prod: Programs, policies: Policies, layer: str) -> Iterator[Deployment]:
    for resource in prod[layer].resources:
        if resource.type.startswith("aws:"):
            yield Deployment(layer, resource, prod, policies)


def refusals(prod: Programs, policies: Policies, layer: str, role: str, *phases: str) -> list[str]:
    return [
        f"{phase} {deployment.type} {deployment.resource.name}: {refusal}"
        for deployment in deployments(prod, policies, layer)
        for phase in phases
        for request in deployment.requests(phase)
        if (refusal := policies.refusal(f"fraud-pipeline-{role}", request))
    ]


@pytest.mark.parametrize("layer", LAYERS)
def test_a_layers_role_may_make_every_request_of_its_deployments(
    prod: Programs, policies: Policies, layer: str
) -> None:
    assert refusals(prod, policies, layer, f"deploy-{layer}", *PHASES) == []


@pytest.mark.parametrize("layer", LAYERS)
def test_the_role_that_looks_may_read_every_resource(prod: Programs, policies: Policies, layer: str) -> None:
    assert refusals(prod, policies, layer, "read", "read") == []


def test_every_exception_is_needed_by_a_registered_resource(prod: Programs) -> None:
    resources = [each for program in prod.values() for each in program.resources if each.type[:4] == "aws:"]
    used = {
        reason
        for resource in resources
        for phase in PHASES
        for permission in handlers.permissions(resource.type.removeprefix("aws:"), phase)
        if (reason := find_reason(resource, permission))
    }
    assert [each for each in UNCALLED if each not in used] == []


def test_an_unknown_resource_type_fails_with_where_to_add_it(prod: Programs, policies: Policies) -> None:
    unknown = replace(prod["data"].one("sns/topic:Topic"), type="aws:kinesis/stream:Stream")
    with pytest.raises(MissingEntryError, match=r"kinesis/stream:Stream.*conversions\.py.*targets\.py"):
        list(Deployment("data", unknown, prod, policies).requests("create"))


@pytest.mark.parametrize(
    ("resource", "sid"),
    [("deploy-processing", "UseDataKeyThroughEvents"), ("read", "ReadWithDataKeyThroughEvents")],
)
def test_the_encrypted_bus_cannot_be_deployed_or_read_without_its_key(
    prod: Programs, resource: str, sid: str
) -> None:
    phases = ["read"] if resource == "read" else ["create", "read", "update"]
    changed = without_statement(prod, "foundation", "iam/rolePolicy:RolePolicy", resource, sid)
    found = refusals(changed, Policies(changed), "processing", resource, *phases)
    assert {refusal.split()[1] for refusal in found} >= {
        "cloudwatch/eventRule:EventRule",
        "cloudwatch/eventTarget:EventTarget",
    }


def test_the_encrypted_bus_cannot_be_deployed_unless_its_key_lets_eventbridge_be_the_way(
    prod: Programs,
) -> None:
    changed = without_statement(prod, "foundation", "kms/key:Key", "data", "UseThroughStores")
    found = refusals(changed, Policies(changed), "processing", "deploy-processing", "create")
    assert any("eventBus:EventBus" in refusal and "the key 'data'" in refusal for refusal in found)
