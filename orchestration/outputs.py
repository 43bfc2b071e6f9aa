"""Showing what the layers give to others and to scripts."""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from rich.table import Table

from orchestration.console import console, print_json
from orchestration.environments import Environment
from orchestration.errors import UserError
from orchestration.layers import Layer


class Outputs(Protocol):
    """What this needs of the engine."""

    def outputs(self, layer: Layer) -> Mapping[str, Any] | None: ...


def show(
    environment: Environment, engine: Outputs, layers: Iterable[Layer], *, as_json: bool = False
) -> None:
    """Print the outputs of each layer that has any; a `UserError` if none has."""
    found = {layer.name: engine.outputs(layer) for layer in layers}
    deployed = {name: outputs for name, outputs in found.items() if outputs}
    if not deployed:
        raise UserError(
            f"Nothing of {', '.join(found)} is deployed in '{environment.name}'.",
            f"Deploy it first: invoke deploy --env {environment.name}",
        )
    if as_json:
        print_json(deployed)
        return
    table = Table.grid(padding=(0, 2))
    for name, outputs in deployed.items():
        for key, value in outputs.items():
            table.add_row(f"[bold]{name}[/]", key, _text(value))
    console.print(table)


def _text(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
