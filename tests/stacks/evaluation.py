"""Evaluation of recorded roles with the IAM evaluator of the embedded AWS."""

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
from stacks.foundation.deploy_roles.provider_actions import PROVIDER_ACTIONS
from tests.stacks.mocked_aws import ACCOUNT, REGION, arn
from tests.stacks.recording import RecordedProgram, RecordedResource

LAYERS = tuple(project.layer for project in PROJECTS)
PURPOSES = (*(f"deploy-{layer}" for layer in LAYERS), "read")


def role_arn(purpose: str) -> str:
    return arn("iam", f"role/fraud-pipeline-{purpose}")


def boundary_arn(purpose: str) -> str:
    return arn("iam", f"policy/fraud-pipeline-{purpose}-boundary")


def find_actions(type_: str, *kinds: str) -> list[str]:
    return [action for kind in kinds for action in PROVIDER_ACTIONS[type_].names(kind)]


_ALLOW_ALL = '{"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'


@dataclass(frozen=True)
class RecordedRole:
    """A role of the layer foundation, with its policy and its boundary."""

    role: RecordedResource
    permissions: RecordedResource
    boundary: RecordedResource

    @classmethod
    def find(cls, foundation: RecordedProgram, purpose: str) -> "RecordedRole":
        return cls(
            foundation.find_one("iam/role:Role", purpose),
            foundation.find_one("iam/rolePolicy:RolePolicy", purpose),
            foundation.find_one("iam/policy:Policy", purpose),
        )

    def allows(self, action: str, resource: str, **keys: str) -> bool:
        """Whether policy and boundary allow a request. `aws__RequestTag_layer` means aws:RequestTag/layer."""
        return self._decide(action, resource, keys, self.permissions["policy"], self.boundary["policy"])

    def boundary_allows(self, action: str, resource: str, **keys: str) -> bool:
        """Whether the boundary allows a request, with a policy that allows everything."""
        return self._decide(action, resource, keys, _ALLOW_ALL, self.boundary["policy"])

    def policy_allows(self, action: str, resource: str, **keys: str) -> bool:
        """Whether the policy allows a request, without a boundary."""
        return self._decide(action, resource, keys, self.permissions["policy"], _ALLOW_ALL)

    def trusts(self, audience: str, subject: str, ref: str = "refs/heads/main") -> bool:
        """Whether a GitHub workflow run at `ref` may assume the role."""
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
        context_keys = {re.sub("_", "/", key.replace("__", ":")): value for key, value in keys.items()}
        context = self._context(action, resource, context_keys)
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


def deploy_roles(roles: dict[str, RecordedRole]) -> dict[str, RecordedRole]:
    """The deploy roles by layer."""
    return {layer: roles[f"deploy-{layer}"] for layer in LAYERS}
