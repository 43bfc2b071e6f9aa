"""Display of stack outputs."""

from collections.abc import Iterable
from typing import Any

from rich.text import Text

from orchestration.environments import Environment
from orchestration.layers import Layer
from orchestration.pulumi.engine import Engine
from shared.contracts import visible_outputs
from terminal.command_line import command_line
from terminal.errors import UserError
from terminal.output import console, print_json
from terminal.progress import show_activity


def print_outputs(
    environment: Environment, engine: Engine, layers: Iterable[Layer], *, as_json: bool = False
) -> None:
    """Print the outputs of the deployed layers. Raises UserError if none of the layers is deployed."""
    with show_activity("Reading the outputs"):
        by_layer = {layer.name: engine.outputs(layer) for layer in layers}
    deployed = {name: visible_outputs(outputs) for name, outputs in by_layer.items() if outputs}
    if not deployed:
        raise UserError(
            f"{', '.join(by_layer)}: not deployed in '{environment.name}'.",
            f"Deploy first: {command_line('deploy', env=environment.name)}",
        )
    if as_json:
        print_json(deployed)
        return
    width = max(len(key) for outputs in deployed.values() for key in outputs)
    for name, outputs in deployed.items():
        console.print(Text(name, style="bold"))
        for key, value in outputs.items():
            console.print(Text.assemble("  ", (f"{key:<{width}}", "cyan"), "  ", _format_value(value)))


def _format_value(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}: {entry}" for name, entry in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
