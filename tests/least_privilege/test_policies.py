"""Every policy is minimal, by the evaluator: each part of it is needed, or excludes something."""

import pytest

from tests.least_privilege.calls import Call
from tests.least_privilege.embedded_proofs import PURPOSES
from tests.least_privilege.evaluated_proofs import prove_policy
from tests.least_privilege.evaluation import ENDPOINT, ROLE, Environment, Policy
from tests.least_privilege.mutations import list_conditions, list_permissions, remove
from tests.least_privilege.needs import find_exclusion, find_need
from tests.least_privilege.results import UNPROVED, canonicalize, digest, read_recorded_digests
from tests.least_privilege.unenforced import UNENFORCED, find_entry
from tests.stacks.guarded import GUARDED
from tests.stacks.recording import run_layers


@pytest.fixture(scope="module")
def environment() -> Environment:
    return Environment(run_layers("prod", GUARDED))


def find_policy(environment: Environment, name: str) -> Policy:
    (policy,) = [policy for policy in environment.policies if policy.name == name]
    return policy


def test_policies_allow_every_call(environment: Environment) -> None:
    refused: list[Call] = []
    for policy in environment.policies:
        # Calls through an endpoint are those of the code. The endpoint does not exist for others.
        refused += [call for call in policy.calls if policy.kind != ENDPOINT and not policy.allows(call)]
    assert refused == []


def test_C4_every_part_of_every_policy_is_needed_or_excludes_something(environment: Environment) -> None:
    proofs = [proof for policy in environment.policies for proof in prove_policy(policy)]
    assert len(proofs) > 1000
    assert [proof for proof in proofs if proof.means == UNPROVED] == []


def test_every_listed_permission_is_needed_by_the_evaluator(environment: Environment) -> None:
    used = set()
    for purpose in PURPOSES:
        policy = find_policy(environment, f"{ROLE} fraud-pipeline-{purpose}")
        for part in list_permissions(policy.document):
            if entry := find_entry(part.action):
                used.add(entry)
                assert find_need(policy, part), (purpose, part)
    assert used == set(UNENFORCED)


def test_permission_that_no_call_uses_is_found(environment: Environment) -> None:
    policy = find_policy(environment, f"{ROLE} fraud-pipeline-api")
    added = {"Sid": "More", "Effect": "Allow", "Action": ["dynamodb:Scan"], "Resource": ["*"]}
    wider = policy.change({**policy.document, "Statement": [*policy.document["Statement"], added]})
    unproved = [proof for proof in prove_policy(wider) if proof.means == UNPROVED]
    assert [(proof.statement, proof.part) for proof in unproved] == [("More", "dynamodb:Scan")]


def test_condition_that_excludes_nothing_is_found(environment: Environment) -> None:
    policy = find_policy(environment, f"{ROLE} fraud-pipeline-api")
    (part, *_) = [p for p in list_conditions(policy.document) if p.sid == "StoreItemsEncrypted"]
    assert find_exclusion(policy, part)
    # A second statement without the condition allows the same.
    without = remove(policy.document, part)["Statement"][part.position]
    wider = policy.change({**policy.document, "Statement": [*policy.document["Statement"], without]})
    assert find_exclusion(wider, part) is None


@pytest.mark.parametrize("kind", ["role", "boundary"])
@pytest.mark.parametrize("function", ["api", "fraud", "labels", "merchants", "notify"])
def test_C4_only_lambda_itself_may_use_the_network_permissions(
    environment: Environment, kind: str, function: str
) -> None:
    policy = find_policy(environment, f"{kind} fraud-pipeline-{function}")
    calls = [call for call in policy.calls if call.request.action.startswith("ec2:")]
    assert len({call.request.action for call in calls}) == 6
    source = f"arn:aws:lambda:us-east-1:123456789012:function:fraud-pipeline-{function}"
    for call in calls:
        assert policy.allows(call)
        request = type(call.request)(
            call.request.action, call.request.resource, {"lambda:SourceFunctionArn": source}
        )
        assert not policy.allows(Call(call.caller, "call from the code", request))


def test_policies_of_the_roles_are_the_same_in_every_environment(environment: Environment) -> None:
    """A run on the embedded AWS is a proof for the other environments."""
    local = Environment(run_layers("local"))
    for purpose in PURPOSES:
        name = f"{ROLE} fraud-pipeline-{purpose}"
        documents = [canonicalize(find_policy(each, name).document) for each in (environment, local)]
        assert documents[0] == documents[1], name


def test_recorded_proofs_are_of_the_present_policies(environment: Environment) -> None:
    present = {policy.name: digest(policy.document) for policy in environment.policies}
    assert read_recorded_digests() == present, "run `invoke security.minimal --record` and `invoke docs`"
