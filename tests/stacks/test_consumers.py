"""The roles of the API's consumers: routes, principals, boundary and settings."""

import json
from dataclasses import replace
from typing import Any

import pytest
from ministack.core.iam_evaluator import EvalContext, evaluate_trust_policy

from shared.contracts import ContractError
from shared.settings import find_problems
from stacks.edge.settings import EdgeSettings
from tests.aws.policies import Policies, Request
from tests.stacks.conftest import Programs
from tests.stacks.evaluation import RecordedRole, boundary_arn, role_arn
from tests.stacks.guarded import GUARDED, OTHER_ACCOUNT
from tests.stacks.mocked_aws import ACCOUNT, REGION
from tests.stacks.recording import RecordedProgram, run_program

ROLE = "fraud-pipeline-consumer"
ROUTES = {"transactions": "api_arn", "labels": "labels_api_arn"}


@pytest.fixture(scope="module")
def policies(guarded: Programs) -> Policies:
    return Policies(guarded)


def may_invoke(policies: Policies, consumer: str, resource: str) -> bool:
    return not policies.find_refusal(f"{ROLE}-{consumer}", Request("execute-api:Invoke", resource))


def trusts(program: RecordedProgram, consumer: str, principal: str, external_id: str = "") -> bool:
    role = program.find_one("iam/role:Role", f"consumer-{consumer}")
    context = EvalContext(
        principal_arn=principal,
        principal_type="AssumedRole",
        principal_account=principal.split(":")[4],
        action="sts:AssumeRole",
        resource_arn="*",
        region=REGION,
        service_context={"sts:externalid": external_id} if external_id else {},
    )
    return bool(evaluate_trust_policy(role["assumeRolePolicy"], principal, context))


@pytest.mark.parametrize(("consumer", "route"), [("checkout", "transactions"), ("chargebacks", "labels")])
def test_consumer_may_invoke_its_routes_and_no_other(
    guarded: Programs, policies: Policies, consumer: str, route: str
) -> None:
    outputs = guarded["edge"].outputs
    for path, output in ROUTES.items():
        assert may_invoke(policies, consumer, outputs[output]) == (path == route)
    own = outputs[ROUTES[route]]
    assert not may_invoke(policies, consumer, own.replace("/POST/", "/GET/"))
    assert not may_invoke(policies, consumer, own.replace("/v1/", "/v2/"))
    assert not may_invoke(policies, consumer, own.replace(":api/", ":other/"))
    assert not may_invoke(policies, consumer, f"{own}/batch")


def test_boundary_of_consumers_allows_routes_of_the_stage_only(policies: Policies, guarded: Programs) -> None:
    boundary = guarded["foundation"].find_one("iam/policy:Policy", "consumer")
    role = guarded["edge"].find_one("iam/role:Role", "consumer-checkout")
    assert role["permissionsBoundary"] == boundary_arn("consumer")
    (statement,) = boundary.document()["Statement"]
    assert statement["Action"] == ["execute-api:Invoke"]
    assert statement["Resource"] == [f"arn:aws:execute-api:{REGION}:{ACCOUNT}:*/v1/POST/*"]


def test_named_principals_assume_the_role_with_the_external_id(guarded: Programs) -> None:
    edge = guarded["edge"]
    checkout, other = (f"arn:aws:iam::{OTHER_ACCOUNT}:role/{name}" for name in ("checkout", "other"))
    assert trusts(edge, "checkout", checkout, "order-4711")
    # The list names the account, too, whose own policies then decide.
    assert trusts(edge, "checkout", other, "order-4711")
    assert not trusts(edge, "checkout", checkout, "order-4712")
    assert not trusts(edge, "checkout", checkout)
    assert not trusts(edge, "checkout", "arn:aws:iam::444455556666:role/checkout", "order-4711")


def test_by_default_only_the_own_account_assumes_the_role(guarded: Programs) -> None:
    role = guarded["edge"].find_one("iam/role:Role", "consumer-chargebacks")
    (statement,) = role.document("assumeRolePolicy")["Statement"]
    assert statement["Principal"] == {"AWS": [f"arn:aws:iam::{ACCOUNT}:root"]}
    assert not trusts(guarded["edge"], "chargebacks", f"arn:aws:iam::{OTHER_ACCOUNT}:role/checkout")


def test_roles_are_outputs_by_consumer(guarded: Programs, edge: RecordedProgram) -> None:
    assert guarded["edge"].outputs["consumer_role_arns"] == {
        name: role_arn(f"consumer-{name}") for name in ("checkout", "chargebacks")
    }
    assert edge.outputs["consumer_role_arns"] == {}


def test_foundation_of_the_last_release_fails_only_with_a_consumer(prod: Programs) -> None:
    outputs = {k: v for k, v in prod["foundation"].outputs.items() if k != "consumer_boundary_arn"}
    upstream = {"foundation": replace(prod["foundation"], outputs=outputs), "data": prod["data"]}
    assert run_program("edge", "prod", upstream).outputs["api_url"]
    with pytest.raises(ContractError, match="consumer_boundary_arn"):
        run_program("edge", "prod", upstream, {"fraud-edge:consumers": GUARDED["fraud-edge:consumers"]})


def test_deploy_role_of_edge_creates_roles_of_consumers_with_their_boundary(
    roles: dict[str, RecordedRole],
) -> None:
    resource = role_arn("consumer-checkout")
    for layer in ("foundation", "data", "processing", "edge"):
        role = roles[f"deploy-{layer}"]
        allowed = role.allows("iam:CreateRole", resource, iam__PermissionsBoundary=boundary_arn("consumer"))
        assert allowed == (layer == "edge")
    edge = roles["deploy-edge"]
    assert edge.allows("iam:UpdateAssumeRolePolicy", resource)
    assert not edge.allows("iam:CreateRole", resource)
    assert not edge.allows("iam:CreateRole", resource, iam__PermissionsBoundary=boundary_arn("api"))
    assert not edge.allows("iam:PassRole", resource, iam__PassedToService="lambda.amazonaws.com")


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        ({"consumers": {"checkout": []}}, "consumers.checkout"),
        ({"consumers": {"checkout": ["payments"]}}, "consumers.checkout"),
        ({"consumers": {"checkout": ["/transactions"]}}, "consumers.checkout"),
        ({"consumers": {"checkout": ["labels", "labels"]}}, "consumers.checkout"),
        # The route does not exist in an environment without batches.
        ({"consumers": {"checkout": ["transactions/batch"]}}, "consumers.checkout"),
        ({"consumers": {"Check Out": ["labels"]}}, "consumers.Check Out"),
        ({"consumers": {"x" * 21: ["labels"]}}, "consumers.x"),
        ({"consumers": {"checkout-": ["labels"]}}, "consumers.checkout-"),
        ({"consumers": ["checkout"]}, "consumers"),
        ({"consumers": {"checkout": "labels"}}, "consumers"),
        ({"consumerPrincipals": {"checkout": [ACCOUNT]}}, "consumerPrincipals.checkout"),
        ({"consumerExternalIds": {"checkout": "order"}}, "consumerExternalIds.checkout"),
    ],
)
def test_invalid_consumer_is_refused_with_its_key(settings: dict[str, Any], key: str) -> None:
    (problem,) = find_problems(EdgeSettings, settings)
    assert problem.key.startswith(key)
    assert problem.remedy.startswith("Use")


@pytest.mark.parametrize(
    "principal",
    ["", "*", "checkout", "1234", "arn:aws:iam::*:root", "arn:aws:iam::111122223333:role/*",
     "arn:aws:sts::111122223333:assumed-role/checkout/session", "checkout.amazonaws.com"],
)  # fmt: skip
def test_principal_that_is_no_single_identity_or_account_is_refused(principal: str) -> None:
    settings = {"consumers": {"checkout": ["labels"]}, "consumerPrincipals": {"checkout": [principal]}}
    (problem,) = find_problems(EdgeSettings, settings)
    assert problem.key == "consumerPrincipals.checkout"


def test_route_for_batches_has_a_consumer_if_it_exists(prod: Programs) -> None:
    config = {
        "fraud-edge:batchRequestsPerSecond": "10",
        "fraud-edge:consumers": json.dumps({"importer": ["transactions/batch"]}),
    }
    upstream = {name: prod[name] for name in ("foundation", "data")}
    program = run_program("edge", "prod", upstream, config)
    policy = program.find_one("iam/rolePolicy:RolePolicy", "consumer-importer")
    assert policy.statements()["InvokeRoutes"]["Resource"] == [program.outputs["transactions_batch_api_arn"]]
