"""The parts of a policy document, and the document without one of them."""

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

Document = dict[str, Any]


@dataclass(frozen=True)
class Part:
    """A part of the statement at a position, whose ID may be empty.

    A permission or a denial has an action, a resource, or both. A condition has an operator and a key, and a
    value if it is one value of several.
    """

    position: int
    sid: str
    effect: str
    action: str = ""
    resource: str = ""
    operator: str = ""
    key: str = ""
    value: str = ""


def list_permissions(document: Document, effect: str = "Allow") -> list[Part]:
    """Each action on each resource."""
    return [
        Part(position, statement.get("Sid", ""), effect, action, resource)
        for position, statement in enumerate(document["Statement"])
        if statement["Effect"] == effect
        for action in as_list(statement["Action"])
        for resource in as_list(statement.get("Resource", ""))
    ]


def list_actions_and_resources(document: Document) -> list[Part]:
    """Each action on all resources of its statement, and each resource with all actions."""
    return [
        Part(position, statement.get("Sid", ""), statement["Effect"], **{member.lower(): value})
        for position, statement in enumerate(document["Statement"])
        if statement["Effect"] == "Allow"
        for member in ("Action", "Resource")
        for value in as_list(statement[member])
    ]


def list_conditions(document: Document) -> list[Part]:
    """Each key of each condition."""
    return [
        Part(position, statement.get("Sid", ""), statement["Effect"], operator=operator, key=key)
        for position, statement in enumerate(document["Statement"])
        for operator, tests in statement.get("Condition", {}).items()
        for key in tests
    ]


def list_values(document: Document) -> list[Part]:
    """Each value of the conditions that have several."""
    return [
        Part(position, statement.get("Sid", ""), statement["Effect"], operator=operator, key=key, value=value)
        for position, statement in enumerate(document["Statement"])
        for operator, tests in statement.get("Condition", {}).items()
        for key, values in tests.items()
        if isinstance(values, list) and len(values) > 1
        for value in values
    ]


def remove(document: Document, part: Part) -> Document:
    """The document without one part."""
    if part.action and part.resource:
        return remove_permissions(document, [part])
    statements: list[Document] = []
    for position, statement in enumerate(document["Statement"]):
        if position != part.position:
            statements.append(statement)
        elif part.action or part.resource:
            statements += _without_member(statement, part)
        else:
            statements.append(_without_condition(statement, part))
    return {**document, "Statement": statements}


def remove_permissions(document: Document, parts: Collection[Part]) -> Document:
    """The document without some permissions or denials, each an action on a resource."""
    removed = {(part.position, part.action, part.resource) for part in parts}
    changed = {part.position for part in parts}
    statements: list[Document] = []
    for position, statement in enumerate(document["Statement"]):
        if position not in changed:
            statements.append(statement)
            continue
        for number, action in enumerate(as_list(statement["Action"])):
            resources = [
                arn
                for arn in as_list(statement.get("Resource", ""))
                if (position, action, arn) not in removed
            ]
            if resources:
                statements.append(_allow_only(statement, action, resources, number))
    return {**document, "Statement": statements}


def _allow_only(statement: Document, action: str, resources: list[str], number: int) -> Document:
    # A trust policy has no resources. Two statements of a policy cannot have the same ID.
    narrowed = {"Resource": resources} if "Resource" in statement else {}
    sid = {"Sid": f"{statement['Sid']}{number}"} if "Sid" in statement else {}
    return {**statement, **sid, "Action": [action], **narrowed}


def _without_member(statement: Document, part: Part) -> Iterator[Document]:
    """The statement without an action or a resource; none if it has no other."""
    member, value = ("Action", part.action) if part.action else ("Resource", part.resource)
    others = [other for other in as_list(statement[member]) if other != value]
    if others:
        yield {**statement, member: others}


def _without_condition(statement: Document, part: Part) -> Document:
    conditions: Document = json.loads(json.dumps(statement["Condition"]))
    tests = conditions[part.operator]
    if part.value:
        tests[part.key].remove(part.value)
    else:
        del tests[part.key]
    remaining = {operator: keys for operator, keys in conditions.items() if keys}
    rest = {name: value for name, value in statement.items() if name != "Condition"}
    return {**rest, "Condition": remaining} if remaining else rest


def as_list(value: Any) -> list[Any]:
    """The values of a member that may be one value or a list."""
    return value if isinstance(value, list) else [value]
