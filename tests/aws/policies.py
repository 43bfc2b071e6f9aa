"""Decisions on requests by identity policy, boundary, key policy, resource policy and VPC endpoint.

The rules are those of the embedded AWS's IAM evaluator. `test_evaluator.py` checks the operators that the
policies of this repository use.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ministack.core.iam_evaluator import (
    EvalContext,
    combine_resource_policy,
    evaluate,
    evaluate_resource_policy,
    parse_policy_document,
)

from tests.stacks.mocked_aws import ACCOUNT, REGION
from tests.stacks.recording import RecordedProgram, RecordedResource

Context = Mapping[str, str | Sequence[str]]


@dataclass(frozen=True)
class Request:
    """A request: an action on a resource, with the condition keys that AWS adds."""

    action: str
    resource: str
    context: Context = field(default_factory=dict)

    def __str__(self) -> str:
        keys = ", ".join(f"{key}={value}" for key, value in sorted(self.context.items()))
        return f"{self.action} on {self.resource}" + (f" with {keys}" if keys else "")


class Policies:
    """The registered policies of the layers of an environment."""

    def __init__(self, programs: Mapping[str, RecordedProgram]) -> None:
        self._resources = [resource for program in programs.values() for resource in program.resources]
        self._roles = {role["name"]: role for role in self._find_all("iam/role:Role")}
        self._identities = {
            policy["role"]: policy["policy"] for policy in self._find_all("iam/rolePolicy:RolePolicy")
        }
        self._boundaries = {
            _boundary_arn(policy): policy["policy"] for policy in self._find_all("iam/policy:Policy")
        }
        self._keys = {_key_arn(key): key["policy"] for key in self._find_all("kms/key:Key")}

    def find_refusal(self, role: str, request: Request) -> str:
        """The reason why a role may not make a request; empty if it may."""
        context = self._context(f"arn:aws:iam::{ACCOUNT}:role/{role}", request)
        identity, boundary = (
            self._identities[role],
            self._boundaries[self._roles[role]["permissionsBoundary"]],
        )
        for name, document in (("policy", identity), ("boundary", boundary)):
            if evaluate(context, [parse_policy_document(document)]).decision != "Allow":
                return f"{role}: its {name} does not allow {request}"
        return self._find_key_refusal(context, request, identity, boundary)

    def find_endpoint_refusal(self, service: str, role: str, request: Request) -> str:
        """The reason why a VPC endpoint denies a role's request; empty if it allows it."""
        (endpoint,) = [
            endpoint for endpoint in self._find_all("ec2/vpcEndpoint:VpcEndpoint") if endpoint.name == service
        ]
        context = self._context(f"arn:aws:iam::{ACCOUNT}:role/{role}", request)
        allowed = evaluate_resource_policy(endpoint["policy"], context).decision == "Allow"
        return "" if allowed else f"{role}: the VPC endpoint '{service}' denies {request}"

    def find_service_refusal(self, service: str, request: Request, document: str) -> str:
        """The reason why a key, queue or topic with a policy denies an AWS service; empty if it allows it."""
        context = self._context(f"arn:aws:iam::{ACCOUNT}:role/aws-service", request)
        decision = evaluate_resource_policy(_service_statements(document), context, service).decision
        return "" if decision == "Allow" else f"{service} may not {request}"

    def find_denial(self, role: str, request: Request, document: str, account: str = ACCOUNT) -> str:
        """The reason why a queue, topic or API with a policy denies the request of a role, or empty.

        `account`: the account of the role.
        """
        context = replace(
            self._context(f"arn:aws:iam::{account}:role/{role}", request),
            principal_account=account,
            source_ip=str(request.context.get("aws:SourceIp", "192.0.2.1")),
        )
        denied = evaluate_resource_policy(document, context).decision == "Deny"
        return f"{role}: the policy of the resource denies {request}" if denied else ""

    def key_policy(self, arn: str) -> str:
        """The policy of a key."""
        return str(self._keys[arn])

    def find_boundary(self, role: str) -> str:
        """The ARN of a role's boundary."""
        return str(self._roles[role]["permissionsBoundary"])

    def _find_key_refusal(self, context: EvalContext, request: Request, identity: str, boundary: str) -> str:
        policy = self._keys.get(request.resource)
        if policy is None:
            return ""
        own, limits = parse_policy_document(identity), [parse_policy_document(boundary)]
        result = combine_resource_policy(
            evaluate(context, [own], limits), context, policy, ACCOUNT, required=True, limits=(limits,)
        )
        name = request.resource.rpartition("/")[2]
        return (
            "" if result.decision == "Allow" else f"the policy of the key '{name}' does not allow {request}"
        )

    def _context(self, principal: str, request: Request) -> EvalContext:
        return EvalContext(
            principal_arn=principal,
            principal_type="AssumedRole",
            principal_account=ACCOUNT,
            action=request.action,
            resource_arn=request.resource,
            region=REGION,
            secure_transport=True,
            service_context={
                key.lower(): list(value) if not isinstance(value, str) else value
                for key, value in request.context.items()
            },
        )

    def _find_all(self, type_: str) -> list[RecordedResource]:
        return [resource for resource in self._resources if resource.type == f"aws:{type_}"]


def _service_statements(document: str) -> dict[str, Any]:
    """The statements for AWS services, and denials. A service is not a principal of the account."""
    statements = json.loads(document)["Statement"]
    return {
        "Statement": [
            statement
            for statement in statements
            if statement["Principal"] == "*"
            or "Service" in statement["Principal"]
            or statement["Effect"] == "Deny"
        ]
    }


def _boundary_arn(policy: RecordedResource) -> str:
    return f"arn:aws:iam::{ACCOUNT}:policy/{policy['name']}"


def _key_arn(key: RecordedResource) -> str:
    return f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{key.name}"
