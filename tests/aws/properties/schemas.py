"""AWS's CloudFormation resource schemas, from `cfn-lint`."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

REGION = "us-east-1"

Node = Mapping[str, Any]


@dataclass(frozen=True)
class PropertySchema:
    """A node in the schema of a resource type."""

    type: str
    document: Node
    node: Node

    @classmethod
    def from_type(cls, type_: str) -> "PropertySchema":
        """The schema of a type such as `AWS::SQS::Queue`. Raises cfn-lint's error for an unknown type."""
        document = _load_document(type_)
        return cls(type_, document, document)

    @property
    def properties(self) -> Node:
        """The writable properties by CloudFormation name. Empty for a map or scalar."""
        properties: Node = self.node.get("properties", {})
        return {name: node for name, node in properties.items() if name not in self._read_only}

    @property
    def types(self) -> frozenset[str]:
        """The JSON types of a value."""
        types = self.node.get("type", ())
        return frozenset([types] if isinstance(types, str) else types)

    def child(self, name: str) -> "PropertySchema":
        """The schema of a property."""
        return self._at(self.properties[name])

    @property
    def items(self) -> "PropertySchema":
        """The schema of the items of an array."""
        return self._at(self.node.get("items", {}))

    @property
    def _read_only(self) -> frozenset[str]:
        if self.node is not self.document:
            return frozenset()
        paths = self.document.get("readOnlyProperties", ())
        return frozenset(path.removeprefix("/properties/") for path in paths)

    def _at(self, node: Node) -> "PropertySchema":
        while "$ref" in node:
            node = self.document["definitions"][node["$ref"].rsplit("/", 1)[1]]
        # The choices are the structure and its JSON text, in this order.
        choices = node.get("oneOf") or node.get("anyOf")
        if choices and "type" not in node and "properties" not in node:
            return self._at(choices[0])
        return PropertySchema(self.type, self.document, node)


@cache
def _load_document(type_: str) -> Node:
    document: Node = PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, type_).schema
    return document
