"""Operations of unknown result: what an update was doing to resources when it was cut off."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from orchestration.environments import Environment
from orchestration.layers import Layer
from orchestration.pulumi.errors import Diagnostic
from terminal.errors import UserError

CREATING = "creating"


@dataclass(frozen=True)
class Pending:
    """`operation` is creating, updating, deleting, reading or importing; `id` is empty if none is known."""

    operation: str
    urn: str
    id: str = ""

    @property
    def resource(self) -> str:
        """The name and the type, as a user knows them."""
        return Diagnostic(self.urn, "").resource or self.urn

    def as_dict(self) -> dict[str, str]:
        """For JSON."""
        return {"operation": self.operation, "resource": self.resource, "urn": self.urn, "id": self.id}


def of(exported: Mapping[str, Any]) -> list[Pending]:
    """Those in a stack's exported state."""
    return [
        Pending(one["type"], one["resource"]["urn"], one["resource"].get("id", ""))
        for one in exported.get("pending_operations") or []
    ]


def refuse(environment: Environment, layer: Layer, exported: Mapping[str, Any]) -> None:
    """Raise UserError if there are any."""
    if found := of(exported):
        what = ", ".join(f"{one.operation} {one.resource}" for one in found)
        raise UserError(
            f"An update of {layer.name} was cut off, and nobody knows what came of {what}.",
            f"Find out first: invoke recover --env {environment.name} --layer {layer.name}",
        )
