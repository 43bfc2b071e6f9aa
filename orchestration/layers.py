"""The list of layers and their order: the only place that names them for every task."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter

from orchestration.errors import UserError
from shared.projects import DATA, EDGE, FOUNDATION, PROCESSING


@dataclass(frozen=True)
class Layer:
    """One Pulumi project in `stacks/<name>`, and the layers whose outputs it reads."""

    name: str
    project: str
    depends_on: tuple[str, ...] = ()


LAYERS = (
    Layer(FOUNDATION.layer, FOUNDATION.name),
    Layer(DATA.layer, DATA.name, (FOUNDATION.layer,)),
    Layer(PROCESSING.layer, PROCESSING.name, (FOUNDATION.layer, DATA.layer)),
    Layer(EDGE.layer, EDGE.name, (FOUNDATION.layer, DATA.layer)),
)


def find(name: str, layers: Sequence[Layer] = LAYERS) -> Layer:
    """The layer of that name; a `UserError` that lists the right ones if there is none."""
    for layer in layers:
        if layer.name == name:
            return layer
    raise UserError(
        f"There is no layer '{name}'.", f"Layers are: {', '.join(layer.name for layer in layers)}."
    )


def select(names: Iterable[str], layers: Sequence[Layer] = LAYERS) -> tuple[Layer, ...]:
    """The named layers (all, if none is named), each after the layers it depends on."""
    wanted = {find(name, layers).name for name in names} or {layer.name for layer in layers}
    return tuple(layer for layer in in_order(layers) if layer.name in wanted)


def in_order(layers: Sequence[Layer]) -> tuple[Layer, ...]:
    """The layers sorted so that each comes after those it depends on; `ValueError` on a cycle."""
    by_name = {layer.name: layer for layer in layers}
    sorter = TopologicalSorter({layer.name: layer.depends_on for layer in layers})
    return tuple(by_name[name] for name in sorter.static_order())


def dependants(layer: Layer, layers: Sequence[Layer] = LAYERS) -> tuple[Layer, ...]:
    """The layers that read `layer`'s outputs directly."""
    return tuple(other for other in layers if layer.name in other.depends_on)
