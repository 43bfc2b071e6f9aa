"""The proofs of the evaluator: for every policy of an environment."""

from collections.abc import Callable, Iterator, Sequence

from tests.least_privilege.calls import Call
from tests.least_privilege.evaluation import BOUNDARY, KEY, ROLE, Policy
from tests.least_privilege.mutations import (
    Part,
    list_actions_and_resources,
    list_conditions,
    list_permissions,
    list_values,
)
from tests.least_privilege.needs import find_denied_call, find_exclusion, find_need
from tests.least_privilege.results import (
    EVALUATED,
    RULE,
    UNPROVED,
    Effect,
    Proof,
    canonicalize,
    make_proof,
)

Finder = Callable[[Policy, Part], Call | None]
PERMISSION, CONDITION, VALUE, DENIAL = "permission", "condition", "value", "denial"
# Deployments do not use these. An action that a key policy does not contain is denied to every administrator.
ADMINISTRATION = frozenset({
    "kms:CancelKeyDeletion",
    "kms:DisableKey",
    "kms:EnableKey",
    "kms:ListGrants",
    "kms:ListKeyPolicies",
    "kms:ListKeyRotations",
    "kms:RevokeGrant",
    "kms:RotateKeyOnDemand",
})  # fmt: skip
_KEY_ADMINISTRATORS = "https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html"


def is_deployment_role(policy: Policy) -> bool:
    """Whether a policy belongs to CI, whose statements combine many actions and resources."""
    purpose = policy.owner.removeprefix("fraud-pipeline-")
    return policy.kind in (ROLE, BOUNDARY) and (purpose.startswith("deploy-") or purpose == "read")


def prove_policy(policy: Policy) -> Iterator[Proof]:
    """A proof for each part of a policy."""
    canonical = policy.change(canonicalize(policy.document))
    for (kind, part, find), (_, named, _) in zip(list_parts(policy), list_parts(canonical), strict=True):
        effect = _find_effect(policy, kind, part, find(policy, part))
        yield make_proof(policy.name, kind, named, effect)


def list_parts(policy: Policy) -> Iterator[tuple[str, Part, Finder]]:
    """Each part of a policy with its kind, and the function that finds its proof."""
    document = policy.document
    list_allowed = list_actions_and_resources if is_deployment_role(policy) else list_permissions
    for part in list_allowed(document):
        yield PERMISSION, part, find_need
    for part in list_conditions(document):
        # Without the condition of a denial, something needed is denied.
        yield CONDITION, part, find_exclusion if part.effect == "Allow" else find_need
    for part in list_values(document):
        yield VALUE, part, find_need
    for part in list_permissions(document, "Deny"):
        yield DENIAL, part, find_denied_call


def _find_effect(policy: Policy, kind: str, part: Part, call: Call | None) -> Effect:
    if call is None and policy.kind == KEY and part.action in ADMINISTRATION:
        return Effect(RULE, "denied to every administrator", _KEY_ADMINISTRATORS)
    if call is None:
        return Effect(UNPROVED, "nothing changes")
    if call.rule:
        return Effect(RULE, f"denied. {call.rule.reason}", call.rule.link)
    return Effect(EVALUATED, _describe_effect(kind, part, call))


def _describe_effect(kind: str, part: Part, call: Call) -> str:
    if kind == DENIAL:
        return "allowed to a role with every permission"
    if kind == CONDITION and part.effect == "Allow":
        value = call.request.context.get(part.key)
        shown = "another principal" if part.key == "aws:PrincipalArn" else value or "no value"
        return f"allowed: {call.request.action} with {_shorten(shown)}"
    return f"denied: {call.purpose}"


def _shorten(value: str | Sequence[str]) -> str:
    return value if isinstance(value, str) else ", ".join(value)
