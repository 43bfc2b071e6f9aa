"""Asks IAM's rules whether a recorded role may do something: the embedded AWS's evaluation, fed by hand."""

import re
from dataclasses import dataclass
from typing import Any

from ministack.core.iam_evaluator import (
    EvalContext,
    evaluate,
    evaluate_trust_policy,
    parse_policy_document,
)

from shared.projects import PROJECTS
from stacks.foundation.deploy_roles.provider_actions import CALLS
from tests.stacks.mocked_aws import ACCOUNT, REGION, arn
from tests.stacks.recording import Program, Recorded

LAYERS = tuple(project.layer for project in PROJECTS)
PURPOSES = (*(f"deploy-{layer}" for layer in LAYERS), "read")


def role_arn(purpose: str) -> str:
    return arn("iam", f"role/fraud-pipeline-{purpose}")


def boundary_arn(purpose: str) -> str:
    return arn("iam", f"policy/fraud-pipeline-{purpose}-boundary")


def calls(type_: str, *kinds: str) -> list[str]:
    return [action for kind in kinds for action in CALLS[type_].of(kind)]


_EVERYTHING = '{"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'


@dataclass(frozen=True)
class RecordedRole:
    """A role of the layer foundation, with what it may do and what it may do at most."""

    role: Recorded
    permissions: Recorded
    boundary: Recorded

    @classmethod
    def find(cls, foundation: Program, purpose: str) -> "RecordedRole":
        return cls(
            foundation.one("iam/role:Role", purpose),
            foundation.one("iam/rolePolicy:RolePolicy", purpose),
            foundation.one("iam/policy:Policy", purpose),
        )

    def may(self, action: str, resource: str, **keys: str) -> bool:
        """Whether a session may. Condition keys: `aws__RequestTag_layer` stands for aws:RequestTag/layer."""
        return self._decide(action, resource, keys, self.permissions["policy"], self.boundary["policy"])

    def might(self, action: str, resource: str, **keys: str) -> bool:
        """Whether it could, if somebody gave it all permissions that there are."""
        return self._decide(action, resource, keys, _EVERYTHING, self.boundary["policy"])

    def is_given(self, action: str, resource: str, **keys: str) -> bool:
        """Whether it could without its boundary."""
        return self._decide(action, resource, keys, self.permissions["policy"], _EVERYTHING)

    def trusts(self, audience: str, subject: str, ref: str = "refs/heads/main") -> bool:
        """Whether GitHub may take it for a run of the workflows that are at `ref`."""
        issuer = "token.actions.githubusercontent.com"
        provider = arn("iam", f"oidc-provider/{issuer}")
        context = self._context(
            "sts:AssumeRoleWithWebIdentity",
            "*",
            {f"{issuer}:aud": audience, f"{issuer}:sub": subject, f"{issuer}:ref": ref},
        )
        return bool(evaluate_trust_policy(self.role["assumeRolePolicy"], provider, context))

    def _decide(
        self, action: str, resource: str, keys: dict[str, str], permissions: str, boundary: str
    ) -> bool:
        named = {re.sub("_", "/", key.replace("__", ":")): value for key, value in keys.items()}
        context = self._context(action, resource, named)
        policy, limit = parse_policy_document(permissions), parse_policy_document(boundary)
        return bool(evaluate(context, [policy], [limit]).decision == "Allow")

    def _context(self, action: str, resource: str, keys: dict[str, Any]) -> EvalContext:
        return EvalContext(
            principal_arn=arn("iam", f"role/{self.role['name']}"),
            principal_type="AssumedRole",
            principal_account=ACCOUNT,
            action=action,
            resource_arn=resource,
            region=REGION,
            service_context={key.lower(): value for key, value in keys.items()},
        )


def deployers(roles: dict[str, RecordedRole]) -> dict[str, RecordedRole]:
    """The roles that deploy, by layer."""
    return {layer: roles[f"deploy-{layer}"] for layer in LAYERS}
