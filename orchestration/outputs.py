"""Showing what the layers give to others and to scripts."""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from rich.text import Text

from orchestration.environments import Environment
from orchestration.layers import Layer
from shared import contracts
from terminal.errors import UserError
from terminal.output import console, print_json


class Outputs(Protocol):
    """What this needs of the engine."""

    def outputs(self, layer: Layer) -> Mapping[str, Any] | None: ...


def show(
    environment: Environment, engine: Outputs, layers: Iterable[Layer], *, as_json: bool = False
) -> None:
    """Print the outputs of each layer that has any; a `UserError` if none has."""
    found = {layer.name: engine.outputs(layer) for layer in layers}
    deployed = {name: contracts.visible(outputs) for name, outputs in found.items() if outputs}
    if not deployed:
        raise UserError(
            f"Nothing of {', '.join(found)} is deployed in '{environment.name}'.",
            f"Deploy it first: invoke deploy --env {environment.name}",
        )
    if as_json:
        print_json(deployed)
        return
    width = max(len(key) for outputs in deployed.values() for key in outputs)
    for name, outputs in deployed.items():
        console.print(Text(name, style="bold"))
        for key, value in outputs.items():
            console.print(Text.assemble("  ", (f"{key:<{width}}", "cyan"), "  ", _text(value)))


def _text(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
