"""Policy documents and the checks on them.

The checks refuse a statement that allows a wildcard action, or a wildcard resource that EXCEPTIONS in
wildcards.py does not list. permissions.py and the modules of the layers contain the statements themselves.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pulumi

from shared.wildcards import Conditions, is_exempt

Document = dict[str, Any]


class PolicyError(ValueError):
    """A statement allows more than this repository permits."""


@dataclass(frozen=True, kw_only=True)
class Statement:
    """A policy statement. `resources` is empty in a trust policy, `principal` is None in an identity policy.

    `sid` may be empty where the size of a policy is near the limit.
    """

    sid: str
    actions: Sequence[str]
    resources: pulumi.Input[Sequence[pulumi.Input[str]]] = ()
    principal: Mapping[str, pulumi.Input[str] | Sequence[str]] | None = None
    conditions: Conditions = field(default_factory=dict)
    effect: str = "Allow"

    def as_document(self) -> Document:
        """The statement in IAM's JSON form. Values may be Outputs."""
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
    """A policy of a role. The Output fails with PolicyError for a wildcard that is not listed."""
    return _make_policy(statements, _refuse_boundary_wildcards)


def boundary_policy(statements: Iterable[Statement]) -> pulumi.Output[str]:
    """A permissions boundary. It may also contain the wildcards that are listed for boundaries only."""
    return _make_policy(statements, _refuse_wildcard_resources)


def resource_policy(statements: Iterable[Statement]) -> pulumi.Output[str]:
    """A policy of a queue or topic, or a trust policy. It must name every principal that it allows."""
    return _make_policy(statements, _require_principal, _refuse_wildcard_resources)


def key_policy(statements: Iterable[Statement]) -> pulumi.Output[str]:
    """The policy of a KMS key. The resource in a key policy is "*", which means the key itself."""
    return _make_policy([replace(statement, resources=["*"]) for statement in statements], _require_principal)


def endpoint_policy(statements: Iterable[Statement]) -> pulumi.Output[str]:
    """The policy of a VPC endpoint. A condition must name each principal that it allows.

    The principal itself is "*", because gateway endpoints accept no other.
    """
    return _make_policy(statements, _require_principal_condition, _refuse_wildcard_resources)


def require_tls(actions: Sequence[str], resource: pulumi.Input[str]) -> Statement:
    """Deny requests without TLS, from everyone."""
    return Statement(
        sid="RefusePlainText",
        effect="Deny",
        actions=actions,
        resources=[resource],
        principal={"AWS": "*"},
        conditions={"Bool": {"aws:SecureTransport": "false"}},
    )


def _make_policy(statements: Iterable[Statement], *checks: Callable[[Document], None]) -> pulumi.Output[str]:
    def serialize(documents: list[Document]) -> str:
        for document in documents:
            if document["Effect"] == "Allow":
                for check in (_refuse_wildcard_actions, *checks):
                    check(document)
        return json.dumps({"Version": "2012-10-17", "Statement": documents})

    documents = [statement.as_document() for statement in statements]
    return pulumi.Output.from_input(documents).apply(serialize)


def _refuse_wildcard_actions(document: Document) -> None:
    if wildcards := [action for action in document["Action"] if "*" in action or "?" in action]:
        raise PolicyError(
            f"{_statement_name(document)}: wildcard actions {', '.join(wildcards)}. List each action instead"
        )


def _refuse_boundary_wildcards(document: Document) -> None:
    _refuse_wildcard_resources(document, in_boundary=False)


def _refuse_wildcard_resources(document: Document, *, in_boundary: bool = True) -> None:
    conditions = document.get("Condition", {})
    for resource in document.get("Resource", ()):
        for action in document["Action"]:
            has_wildcard = "*" in resource or "?" in resource
            if has_wildcard and not is_exempt(action, resource, conditions, in_boundary=in_boundary):
                raise PolicyError(
                    f"{_statement_name(document)}: {action} is allowed on {resource}."
                    " Name the resource, or add an exception to shared.wildcards.EXCEPTIONS"
                )


def _require_principal(document: Document) -> None:
    principal = document.get("Principal")
    if not principal or "*" in principal.values():
        raise PolicyError(f"{_statement_name(document)}: every principal is allowed. Name the principal")


def _require_principal_condition(document: Document) -> None:
    if not document.get("Condition", {}).get("ArnEquals", {}).get("aws:PrincipalArn"):
        raise PolicyError(
            f"{_statement_name(document)}: every principal is allowed."
            " Name the principal in a condition on aws:PrincipalArn"
        )


def _statement_name(document: Document) -> str:
    return str(document.get("Sid", "Statement without an ID"))
