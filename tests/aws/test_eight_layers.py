"""Deploy roles with eight layers: each may change only the resources of its own layer."""

from collections.abc import Iterator

import pytest

from shared.names import deploy_role_purpose
from shared.projects import FOUNDATION, Project
from stacks.foundation.deploy_roles import layer_resources
from stacks.foundation.deploy_roles.provider_actions import PROVIDER_ACTIONS
from tests.aws.layers import EIGHT, foundation_with_eight_layers, make_arns
from tests.stacks.evaluation import RecordedRole, boundary_arn, role_arn

Roles = dict[str, RecordedRole]


@pytest.fixture(scope="module")
def roles() -> Iterator[Roles]:
    with pytest.MonkeyPatch.context() as patch:
        foundation = foundation_with_eight_layers(patch)
        purposes = {project.layer: deploy_role_purpose(project.layer) for project in EIGHT}
        yield {layer: RecordedRole.find(foundation, purpose) for layer, purpose in purposes.items()}


def find_changes(layer: str) -> list[tuple[str, str]]:
    """The actions that update the named resources of the layer, each with an ARN."""
    (project,) = [project for project in EIGHT if project.layer == layer]
    return [
        (action, arn.replace("*", "x"))
        for group in layer_resources.find_owned_resources(project, make_arns()).groups
        if not group.tagged and "update" in group.kinds
        for type_ in group.types
        for action in PROVIDER_ACTIONS[type_].names("update")
        for arn in group.arns
    ]


@pytest.mark.parametrize("layer", [project.layer for project in EIGHT])
def test_C4_only_its_own_role_changes_the_resources_of_a_layer(roles: Roles, layer: str) -> None:
    changes = find_changes(layer)
    assert changes
    # A change of an alias is a change of its key, which has the tag.
    refused = [
        (a, arn) for a, arn in changes if not roles[layer].allows(a, arn, aws__ResourceTag_layer=layer)
    ]
    assert refused == []
    for other_layer, role in roles.items():
        if other_layer != layer:
            assert [(a, arn) for a, arn in changes if role.boundary_allows(a, arn)] == [], other_layer


@pytest.mark.parametrize(
    "project", [project for project in EIGHT if project.functions], ids=lambda project: project.layer
)
def test_C4_only_its_own_layer_creates_the_role_of_a_function(roles: Roles, project: Project) -> None:
    for function in project.functions:
        limit = {"iam__PermissionsBoundary": boundary_arn(function)}
        creators = {
            layer
            for layer, role in roles.items()
            if role.allows("iam:CreateRole", role_arn(function), **limit)
        }
        assert creators == {project.layer}


def test_C4_foundation_creates_every_deploy_role_and_boundary_except_its_own(roles: Roles) -> None:
    role = roles[FOUNDATION.layer]
    for project in EIGHT:
        purpose = deploy_role_purpose(project.layer)
        can_create = role.allows(
            "iam:CreateRole", role_arn(purpose), iam__PermissionsBoundary=boundary_arn(purpose)
        )
        assert can_create == (project != FOUNDATION)
        assert role.allows("iam:CreatePolicyVersion", boundary_arn(purpose)) == (project != FOUNDATION)
