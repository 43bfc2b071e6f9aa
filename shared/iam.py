"""Policy documents, and the one list of permissions on more than named resources.

A statement that allows a wildcard action is refused; one on a wildcard resource is refused unless EXCEPTIONS
lists it, with its reason. The statements themselves are written in permissions.py and where they are needed.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi

Conditions = Mapping[str, Mapping[str, Any]]
Document = dict[str, Any]


class PolicyError(ValueError):
    """A statement allows more than this repository lets it."""


@dataclass(frozen=True)
class WildcardException:
    """Actions that may be allowed on resources that match `resource`, a regular expression, and why."""

    actions: tuple[str, ...]
    resource: str
    reason: str


_EVERYTHING = r"\*"


def _arns(service: str, resource: str) -> str:
    """In one account and region."""
    return rf"arn:[a-z-]+:{service}:[a-z0-9-]+:\d{{12}}:{resource}"


EXCEPTIONS = (
    WildcardException(
        ("xray:PutTraceSegments", "xray:PutTelemetryRecords"),
        _EVERYTHING,
        "X-Ray has no resource-level control for sending traces.",
    ),
    WildcardException(
        ("ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets"),
        _EVERYTHING,
        "EC2 has no resource-level control for Describe actions, which Lambda needs to join a VPC.",
    ),
    WildcardException(
        ("dynamodb:ListStreams",),
        _EVERYTHING,
        "DynamoDB has no resource-level control for listing streams, which a pipe needs to follow one.",
    ),
    WildcardException(
        ("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"),
        _arns("dynamodb", r"table/[\w-]+/stream/\*"),
        "DynamoDB makes up the name of a stream. The pipe's boundary names the table, its role the stream.",
    ),
    WildcardException(
        (
            "ec2:CreateNetworkInterface",
            "ec2:DeleteNetworkInterface",
            "ec2:AssignPrivateIpAddresses",
            "ec2:UnassignPrivateIpAddresses",
        ),
        _arns("ec2", r"network-interface/\*"),
        "Lambda makes and removes the interfaces, and EC2 gives them ids. Subnets and security group are"
        " named, and the function's own code is denied these actions.",
    ),
    WildcardException(
        ("logs:CreateLogStream", "logs:PutLogEvents"),
        _arns("logs", r"log-group:[\w/-]+:\*"),
        "Lambda makes up the names of the streams. Their log group is named.",
    ),
    WildcardException(
        (
            "logs:CreateLogGroup",
            "logs:CreateLogStream",
            "logs:DescribeLogGroups",
            "logs:DescribeLogStreams",
            "logs:PutLogEvents",
            "logs:GetLogEvents",
            "logs:FilterLogEvents",
        ),
        _arns("logs", r"\*"),
        "API Gateway has one logging role for all APIs of an account and region, and refuses a lesser one.",
    ),
)


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One statement; `resources` is empty in a trust policy, `principal` None in an identity policy."""

    sid: str
    actions: Sequence[str]
    resources: pulumi.Input[Sequence[pulumi.Input[str]]] = ()
    principal: Mapping[str, pulumi.Input[str]] | None = None
    conditions: Conditions = field(default_factory=dict)
    effect: str = "Allow"

    def as_document(self) -> Document:
        """The statement in IAM's words; its values may be Outputs."""
        document: Document = {"Sid": self.sid, "Effect": self.effect, "Action": list(self.actions)}
        if self.principal:
            document["Principal"] = dict(self.principal)
        if self.resources != ():
            document["Resource"] = self.resources
        if self.conditions:
            document["Condition"] = {operator: dict(test) for operator, test in self.conditions.items()}
        return document


def identity_policy(statements: Iterable[Statement]) -> pulumi.Output[str]:
    """What a role may do, or may do at most. PolicyError, once it is resolved, for a wildcard not listed."""
    return _policy(statements, _refuse_wildcard_resources)


def resource_policy(statements: Iterable[Statement]) -> pulumi.Output[str]:
    """Who may use a queue or a topic, or assume a role. PolicyError for an allowance to everyone."""
    return _policy(statements, _refuse_everyone, _refuse_wildcard_resources)


def key_policy(statements: Iterable[Statement]) -> pulumi.Output[str]:
    """Who may use a KMS key. In a key's own policy the resource is the key, written as "*"."""
    return _policy([_about_the_key(statement) for statement in statements], _refuse_everyone)


def endpoint_policy(statements: Iterable[Statement]) -> pulumi.Output[str]:
    """What may pass a VPC endpoint. PolicyError unless a condition names the principal.

    The principal itself is "*": a gateway endpoint takes no other.
    """
    return _policy(statements, _refuse_unnamed_principals, _refuse_wildcard_resources)


def _policy(statements: Iterable[Statement], *checks: Callable[[Document], None]) -> pulumi.Output[str]:
    def checked(documents: list[Document]) -> str:
        for document in documents:
            if document["Effect"] == "Allow":
                for check in (_refuse_wildcard_actions, *checks):
                    check(document)
        return json.dumps({"Version": "2012-10-17", "Statement": documents})

    documents = [statement.as_document() for statement in statements]
    return pulumi.Output.from_input(documents).apply(checked)


def _about_the_key(statement: Statement) -> Statement:
    return Statement(
        sid=statement.sid,
        actions=statement.actions,
        resources=["*"],
        principal=statement.principal,
        conditions=statement.conditions,
        effect=statement.effect,
    )


def _refuse_wildcard_actions(document: Document) -> None:
    if wild := [action for action in document["Action"] if "*" in action or "?" in action]:
        raise PolicyError(f"{document['Sid']}: name the actions instead of {', '.join(wild)}")


def _refuse_wildcard_resources(document: Document) -> None:
    for resource in document.get("Resource", ()):
        for action in document["Action"]:
            if ("*" in resource or "?" in resource) and not is_listed(action, resource):
                raise PolicyError(
                    f"{document['Sid']}: {action} on {resource} is not listed in shared.iam.EXCEPTIONS"
                )


def is_listed(action: str, resource: str) -> bool:
    """Whether EXCEPTIONS has the action on that wildcard resource."""
    return any(action in known.actions and re.fullmatch(known.resource, resource) for known in EXCEPTIONS)


def _refuse_everyone(document: Document) -> None:
    principal = document.get("Principal")
    if not principal or "*" in principal.values():
        raise PolicyError(f"{document['Sid']}: name the principal")


def _refuse_unnamed_principals(document: Document) -> None:
    if not document.get("Condition", {}).get("ArnEquals", {}).get("aws:PrincipalArn"):
        raise PolicyError(f"{document['Sid']}: name the principal in a condition on aws:PrincipalArn")
