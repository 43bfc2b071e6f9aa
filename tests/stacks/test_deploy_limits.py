"""The limits of CI's roles: trust policies, creation of roles, boundaries, policy sizes."""

import json
import re
from collections.abc import Iterable
from typing import Any

import pytest

from shared.names import FUNCTIONS
from tests.stacks.evaluation import (
    LAYERS,
    PURPOSES,
    RecordedRole,
    boundary_arn,
    deploy_roles,
    find_actions,
    role_arn,
)
from tests.stacks.mocked_aws import REGION, arn
from tests.stacks.recording import RecordedResource, run_program

Roles = dict[str, RecordedRole]

REPOSITORY = "repo:example/fraud-pipeline"
MANAGED_POLICY_CHARACTERS, INLINE_POLICIES_CHARACTERS, TRUST_CHARACTERS = 6144, 10_240, 2048
# The roles that layers create, with the service that assumes each.
ROLES = {
    "processing": {"fraud": "lambda", "merchants": "lambda", "notify": "lambda", "pipe": "pipes"},
    "edge": {"api": "lambda", "labels": "lambda", "api-gateway-logs": "apigateway"},
}


@pytest.mark.parametrize("layer", LAYERS)
def test_deploy_role_trusts_only_deployments_of_its_layer(roles: Roles, layer: str) -> None:
    role = roles[f"deploy-{layer}"]
    assert role.trusts("sts.amazonaws.com", f"{REPOSITORY}:environment:prod-{layer}")
    other_layers = [other_layer for other_layer in LAYERS if other_layer != layer]
    for subject in (
        *(f"{REPOSITORY}:environment:prod-{other_layer}" for other_layer in other_layers),
        f"{REPOSITORY}:environment:dev-{layer}",
        f"{REPOSITORY}:pull_request",
        f"{REPOSITORY}:ref:refs/heads/main",
        f"repo:example/other:environment:prod-{layer}",
        f"{REPOSITORY}:environment:prod-{layer}-2",
    ):
        assert not role.trusts("sts.amazonaws.com", subject), subject
    assert not role.trusts("elsewhere", f"{REPOSITORY}:environment:prod-{layer}")


@pytest.mark.parametrize("layer", LAYERS)
def test_deploy_role_trusts_only_main(roles: Roles, layer: str) -> None:
    for ref in ("refs/heads/other", "refs/tags/main", "refs/pull/1/merge"):
        subject = f"{REPOSITORY}:environment:prod-{layer}"
        assert not roles[f"deploy-{layer}"].trusts("sts.amazonaws.com", subject, ref), ref


def test_read_role_trusts_pull_requests_and_main(roles: Roles) -> None:
    for run, ref in (("pull_request", "refs/pull/1/merge"), ("ref:refs/heads/main", "refs/heads/main")):
        assert roles["read"].trusts("sts.amazonaws.com", f"{REPOSITORY}:{run}", ref)
    for run in ("ref:refs/heads/other", "environment:prod-data", "ref:refs/tags/main"):
        assert not roles["read"].trusts("sts.amazonaws.com", f"{REPOSITORY}:{run}")


@pytest.mark.parametrize("purpose", PURPOSES)
def test_roles_trust_only_github(roles: Roles, purpose: str) -> None:
    (statement,) = roles[purpose].role.statements("assumeRolePolicy").values()
    assert statement["Action"] == ["sts:AssumeRoleWithWebIdentity"]
    assert statement["Principal"] == {
        "Federated": arn("iam", "oidc-provider/token.actions.githubusercontent.com")
    }
    assert list(statement["Condition"]) == ["StringEquals"]


@pytest.mark.parametrize("layer", ["processing", "edge"])
def test_layer_creates_its_roles_only_with_their_boundaries(roles: Roles, layer: str) -> None:
    role = roles[f"deploy-{layer}"]
    for purpose in ROLES[layer]:
        for action in ("iam:CreateRole", "iam:PutRolePolicy", "iam:PutRolePermissionsBoundary"):
            own_role, own_boundary = role_arn(purpose), boundary_arn(purpose)
            assert role.allows(action, own_role, iam__PermissionsBoundary=own_boundary)
            assert not role.allows(action, own_role)
            assert not role.allows(
                action, own_role, iam__PermissionsBoundary=boundary_arn("deploy-foundation")
            )
            assert not role.boundary_allows(action, own_role)
            assert not role.boundary_allows(
                action, own_role, iam__PermissionsBoundary=arn("iam", "policy/mine")
            )


@pytest.mark.parametrize("layer", ["processing", "edge"])
def test_layer_passes_each_role_only_to_its_service(roles: Roles, layer: str) -> None:
    role = roles[f"deploy-{layer}"]
    for purpose, service in ROLES[layer].items():
        for passed_to in ("lambda", "pipes", "apigateway", "ec2"):
            passed = role.allows(
                "iam:PassRole", role_arn(purpose), iam__PassedToService=f"{passed_to}.amazonaws.com"
            )
            assert passed == (passed_to == service)


def test_no_layer_creates_changes_or_passes_roles_of_another_layer(roles: Roles) -> None:
    updates = find_actions("iam/role:Role", "create", "update")
    # An update also lists the instance profiles of a role.
    changes = [action for action in updates if not action.startswith("iam:List")]
    actions = [*changes, "iam:PutRolePolicy", "iam:PassRole"]
    for layer, role in deploy_roles(roles).items():
        other_roles = [p for other_layer, purposes in ROLES.items() if other_layer != layer for p in purposes]
        for purpose in [*other_roles, *PURPOSES]:
            keys = {
                "iam__PermissionsBoundary": boundary_arn(purpose),
                "iam__PassedToService": "lambda.amazonaws.com",
            }
            if layer == "foundation" and purpose in PURPOSES[1:]:
                continue
            assert [a for a in actions if role.allows(a, role_arn(purpose), **keys)] == [], (layer, purpose)


@pytest.mark.parametrize("purpose", PURPOSES)
def test_no_role_can_change_itself_or_its_boundary(roles: Roles, purpose: str) -> None:
    role, limits = roles[purpose], {"iam__PermissionsBoundary": boundary_arn(purpose)}
    on_role = [
        *find_actions("iam/role:Role", "create"),
        "iam:PutRolePolicy",
        "iam:DeleteRolePolicy",
        "iam:DeleteRole",
    ]
    on_role += ["iam:UpdateAssumeRolePolicy", "iam:AttachRolePolicy", "iam:DeleteRolePermissionsBoundary"]
    assert [a for a in on_role if role.boundary_allows(a, role_arn(purpose), **limits)] == []
    on_policy = ["iam:CreatePolicyVersion", "iam:SetDefaultPolicyVersion", "iam:DeletePolicy"]
    assert [a for a in on_policy if role.boundary_allows(a, boundary_arn(purpose))] == []


@pytest.mark.parametrize("purpose", PURPOSES)
def test_no_role_can_remove_a_boundary_or_assume_another_role(roles: Roles, purpose: str) -> None:
    for action in ("iam:DeleteRolePermissionsBoundary", "iam:AttachRolePolicy", "sts:AssumeRole"):
        for target in ("fraud", "api", "deploy-data"):
            assert not roles[purpose].boundary_allows(
                action, role_arn(target), iam__PermissionsBoundary=boundary_arn(target)
            )
    assert not roles[purpose].boundary_allows("iam:CreateUser", arn("iam", "user/me"))


def test_role_of_foundation_manages_all_roles_and_boundaries_except_its_own(
    roles: Roles,
) -> None:
    role = roles["deploy-foundation"]
    for purpose in PURPOSES[1:]:
        boundary = {"iam__PermissionsBoundary": boundary_arn(purpose)}
        assert role.allows("iam:CreateRole", role_arn(purpose), **boundary)
        assert role.allows("iam:PutRolePolicy", role_arn(purpose), **boundary)
        assert role.allows("iam:UpdateAssumeRolePolicy", role_arn(purpose))
        assert not role.allows("iam:CreateRole", role_arn(purpose))
        assert not role.allows(
            "iam:CreateRole", role_arn(purpose), iam__PermissionsBoundary=boundary_arn("api")
        )
    for purpose in (*PURPOSES[1:], *FUNCTIONS, "pipe", "api-gateway-logs"):
        assert role.allows("iam:CreatePolicyVersion", boundary_arn(purpose))
    assert role.allows("iam:GetRole", role_arn("deploy-foundation"))
    assert not role.allows("iam:CreatePolicyVersion", boundary_arn("deploy-foundation"))


def read_statements(recorded: RecordedResource) -> list[dict[str, Any]]:
    return list(recorded.document()["Statement"])


@pytest.mark.parametrize("purpose", PURPOSES)
def test_C4_conditions_on_tags_name_only_the_layer_itself(roles: Roles, purpose: str) -> None:
    layers = LAYERS if purpose == "read" else (purpose.removeprefix("deploy-"),)
    for statement in [
        *read_statements(roles[purpose].permissions),
        *read_statements(roles[purpose].boundary),
    ]:
        for test in statement.get("Condition", {}).values():
            for key in ("aws:ResourceTag/layer", "aws:RequestTag/layer"):
                value = test.get(key, layers[0])
                assert value == "true" or set([value] if isinstance(value, str) else value) <= set(layers)


@pytest.mark.parametrize("region", [REGION, "ap-southeast-2"])
@pytest.mark.parametrize("suffix", ["", "twelve-chars"])
def test_C4_every_policy_is_within_the_size_limits_of_aws(suffix: str, region: str) -> None:
    foundation = run_program("foundation", "staging", {}, {"fraud-foundation:nameSuffix": suffix})

    def find_largest(documents: Iterable[str]) -> int:
        return max(len(re.sub(r"\s", "", document.replace(REGION, region))) for document in documents)

    roles = [RecordedRole.find(foundation, purpose) for purpose in PURPOSES]
    assert find_largest(role.boundary["policy"] for role in roles) <= MANAGED_POLICY_CHARACTERS
    assert find_largest(role.permissions["policy"] for role in roles) <= INLINE_POLICIES_CHARACTERS
    assert find_largest(role.role["assumeRolePolicy"] for role in roles) <= TRUST_CHARACTERS


def test_names_of_roles_and_boundaries_contain_the_suffix() -> None:
    config = {"fraud-foundation:nameSuffix": "blue"}
    foundation = run_program("foundation", "dev", {}, config)
    data = RecordedRole.find(foundation, "deploy-data")
    assert data.role["name"] == "fraud-pipeline-deploy-data-blue"
    assert data.boundary["name"] == "fraud-pipeline-deploy-data-boundary-blue"
    assert data.allows("sqs:DeleteQueue", arn("sqs", "suspicious-blue"))
    assert not data.allows("sqs:DeleteQueue", arn("sqs", "suspicious"))
    assert "fraud-alerts-blue" in json.dumps(read_statements(data.permissions))
