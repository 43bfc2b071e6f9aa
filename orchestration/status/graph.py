"""The layers, what each gives, and which of it the others use: from the code, for people and tools."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.text import Text

from orchestration import environments, layers
from orchestration.environments import Environment
from orchestration.layers import LAYERS, Layer
from orchestration.planning.compatibility import Types, gives_of, of_outputs
from orchestration.pulumi import mocked_program
from orchestration.status import drawing
from shared import contracts
from terminal.errors import UserError
from terminal.output import console, print_json, say

TEXT = "text"


@dataclass(frozen=True)
class Node:
    """A layer. `gives` is {field: type}, `reads` the fields that it uses as {layer: {field: type}}."""

    name: str
    owner: str
    depends_on: tuple[str, ...]
    gives: Types
    reads: Mapping[str, Types]


def show(*, file_format: str = TEXT, out: str = "", as_json: bool = False) -> None:
    """Print the graph of this tree's layers, or write it to the file `out`."""
    if as_json and file_format != TEXT:
        raise UserError(f"--json and --format {file_format} are two formats.", "Leave one of them out.")
    if file_format not in FORMATS:
        raise UserError(f"There is no format '{file_format}'.", f"Formats are: {', '.join(FORMATS)}.")
    nodes = nodes_of(environments.find(environments.LOCAL))
    if out:
        _write(
            Path(out), json.dumps(as_data(nodes), indent=2) + "\n" if as_json else FORMATS[file_format](nodes)
        )
    elif as_json:
        print_json(as_data(nodes))
    elif file_format == TEXT:
        console.print(as_text(nodes), end="")
    else:
        console.print(Text(FORMATS[file_format](nodes)), end="")


def nodes_of(environment: Environment, all_layers: Sequence[Layer] = LAYERS) -> list[Node]:
    """The layers in the order of deployment; what they use is known by running them, without AWS."""
    return [
        Node(
            layer.name,
            layer.owner,
            layer.depends_on,
            gives_of(contracts.of(layer.name)),
            _reads(environment, layer),
        )
        for layer in layers.in_order(all_layers)
    ]


def as_data(nodes: Sequence[Node]) -> dict[str, Any]:
    """The graph as JSON has it."""
    return {"layers": [asdict(node) for node in nodes]}


def as_text(nodes: Sequence[Node]) -> Text:
    """Each layer with its owner, the outputs it gives, and who uses each."""
    fields = [(name, words) for node in nodes for name, words in node.gives.items()]
    width = max((len(name) for name, _ in fields), default=0)
    of_type = max((len(words) for _, words in fields), default=0)
    text = Text()
    for node in nodes:
        after = f", reads {', '.join(node.depends_on)}" if node.depends_on else ""
        text.append(node.name, style="bold").append(f"  {node.owner}{after}\n")
        for name, words in node.gives.items():
            users = ", ".join(consumers(nodes, node.name, name))
            text.append(f"  {name:<{width}}", style="cyan")
            text.append(f"  {words:<{of_type}}  -> {users}\n" if users else f"  {words}\n")
    return text


def as_dot(nodes: Sequence[Node]) -> str:
    """The graph in Graphviz's language: an edge is labelled with the fields that flow along it."""
    lines = ["digraph layers {", "  rankdir=LR;", '  node [shape=box, fontname="sans-serif"];']
    lines += [f"  {_quoted(node.name)} [label={_quoted(node.name, node.owner)}];" for node in nodes]
    lines += [
        f"  {_quoted(producer)} -> {_quoted(node.name)} [label={_quoted(*fields)}];"
        for node in nodes
        for producer, fields in node.reads.items()
    ]
    return "\n".join([*lines, "}"]) + "\n"


def as_svg(nodes: Sequence[Node]) -> str:
    """The graph as a picture: a box for each layer with what it reads and gives, from left to right."""
    return drawing.as_svg([_box(node) for node in nodes])


def consumers(nodes: Sequence[Node], producer: str, field: str) -> list[str]:
    """The layers that use a field."""
    return [node.name for node in nodes if field in node.reads.get(producer, {})]


def _reads(environment: Environment, layer: Layer) -> Mapping[str, Types]:
    if not layer.depends_on:
        return {}
    return of_outputs(mocked_program.outputs_of(environment, layer)).reads or {}


def _box(node: Node) -> drawing.Box:
    sections = [drawing.Section(f"from {name}", tuple(used), name) for name, used in node.reads.items()]
    given = tuple(f"{name}: {words}" for name, words in node.gives.items())
    return drawing.Box(node.name, node.owner, (*sections, drawing.Section("gives", given)))


def _quoted(*lines: str) -> str:
    escaped = [line.replace("\\", "\\\\").replace('"', '\\"') for line in lines]
    return '"' + "\\n".join(escaped) + '"'


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(f"{file} cannot be written: {error.strerror}.", "Name another file.") from error
    say(f"Wrote {file}.")


FORMATS: Mapping[str, Callable[[Sequence[Node]], str]] = {
    TEXT: lambda nodes: as_text(nodes).plain,
    "dot": as_dot,
    "svg": as_svg,
}
