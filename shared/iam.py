"""Policy documents, and what they must not say.

A statement that allows a wildcard action is refused; one on a wildcard resource, too, unless EXCEPTIONS in
wildcards.py lists it. The statements themselves are written in permissions.py and where they are needed.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi

from shared.wildcards import Conditions, is_listed

Document = dict[str, Any]


class PolicyError(ValueError):
    """A statement allows more than this repository lets it."""


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One statement; `resources` is empty in a trust policy, `principal` None in an identity policy.

    `sid` may be empty where a policy is near the size that AWS allows.
    """

    sid: str
    actions: Sequence[str]
    resources: pulumi.Input[Sequence[pulumi.Input[str]]] = ()
    principal: Mapping[str, pulumi.Input[str]] | None = None
    conditions: Conditions = field(default_factory=dict)
    effect: str = "Allow"

    def as_document(self) -> Document:
        """The statement in IAM's words; its values may be Outputs."""
        document: Document = {"Sid": self.sid} if self.sid else {}
        document |= {"Effect": self.effect, "Action": list(self.actions)}
        if self.principal:
            document["Principal"] = dict(self.principal)
        if self.resources != ():
            document["Resource"] = self.resources
        if self.conditions:
            document["Condition"] = {operator: dict(test) for operator, test in self.conditions.items()}
        return document


def identity_policy(statements: Iterable[Statement]) -> pulumi.Output[str]:
    """What a role may do. PolicyError, once it is resolved, for a wildcard that is not listed."""
    return _policy(statements, _refuse_patterns_of_boundaries)


def boundary_policy(statements: Iterable[Statement]) -> pulumi.Output[str]:
    """What a role may do at most. Takes the wildcards that are listed for boundaries, too."""
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
        raise PolicyError(f"{_sid(document)}: name the actions instead of {', '.join(wild)}")


def _refuse_patterns_of_boundaries(document: Document) -> None:
    _refuse_wildcard_resources(document, in_boundary=False)


def _refuse_wildcard_resources(document: Document, *, in_boundary: bool = True) -> None:
    conditions = document.get("Condition", {})
    for resource in document.get("Resource", ()):
        for action in document["Action"]:
            wild = "*" in resource or "?" in resource
            if wild and not is_listed(action, resource, conditions, in_boundary=in_boundary):
                raise PolicyError(
                    f"{_sid(document)}: {action} on {resource} is not listed in shared.wildcards.EXCEPTIONS"
                )


def _refuse_everyone(document: Document) -> None:
    principal = document.get("Principal")
    if not principal or "*" in principal.values():
        raise PolicyError(f"{_sid(document)}: name the principal")


def _refuse_unnamed_principals(document: Document) -> None:
    if not document.get("Condition", {}).get("ArnEquals", {}).get("aws:PrincipalArn"):
        raise PolicyError(f"{_sid(document)}: name the principal in a condition on aws:PrincipalArn")


def _sid(document: Document) -> str:
    return str(document.get("Sid", "a statement"))
