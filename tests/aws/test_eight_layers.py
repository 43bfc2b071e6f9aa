"""With eight layers, each layer's role may touch what is its own and nothing of another's."""

from collections.abc import Iterator

import pytest

from shared.names import deployer
from shared.projects import FOUNDATION, Project
from stacks.foundation.deploy_roles import layer_resources
from stacks.foundation.deploy_roles.provider_actions import CALLS
from tests.aws.layers import EIGHT, arns_of, foundation_with_eight_layers
from tests.stacks.evaluation import RecordedRole, boundary_arn, role_arn

Roles = dict[str, RecordedRole]


@pytest.fixture(scope="module")
def roles() -> Iterator[Roles]:
    with pytest.MonkeyPatch.context() as patch:
        foundation = foundation_with_eight_layers(patch)
        purposes = {project.layer: deployer(project.layer) for project in EIGHT}
        yield {layer: RecordedRole.find(foundation, purpose) for layer, purpose in purposes.items()}


def changes(layer: str) -> list[tuple[str, str]]:
    """Every action that makes or changes a resource with a name of the layer, and an ARN of it."""
    (project,) = [each for each in EIGHT if each.layer == layer]
    return [
        (action, arn.replace("*", "x"))
        for held in layer_resources.of(project, arns_of()).held
        if not held.tagged
        for type_ in held.types
        for action in CALLS[type_].of("change")
        for arn in held.arns
    ]


@pytest.mark.parametrize("layer", [project.layer for project in EIGHT])
def test_C4_no_other_layers_role_changes_what_a_layer_holds(roles: Roles, layer: str) -> None:
    own = changes(layer)
    assert own
    # An alias is changed with its key, which has the tag.
    refused = [(a, arn) for a, arn in own if not roles[layer].may(a, arn, aws__ResourceTag_layer=layer)]
    assert refused == []
    for other, role in roles.items():
        if other != layer:
            assert [(a, arn) for a, arn in own if role.might(a, arn)] == [], other


@pytest.mark.parametrize("project", [each for each in EIGHT if each.functions], ids=lambda each: each.layer)
def test_C4_a_layer_makes_the_roles_of_its_functions_and_no_other_layer_does(
    roles: Roles, project: Project
) -> None:
    for function in project.functions:
        limit = {"iam__PermissionsBoundary": boundary_arn(function)}
        makers = {
            layer for layer, role in roles.items() if role.may("iam:CreateRole", role_arn(function), **limit)
        }
        assert makers == {project.layer}


def test_C4_foundation_makes_every_layers_role_and_boundary_but_its_own(roles: Roles) -> None:
    role = roles[FOUNDATION.layer]
    for project in EIGHT:
        purpose = deployer(project.layer)
        made = role.may("iam:CreateRole", role_arn(purpose), iam__PermissionsBoundary=boundary_arn(purpose))
        assert made == (project != FOUNDATION)
        assert role.may("iam:CreatePolicyVersion", boundary_arn(purpose)) == (project != FOUNDATION)
