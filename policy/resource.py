"""A resource as the rules see it: the same for the engine, for a state and for a program under mocks."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

_SEPARATOR = "::"
PROJECT_PREFIX = "fraud-"


@dataclass(frozen=True)
class Statement:
    """One statement of a policy document. `principals` are pairs of a kind, such as AWS, and a value."""

    effect: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    principals: tuple[tuple[str, str], ...]
    conditions: Mapping[str, Mapping[str, Any]]
    negated: bool

    @property
    def allows(self) -> bool:
        return self.effect == "Allow"

    @property
    def allows_everyone(self) -> bool:
        """Whether it allows every principal of AWS, as far as the element Principal decides."""
        return self.allows and any(value == "*" for _, value in self.principals)

    def condition_values(self, key: str) -> list[str]:
        """The values of a condition key, whatever the operator. Keys are not case-sensitive."""
        return [
            str(value)
            for test in self.conditions.values()
            for name, values in test.items()
            if name.lower() == key.lower()
            for value in as_list(values)
        ]

    @property
    def denies_plain_text(self) -> bool:
        """Whether it denies everyone's requests without TLS."""
        return (
            self.effect == "Deny"
            and any(value == "*" for _, value in self.principals)
            and self.condition_values("aws:SecureTransport") == ["false"]
        )


@dataclass(frozen=True)
class Resource:
    """`properties` are in camelCase. A property that the engine does not know yet raises when it is read."""

    type: str
    name: str
    properties: Mapping[str, Any]
    layer: str = ""
    environment: str = ""
    urn: str = ""

    @classmethod
    def from_urn(cls, urn: str, type_: str, name: str, properties: Mapping[str, Any]) -> "Resource":
        """Read layer and environment from a URN: urn:pulumi:<environment>::fraud-<layer>::…."""
        environment, project = urn.split(_SEPARATOR)[:2]
        return cls(
            type=type_,
            name=name,
            properties=properties,
            layer=project.removeprefix(PROJECT_PREFIX),
            environment=environment.rpartition(":")[2],
            urn=urn,
        )

    @property
    def path(self) -> str:
        """The name that exceptions match: <layer>/<type without module>/<name>."""
        return f"{self.layer}/{self.type.rpartition(':')[2]}/{self.name}"

    def __getitem__(self, path: str) -> Any:
        """Return the property at a dotted path; None if it or a parent is missing."""
        value: Any = self.properties
        for key in path.split("."):
            if not isinstance(value, Mapping):
                return None
            value = value.get(key)
        return value

    def values(self, path: str) -> list[Any]:
        """Return a property that is a list, a single value, or missing, as a list."""
        return as_list(self[path])

    def document(self, path: str) -> dict[str, Any]:
        """Parse a property that is JSON; empty if it is missing."""
        text = self[path]
        return dict(json.loads(text)) if text else {}

    def statements(self, path: str = "policy") -> list[Statement]:
        """Parse a property that is a policy document."""
        statements = self.document(path).get("Statement", [])
        return [_parse_statement(statement) for statement in as_list(statements)]


@dataclass(frozen=True)
class Stack:
    """All resources of one layer."""

    resources: list[Resource] = field(default_factory=list)

    def of_type(self, *types: str) -> list[Resource]:
        """The resources of the given types."""
        return [resource for resource in self.resources if resource.type in types]

    def strings(self, *types: str) -> Iterator[str]:
        """Every string in the properties of resources of the given types, for searching references."""
        for resource in self.of_type(*types):
            yield from _strings(resource.properties)


def as_list(value: Any) -> list[Any]:
    """Return a list as a list, nothing as an empty list, and anything else as a list of one."""
    if value is None:
        return []
    if isinstance(value, (str, Mapping)) or not isinstance(value, Iterable):
        return [value]
    return list(value)


def arn_name(arn: str) -> str:
    """The last part of an ARN or of a queue's URL: the name of the resource."""
    return arn.rpartition(":")[2].rpartition("/")[2]


def _parse_statement(statement: Mapping[str, Any]) -> Statement:
    principal = statement.get("Principal", {})
    principals = {"AWS": principal} if isinstance(principal, str) else principal
    return Statement(
        effect=statement["Effect"],
        actions=tuple(as_list(statement.get("Action", statement.get("NotAction")))),
        resources=tuple(as_list(statement.get("Resource", statement.get("NotResource")))),
        principals=tuple((kind, value) for kind, values in principals.items() for value in as_list(values)),
        conditions=statement.get("Condition", {}),
        negated=not {"NotAction", "NotResource", "NotPrincipal"}.isdisjoint(statement),
    )


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, Iterable):
        for item in value:
            yield from _strings(item)
