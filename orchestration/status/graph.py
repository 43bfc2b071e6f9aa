"""Graph of the layers, their outputs and the consumers of each output, from the code of this tree."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.text import Text

from orchestration import environments, layers
from orchestration.environments import Environment
from orchestration.layers import LAYERS, Layer
from orchestration.planning.compatibility import DeclaredContract, Types
from orchestration.pulumi import mocked_program
from orchestration.status import drawing
from shared import contracts
from terminal.errors import UserError
from terminal.output import console, print_json, print_message

TEXT = "text"


@dataclass(frozen=True)
class GraphNode:
    """A layer. `outputs` is {field: type}, `inputs` is {layer: {field: type}}."""

    name: str
    owner: str
    depends_on: tuple[str, ...]
    outputs: Types
    inputs: Mapping[str, Types]


def show_graph(*, file_format: str = TEXT, out: str = "", as_json: bool = False) -> None:
    """Print the graph of this tree's layers, or write it to the file `out`."""
    if as_json and file_format != TEXT:
        raise UserError(f"--json and --format {file_format} exclude each other.", "Remove one of them.")
    if file_format not in FORMATS:
        raise UserError(f"--format: '{file_format}' is unknown.", f"Choose one of: {', '.join(FORMATS)}.")
    nodes = load_nodes(environments.find_environment(environments.LOCAL))
    if out:
        _write(
            Path(out), json.dumps(to_json(nodes), indent=2) + "\n" if as_json else FORMATS[file_format](nodes)
        )
    elif as_json:
        print_json(to_json(nodes))
    elif file_format == TEXT:
        console.print(to_text(nodes), end="")
    else:
        console.print(Text(FORMATS[file_format](nodes)), end="")


def load_nodes(environment: Environment, all_layers: Sequence[Layer] = LAYERS) -> list[GraphNode]:
    """Return the layers in deployment order. Their programs run without AWS to find their inputs."""
    return [
        GraphNode(
            layer.name,
            layer.owner,
            layer.depends_on,
            _load_outputs(layer),
            _load_inputs(environment, layer),
        )
        for layer in layers.sort_layers(all_layers)
    ]


def _load_outputs(layer: Layer) -> Mapping[str, str]:
    try:
        return contracts.find_contract(layer.name).types()
    except KeyError:
        raise UserError(
            f"Layer {layer.name}: shared/contracts.py has no contract for the layer.",
            "Add a subclass of Contract.",
        ) from None


def to_json(nodes: Sequence[GraphNode]) -> dict[str, Any]:
    return {
        "layers": [
            {
                "name": node.name,
                "owner": node.owner,
                "depends_on": list(node.depends_on),
                "gives": node.outputs,
                "reads": node.inputs,
            }
            for node in nodes
        ]
    }


def to_text(nodes: Sequence[GraphNode]) -> Text:
    """Return each layer with its owner, its outputs, and the consumers of each output."""
    fields = [field for node in nodes for field in node.outputs.items()]
    name_width = max((len(name) for name, _ in fields), default=0)
    type_width = max((len(type_name) for _, type_name in fields), default=0)
    text = Text()
    for node in nodes:
        upstream = f", reads {', '.join(node.depends_on)}" if node.depends_on else ""
        text.append(node.name, style="bold").append(f"  {node.owner}{upstream}\n")
        for name, type_name in node.outputs.items():
            consumers = ", ".join(find_consumers(nodes, node.name, name))
            text.append(f"  {name:<{name_width}}", style="cyan")
            text.append(f"  {type_name:<{type_width}}  -> {consumers}\n" if consumers else f"  {type_name}\n")
    return text


def to_dot(nodes: Sequence[GraphNode]) -> str:
    """Return the graph in Graphviz's DOT language. The label of an edge lists the fields that are read."""
    lines = ["digraph layers {", "  rankdir=LR;", '  node [shape=box, fontname="sans-serif"];']
    lines += [f"  {_quote(node.name)} [label={_quote(node.name, node.owner)}];" for node in nodes]
    lines += [
        f"  {_quote(producer)} -> {_quote(node.name)} [label={_quote(*fields)}];"
        for node in nodes
        for producer, fields in node.inputs.items()
    ]
    return "\n".join([*lines, "}"]) + "\n"


def to_svg(nodes: Sequence[GraphNode]) -> str:
    """Return the graph as an SVG document: a box for each layer with its inputs and outputs."""
    return drawing.draw_svg([_create_box(node) for node in nodes])


def find_consumers(nodes: Sequence[GraphNode], producer: str, field: str) -> list[str]:
    """Return the layers that read an output."""
    return [node.name for node in nodes if field in node.inputs.get(producer, {})]


def _load_inputs(environment: Environment, layer: Layer) -> Mapping[str, Types]:
    if not layer.depends_on:
        return {}
    return DeclaredContract.from_outputs(mocked_program.preview_outputs(environment, layer)).inputs or {}


def _create_box(node: GraphNode) -> drawing.Box:
    inputs = [drawing.Section(f"from {name}", tuple(fields), name) for name, fields in node.inputs.items()]
    outputs = tuple(f"{name}: {type_name}" for name, type_name in node.outputs.items())
    return drawing.Box(node.name, node.owner, (*inputs, drawing.Section("gives", outputs)))


def _quote(*lines: str) -> str:
    escaped = [line.replace("\\", "\\\\").replace('"', '\\"') for line in lines]
    return '"' + "\\n".join(escaped) + '"'


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(
            f"--out: {file} cannot be written ({error.strerror}).", "Choose another file."
        ) from error
    print_message(f"Wrote {file}.")


FORMATS: Mapping[str, Callable[[Sequence[GraphNode]], str]] = {
    TEXT: lambda nodes: to_text(nodes).plain,
    "dot": to_dot,
    "svg": to_svg,
}
