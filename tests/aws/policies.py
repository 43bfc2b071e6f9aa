"""Decides a request as AWS does: by identity policy, boundary, key policy, resource policy and VPC endpoint.

The rules of IAM are those of the embedded AWS's evaluator; `test_evaluator.py` checks the operators that the
policies of this repository use.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ministack.core.iam_evaluator import (
    EvalContext,
    combine_resource_policy,
    evaluate,
    evaluate_resource_policy,
    parse_policy_document,
)

from tests.stacks.mocked_aws import ACCOUNT, REGION
from tests.stacks.recording import Program, Recorded

Context = Mapping[str, str | Sequence[str]]


@dataclass(frozen=True)
class Request:
    """One call: an action on a resource, with the condition keys that AWS sends along."""

    action: str
    resource: str
    context: Context = field(default_factory=dict)

    def __str__(self) -> str:
        keys = ", ".join(f"{key}={value}" for key, value in sorted(self.context.items()))
        return f"{self.action} on {self.resource}" + (f" with {keys}" if keys else "")


class Policies:
    """The policies that the layers of an environment register."""

    def __init__(self, programs: Mapping[str, Program]) -> None:
        self._resources = [each for program in programs.values() for each in program.resources]
        self._roles = {each["name"]: each for each in self._all("iam/role:Role")}
        self._identities = {each["role"]: each["policy"] for each in self._all("iam/rolePolicy:RolePolicy")}
        self._boundaries = {_boundary_arn(each): each["policy"] for each in self._all("iam/policy:Policy")}
        self._keys = {_key_arn(each): each["policy"] for each in self._all("kms/key:Key")}

    def refusal(self, role: str, request: Request) -> str:
        """Why a session of a role may not make a request; empty if it may."""
        context = self._context(f"arn:aws:iam::{ACCOUNT}:role/{role}", request)
        identity, boundary = (
            self._identities[role],
            self._boundaries[self._roles[role]["permissionsBoundary"]],
        )
        for name, document in (("policy", identity), ("boundary", boundary)):
            if evaluate(context, [parse_policy_document(document)]).decision != "Allow":
                return f"{role}: its {name} does not allow {request}"
        return self._refusal_of_key(context, request, identity, boundary)

    def refusal_of_endpoint(self, service: str, role: str, request: Request) -> str:
        """Why the VPC endpoint of a service does not let a role's request pass; empty if it does."""
        (endpoint,) = [each for each in self._all("ec2/vpcEndpoint:VpcEndpoint") if each.name == service]
        context = self._context(f"arn:aws:iam::{ACCOUNT}:role/{role}", request)
        allowed = evaluate_resource_policy(endpoint["policy"], context).decision == "Allow"
        return "" if allowed else f"{role}: the VPC endpoint '{service}' does not let pass {request}"

    def refusal_of_service(self, service: str, request: Request, document: str) -> str:
        """Why a key, queue or topic with this policy refuses an AWS service; empty if it does not."""
        context = self._context(f"arn:aws:iam::{ACCOUNT}:role/aws-service", request)
        decision = evaluate_resource_policy(_of_services(document), context, service).decision
        return "" if decision == "Allow" else f"{service} may not {request}"

    def denial(self, role: str, request: Request, document: str) -> str:
        """Why a queue or topic with this policy denies a role's request; empty if it does not."""
        context = self._context(f"arn:aws:iam::{ACCOUNT}:role/{role}", request)
        denied = evaluate_resource_policy(document, context).decision == "Deny"
        return f"{role}: the policy of the resource denies {request}" if denied else ""

    def key_policy(self, arn: str) -> str:
        """The policy of a key."""
        return str(self._keys[arn])

    def boundary_of(self, role: str) -> str:
        """The ARN of a role's boundary."""
        return str(self._roles[role]["permissionsBoundary"])

    def _refusal_of_key(self, context: EvalContext, request: Request, identity: str, boundary: str) -> str:
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

    def _all(self, type_: str) -> list[Recorded]:
        return [each for each in self._resources if each.type == f"aws:{type_}"]


def _of_services(document: str) -> dict[str, Any]:
    """The statements on AWS services, and denials: a service is no principal of the account."""
    statements = json.loads(document)["Statement"]
    return {
        "Statement": [
            each
            for each in statements
            if each["Principal"] == "*" or "Service" in each["Principal"] or each["Effect"] == "Deny"
        ]
    }


def _boundary_arn(policy: Recorded) -> str:
    return f"arn:aws:iam::{ACCOUNT}:policy/{policy['name']}"


def _key_arn(key: Recorded) -> str:
    return f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{key.name}"
