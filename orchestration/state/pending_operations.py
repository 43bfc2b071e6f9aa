"""Pending operations: changes of resources whose result is unknown, because the update was interrupted."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from orchestration.environments import Environment
from orchestration.layers import Layer
from orchestration.pulumi.urn import describe_resource
from terminal.command_line import command_line
from terminal.errors import UserError

CREATING = "creating"


@dataclass(frozen=True)
class PendingOperation:
    """`operation` is creating, updating, deleting, reading or importing. `id` is empty if unknown."""

    operation: str
    urn: str
    id: str = ""

    @property
    def resource(self) -> str:
        """`name (type)` of the resource."""
        return describe_resource(self.urn) or self.urn

    def as_dict(self) -> dict[str, str]:
        return {"operation": self.operation, "resource": self.resource, "urn": self.urn, "id": self.id}


def list_pending_operations(deployment: Mapping[str, Any]) -> list[PendingOperation]:
    """Return the pending operations in a stack's exported deployment."""
    return [
        PendingOperation(entry["type"], entry["resource"]["urn"], entry["resource"].get("id", ""))
        for entry in deployment.get("pending_operations") or []
    ]


def refuse_pending_operations(environment: Environment, layer: Layer, deployment: Mapping[str, Any]) -> None:
    """Raise UserError if the deployment has pending operations."""
    if operations := list_pending_operations(deployment):
        names = ", ".join(f"{operation.operation} {operation.resource}" for operation in operations)
        recover = command_line("recover", env=environment.name, layer=layer.name)
        raise UserError(
            f"The last update of {layer.name} was interrupted. The result of {names} is unknown.",
            f"Recover the layer first: {recover}",
        )
