"""Policies and their decisions on calls, by the evaluator of tests/aws."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from ministack.core.iam_evaluator import (
    EvalContext,
    evaluate,
    evaluate_resource_policy,
    evaluate_trust_policy,
    fnmatch_iam,
    parse_policy_document,
)

from tests.aws.policies import Request
from tests.least_privilege.calls import (
    Call,
    Programs,
    find_foreign_calls,
    find_role_calls,
    find_service_calls,
)
from tests.least_privilege.mutations import Document, as_list
from tests.stacks.mocked_aws import ACCOUNT, REGION
from tests.stacks.recording import RecordedResource

ALLOW_ALL: Document = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
# The kinds of policies. A boundary limits a role that is given everything.
ROLE, BOUNDARY, KEY, QUEUE, TOPIC, ENDPOINT, TRUST, API = (
    "role",
    "boundary",
    "key",
    "queue",
    "topic",
    "endpoint",
    "trust",
    "api",
)


@dataclass(frozen=True)
class Policy:
    """A policy of a kind, with the name of its role or resource, and the calls that it must allow."""

    kind: str
    owner: str
    document: Document
    calls: tuple[Call, ...]

    @property
    def name(self) -> str:
        return f"{self.kind} {self.owner}"

    def allows(self, call: Call) -> bool:
        """Whether the policy allows a call; it does not consider other policies."""
        context = make_context(call)
        # Most policies have many statements, and most of their actions belong to other services.
        document = {"Statement": [s for s in self.document["Statement"] if _names(s, call.request.action)]}
        if self.kind == ROLE:
            return _is_allowed(context, document)
        if self.kind == BOUNDARY:
            return _is_allowed(context, ALLOW_ALL, document)
        if self.kind == TRUST:
            return self._trusts(call, document)
        service = call.caller if "." in call.caller else None
        if service:
            document = {"Statement": [s for s in document["Statement"] if _is_for_services(s)]}
        result = evaluate_resource_policy(document, context, service)
        # Without a statement, the owner's roles may use a queue, topic or API.
        is_open = self.kind in (QUEUE, TOPIC, API) and service is None and call.account == ACCOUNT
        return bool(result.decision != "Deny" if is_open else result.decision == "Allow")

    def change(self, document: Document) -> "Policy":
        """The policy with another document."""
        return replace(self, document=document)

    def _trusts(self, call: Call, document: Document) -> bool:
        context = make_context(call)
        if ":oidc-provider/" in call.caller:
            return bool(evaluate_trust_policy(document, call.caller, context))
        statements = [{**statement, "Resource": "*"} for statement in document["Statement"]]
        result = evaluate_resource_policy({"Statement": statements}, context, call.caller)
        return bool(result.decision == "Allow")


class Environment:
    """The policies of an environment, from the recorded programs of its layers."""

    def __init__(self, programs: Programs) -> None:
        self._programs = programs
        self._resources = [resource for program in programs.values() for resource in program.resources]
        self._role_calls = find_role_calls(programs)
        self._calls = [
            *(call for calls in self._role_calls.values() for call in calls),
            *find_service_calls(programs),
        ]

    @cached_property
    def policies(self) -> list[Policy]:
        """Every policy."""
        return [
            *self.role_policies(),
            *self.boundaries(),
            *self.resource_policies(),
            *self.api_policies(),
            *self.trust_policies(),
        ]

    def role_policies(self) -> Iterator[Policy]:
        for policy in self._find_all("iam/rolePolicy:RolePolicy"):
            calls = self._role_calls.get(policy["role"], [])
            yield Policy(ROLE, policy["role"], policy.document(), tuple(calls))

    def boundaries(self) -> Iterator[Policy]:
        documents = {policy["name"]: policy.document() for policy in self._find_all("iam/policy:Policy")}
        for role in self._find_all("iam/role:Role"):
            document = documents[role["permissionsBoundary"].rpartition("/")[2]]
            calls = self._role_calls.get(role["name"], [])
            yield Policy(BOUNDARY, role["name"], document, tuple(calls))

    def resource_policies(self) -> Iterator[Policy]:
        for key in self._find_all("kms/key:Key"):
            calls = self._calls_on(f":key/{key.name}")
            yield Policy(KEY, key.name, key.document(), calls)
        for type_, kind, reference in (
            ("sqs/queuePolicy:QueuePolicy", QUEUE, "queueUrl"),
            ("sns/topicPolicy:TopicPolicy", TOPIC, "arn"),
        ):
            for policy in self._find_all(type_):
                name = policy[reference].replace("/", ":").rpartition(":")[2]
                service = "sqs" if kind == QUEUE else "sns"
                yield Policy(kind, name, policy.document(), self._calls_on(f":{ACCOUNT}:{name}", service))
        for endpoint in self._find_all("ec2/vpcEndpoint:VpcEndpoint"):
            calls = tuple(call for call in self._calls if _uses_endpoint(call, endpoint.name))
            yield Policy(ENDPOINT, endpoint.name, endpoint.document(), calls)

    def api_policies(self) -> Iterator[Policy]:
        for policy in self._find_all("apigateway/restApiPolicy:RestApiPolicy"):
            own = [call for call in self._calls if call.request.action == "execute-api:Invoke"]
            calls = (*own, *find_foreign_calls(self._programs))
            yield Policy(API, "transactions", policy.document(), calls)

    def trust_policies(self) -> Iterator[Policy]:
        for role in self._find_all("iam/role:Role"):
            document = role.document("assumeRolePolicy")
            yield Policy(TRUST, role["name"], document, tuple(_assume_calls(document)))

    def _calls_on(self, ending: str, service: str = "kms") -> tuple[Call, ...]:
        return tuple(
            call
            for call in self._calls
            if call.request.action.startswith(f"{service}:") and call.request.resource.endswith(ending)
        )

    def _find_all(self, type_: str) -> list[RecordedResource]:
        return [resource for resource in self._resources if resource.type == f"aws:{type_}"]


def make_context(call: Call) -> EvalContext:
    """The context of a call, with its keys in lower case."""
    is_role = "." not in call.caller and ":" not in call.caller
    name = call.caller if is_role else "aws-service"
    keys: Mapping[str, Any] = call.request.context
    return EvalContext(
        principal_arn=f"arn:aws:iam::{call.account}:role/{name}",
        principal_type="AssumedRole",
        principal_account=call.account,
        action=call.request.action,
        resource_arn=call.request.resource,
        region=REGION,
        secure_transport=keys.get("aws:SecureTransport", "true") == "true",
        service_context={
            key.lower(): list(value) if not isinstance(value, str) else value for key, value in keys.items()
        },
    )


def _assume_calls(document: Document) -> Iterator[Call]:
    """The calls that assume a role, with the keys that its trust policy tests.

    The services and claims are those of the trust policy: tests/stacks checks them.
    """
    for statement in document["Statement"]:
        ((kind, principal),) = statement["Principal"].items()
        (action,) = as_list(statement["Action"])
        tests = {
            key: as_list(values)
            for operator in statement.get("Condition", {}).values()
            for key, values in operator.items()
        }
        for number in range(max((len(values) for values in tests.values()), default=1)):
            keys = {key: values[min(number, len(values) - 1)] for key, values in tests.items()}
            yield Call(principal, f"assume the role as {kind.lower()}", Request(action, "*", keys))


def _is_allowed(context: EvalContext, *documents: Document) -> bool:
    parsed = [[parse_policy_document(document)] for document in documents]
    return bool(evaluate(context, *parsed).decision == "Allow")


def _names(statement: Document, action: str) -> bool:
    return any(fnmatch_iam(action, pattern) for pattern in as_list(statement["Action"]))


def _is_for_services(statement: Document) -> bool:
    principal = statement["Principal"]
    return principal == "*" or "Service" in principal or statement["Effect"] == "Deny"


def _uses_endpoint(call: Call, service: str) -> bool:
    return call.through_endpoint and call.request.action.startswith(f"{service}:")
