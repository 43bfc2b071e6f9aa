"""A sample of the mutations on the embedded AWS. `invoke security.minimal` makes all of them."""

import pytest

from local.embedded import EmbeddedAws
from operations.deployed import DeployedPipeline
from tests.e2e.pipeline import PipelineClient
from tests.least_privilege.embedded_proofs import PURPOSES, EmbeddedRun
from tests.least_privilege.evaluation import ROLE, Environment
from tests.least_privilege.mutations import list_permissions
from tests.least_privilege.results import EMBEDDED, RULE, canonicalize
from tests.stacks.recording import run_layers

# One permission of each path, by role.
SAMPLE = {
    "api": ["dynamodb:PutItem"],
    "fraud": ["dynamodb:BatchGetItem", "kms:GenerateDataKey"],
    "notify": ["sns:Publish", "dynamodb:Query"],
    "pipe": ["dynamodb:GetShardIterator"],
}


@pytest.fixture(scope="module")
def run(aws: EmbeddedAws, deployed: DeployedPipeline) -> EmbeddedRun:
    return EmbeddedRun(PipelineClient(aws, deployed), lambda _: None)


@pytest.mark.parametrize("purpose", SAMPLE)
def test_C4_role_without_a_permission_fails_with_a_denial(run: EmbeddedRun, purpose: str) -> None:
    policy = run.role(purpose).policy
    parts = [part for part in list_permissions(policy) if part.action in SAMPLE[purpose]]
    proofs = list(run.prove_permissions(purpose, parts))
    assert len(proofs) >= len(SAMPLE[purpose])
    for proof in proofs:
        assert proof.means == (RULE if proof.part.startswith("kms:") else EMBEDDED), proof
    assert run.role(purpose).policy == policy


@pytest.mark.parametrize("purpose", ["labels", "merchants"])
def test_C4_role_without_a_condition_may_make_a_forbidden_call(run: EmbeddedRun, purpose: str) -> None:
    proofs = list(run.prove_conditions(purpose))
    assert proofs
    assert {proof.means for proof in proofs} == {EMBEDDED}, proofs


@pytest.mark.parametrize("purpose", ["fraud", "api-gateway-logs"])
def test_C4_forbidden_calls_are_denied_even_to_a_role_with_every_permission(
    run: EmbeddedRun, purpose: str
) -> None:
    assert len(run.check_forbidden_calls(purpose)) > 80


def test_deployed_policies_are_those_that_the_evaluator_decides_on(run: EmbeddedRun) -> None:
    local = {policy.name: policy.document for policy in Environment(run_layers("local")).role_policies()}
    for purpose in PURPOSES:
        declared = canonicalize(local[f"{ROLE} fraud-pipeline-{purpose}"])
        assert run.canonical_policy(purpose) == declared, purpose
