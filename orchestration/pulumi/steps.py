"""What an update does or would do to single resources, from the engine's events."""

from dataclasses import dataclass
from typing import Any

from pulumi.automation import OpType
from pulumi.automation.events import StepEventMetadata

# A replacement counts once: by the step that stands for both of its halves.
OPERATIONS = {
    OpType.CREATE: "create",
    OpType.UPDATE: "update",
    OpType.REPLACE: "replace",
    OpType.DELETE: "delete",
}
# Components, the stack itself, references and providers: nothing in AWS changes with them.
_OWN_TYPES = ("pulumi:", "fraud:")


@dataclass(frozen=True)
class Step:
    """One resource that changes: `operation` is create, update, replace or delete.

    `properties` are the paths of those that differ, or for a replacement those that force it.
    """

    operation: str
    type: str
    name: str
    properties: tuple[str, ...] = ()

    @classmethod
    def of(cls, data: StepEventMetadata) -> "Step | None":
        """The step of an event; None if the resource stays as it is, or is none of a provider."""
        operation = OPERATIONS.get(data.op)
        if operation is None or data.type.startswith(_OWN_TYPES):
            return None
        return cls(operation, data.type, data.urn.rpartition("::")[2], _properties(operation, data))

    @property
    def resource(self) -> str:
        """The name and the type, as a user knows them."""
        return f"{self.name} ({self.type})"

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "operation": self.operation,
            "type": self.type,
            "name": self.name,
            "properties": list(self.properties),
        }


def _properties(operation: str, data: StepEventMetadata) -> tuple[str, ...]:
    if operation == "replace" and data.keys:
        return tuple(data.keys)
    if operation in ("update", "replace"):
        return tuple(data.detailed_diff or data.diffs or ())
    return ()
