"""What limits the roles that CI deploys with: whom they trust, roles that they make, their own boundaries."""

import json
import re
from collections.abc import Iterable
from typing import Any

import pytest

from tests.stacks.evaluation import LAYERS, PURPOSES, RecordedRole, boundary_arn, calls, deployers, role_arn
from tests.stacks.mocked_aws import REGION, arn
from tests.stacks.recording import Recorded, run_program

Roles = dict[str, RecordedRole]

REPOSITORY = "repo:example/fraud-pipeline"
MANAGED_POLICY_CHARACTERS, INLINE_POLICIES_CHARACTERS, TRUST_CHARACTERS = 6144, 10_240, 2048
# The roles that layers make, with the service that each is for.
ROLES = {
    "processing": {"fraud": "lambda", "notify": "lambda", "pipe": "pipes"},
    "edge": {"api": "lambda", "labels": "lambda", "api-gateway-logs": "apigateway"},
}


@pytest.mark.parametrize("layer", LAYERS)
def test_a_layers_role_is_trusted_for_that_layers_deployment_and_nothing_else(
    roles: Roles, layer: str
) -> None:
    role = roles[f"deploy-{layer}"]
    assert role.trusts("sts.amazonaws.com", f"{REPOSITORY}:environment:prod-{layer}")
    others = [other for other in LAYERS if other != layer]
    for subject in (
        *(f"{REPOSITORY}:environment:prod-{other}" for other in others),
        f"{REPOSITORY}:environment:dev-{layer}",
        f"{REPOSITORY}:pull_request",
        f"{REPOSITORY}:ref:refs/heads/main",
        f"repo:example/other:environment:prod-{layer}",
        f"{REPOSITORY}:environment:prod-{layer}-2",
    ):
        assert not role.trusts("sts.amazonaws.com", subject), subject
    assert not role.trusts("elsewhere", f"{REPOSITORY}:environment:prod-{layer}")


@pytest.mark.parametrize("layer", LAYERS)
def test_a_layers_role_is_trusted_for_main_only_whatever_the_environment_on_github_lets_run(
    roles: Roles, layer: str
) -> None:
    for ref in ("refs/heads/other", "refs/tags/main", "refs/pull/1/merge"):
        subject = f"{REPOSITORY}:environment:prod-{layer}"
        assert not roles[f"deploy-{layer}"].trusts("sts.amazonaws.com", subject, ref), ref


def test_the_role_that_looks_is_trusted_for_pull_requests_and_main(roles: Roles) -> None:
    for run, ref in (("pull_request", "refs/pull/1/merge"), ("ref:refs/heads/main", "refs/heads/main")):
        assert roles["read"].trusts("sts.amazonaws.com", f"{REPOSITORY}:{run}", ref)
    for run in ("ref:refs/heads/other", "environment:prod-data", "ref:refs/tags/main"):
        assert not roles["read"].trusts("sts.amazonaws.com", f"{REPOSITORY}:{run}")


@pytest.mark.parametrize("purpose", PURPOSES)
def test_a_role_can_be_taken_through_github_only(roles: Roles, purpose: str) -> None:
    (statement,) = roles[purpose].role.statements("assumeRolePolicy").values()
    assert statement["Action"] == ["sts:AssumeRoleWithWebIdentity"]
    assert statement["Principal"] == {
        "Federated": arn("iam", "oidc-provider/token.actions.githubusercontent.com")
    }
    assert list(statement["Condition"]) == ["StringEquals"]


@pytest.mark.parametrize("layer", ["processing", "edge"])
def test_a_layer_makes_its_roles_with_their_boundaries_only(roles: Roles, layer: str) -> None:
    role = roles[f"deploy-{layer}"]
    for purpose in ROLES[layer]:
        for action in ("iam:CreateRole", "iam:PutRolePolicy", "iam:PutRolePermissionsBoundary"):
            own, right = role_arn(purpose), boundary_arn(purpose)
            assert role.may(action, own, iam__PermissionsBoundary=right)
            assert not role.may(action, own)
            assert not role.may(action, own, iam__PermissionsBoundary=boundary_arn("deploy-foundation"))
            assert not role.might(action, own)
            assert not role.might(action, own, iam__PermissionsBoundary=arn("iam", "policy/mine"))


@pytest.mark.parametrize("layer", ["processing", "edge"])
def test_a_layer_passes_its_roles_to_the_service_that_each_is_for_only(roles: Roles, layer: str) -> None:
    role = roles[f"deploy-{layer}"]
    for purpose, service in ROLES[layer].items():
        for other in ("lambda", "pipes", "apigateway", "ec2"):
            passed = role.may(
                "iam:PassRole", role_arn(purpose), iam__PassedToService=f"{other}.amazonaws.com"
            )
            assert passed == (other == service)


def test_no_role_of_another_layer_is_made_changed_or_passed(roles: Roles) -> None:
    actions = [*calls("iam/role:Role", "make", "change"), "iam:PutRolePolicy", "iam:PassRole"]
    for layer, role in deployers(roles).items():
        others = [p for other, purposes in ROLES.items() if other != layer for p in purposes]
        for purpose in [*others, *PURPOSES]:
            keys = {
                "iam__PermissionsBoundary": boundary_arn(purpose),
                "iam__PassedToService": "lambda.amazonaws.com",
            }
            if layer == "foundation" and purpose in PURPOSES[1:]:
                continue
            assert [a for a in actions if role.may(a, role_arn(purpose), **keys)] == [], (layer, purpose)


@pytest.mark.parametrize("purpose", PURPOSES)
def test_no_role_changes_itself_or_its_boundary_whatever_it_is_given(roles: Roles, purpose: str) -> None:
    role, limits = roles[purpose], {"iam__PermissionsBoundary": boundary_arn(purpose)}
    on_role = [*calls("iam/role:Role", "make"), "iam:PutRolePolicy", "iam:DeleteRolePolicy", "iam:DeleteRole"]
    on_role += ["iam:UpdateAssumeRolePolicy", "iam:AttachRolePolicy", "iam:DeleteRolePermissionsBoundary"]
    assert [a for a in on_role if role.might(a, role_arn(purpose), **limits)] == []
    on_policy = ["iam:CreatePolicyVersion", "iam:SetDefaultPolicyVersion", "iam:DeletePolicy"]
    assert [a for a in on_policy if role.might(a, boundary_arn(purpose))] == []


@pytest.mark.parametrize("purpose", PURPOSES)
def test_no_role_frees_any_role_of_its_boundary_or_takes_another_role(roles: Roles, purpose: str) -> None:
    for action in ("iam:DeleteRolePermissionsBoundary", "iam:AttachRolePolicy", "sts:AssumeRole"):
        for target in ("fraud", "api", "deploy-data"):
            assert not roles[purpose].might(
                action, role_arn(target), iam__PermissionsBoundary=boundary_arn(target)
            )
    assert not roles[purpose].might("iam:CreateUser", arn("iam", "user/me"))


def test_foundations_role_manages_the_others_and_all_boundaries_but_its_own(
    roles: Roles,
) -> None:
    role = roles["deploy-foundation"]
    for purpose in PURPOSES[1:]:
        boundary = {"iam__PermissionsBoundary": boundary_arn(purpose)}
        assert role.may("iam:CreateRole", role_arn(purpose), **boundary)
        assert role.may("iam:PutRolePolicy", role_arn(purpose), **boundary)
        assert role.may("iam:UpdateAssumeRolePolicy", role_arn(purpose))
        assert not role.may("iam:CreateRole", role_arn(purpose))
        assert not role.may("iam:CreateRole", role_arn(purpose), iam__PermissionsBoundary=boundary_arn("api"))
    for purpose in (*PURPOSES[1:], "api", "fraud", "labels", "notify", "pipe", "api-gateway-logs"):
        assert role.may("iam:CreatePolicyVersion", boundary_arn(purpose))
    assert role.may("iam:GetRole", role_arn("deploy-foundation"))
    assert not role.may("iam:CreatePolicyVersion", boundary_arn("deploy-foundation"))


def statements(recorded: Recorded) -> list[dict[str, Any]]:
    return list(recorded.document()["Statement"])


@pytest.mark.parametrize("purpose", PURPOSES)
def test_C4_ids_that_aws_makes_up_are_guarded_by_the_layers_own_tag(roles: Roles, purpose: str) -> None:
    layers = LAYERS if purpose == "read" else (purpose.removeprefix("deploy-"),)
    for statement in [*statements(roles[purpose].permissions), *statements(roles[purpose].boundary)]:
        for test in statement.get("Condition", {}).values():
            for key in ("aws:ResourceTag/layer", "aws:RequestTag/layer"):
                told = test.get(key, layers[0])
                assert told == "true" or set([told] if isinstance(told, str) else told) <= set(layers)


@pytest.mark.parametrize("region", [REGION, "ap-southeast-2"])
@pytest.mark.parametrize("suffix", ["", "twelve-chars"])
def test_C4_every_policy_fits_into_what_aws_allows(suffix: str, region: str) -> None:
    foundation = run_program("foundation", "staging", {}, {"fraud-foundation:nameSuffix": suffix})

    def largest(documents: Iterable[str]) -> int:
        return max(len(re.sub(r"\s", "", document.replace(REGION, region))) for document in documents)

    found = [RecordedRole.find(foundation, purpose) for purpose in PURPOSES]
    assert largest(each.boundary["policy"] for each in found) <= MANAGED_POLICY_CHARACTERS
    assert largest(each.permissions["policy"] for each in found) <= INLINE_POLICIES_CHARACTERS
    assert largest(each.role["assumeRolePolicy"] for each in found) <= TRUST_CHARACTERS


def test_the_names_of_roles_and_boundaries_carry_the_suffix() -> None:
    config = {"fraud-foundation:nameSuffix": "blue"}
    foundation = run_program("foundation", "dev", {}, config)
    data = RecordedRole.find(foundation, "deploy-data")
    assert data.role["name"] == "fraud-pipeline-deploy-data-blue"
    assert data.boundary["name"] == "fraud-pipeline-deploy-data-boundary-blue"
    assert data.may("sqs:DeleteQueue", arn("sqs", "suspicious-blue"))
    assert not data.may("sqs:DeleteQueue", arn("sqs", "suspicious"))
    assert "fraud-alerts-blue" in json.dumps(statements(data.permissions))
