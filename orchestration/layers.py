"""The layers as the tasks know them, and their order. The list itself is shared/projects.py's."""

import importlib
import importlib.util
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path

from shared.projects import PROJECTS, Project
from shared.settings import Settings
from terminal.errors import UserError


@dataclass(frozen=True)
class Layer:
    """A Pulumi project in `stacks/<name>`, the layers whose outputs it reads, the functions it packages."""

    name: str
    project: str
    depends_on: tuple[str, ...] = ()
    owner: str = ""
    functions: tuple[str, ...] = ()

    @classmethod
    def of(cls, project: Project) -> "Layer":
        """The layer of a project of the list."""
        return cls(project.layer, project.name, project.depends_on, project.owner, project.functions)


LAYERS = tuple(map(Layer.of, PROJECTS))


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


def in_words(layers: Iterable[Layer]) -> str:
    """The layers' names, for a sentence."""
    return ", ".join(layer.name for layer in layers)


def dependants(layer: Layer, layers: Sequence[Layer] = LAYERS) -> tuple[Layer, ...]:
    """The layers that read `layer`'s outputs directly."""
    return tuple(other for other in layers if layer.name in other.depends_on)


def settings_model(layer: Layer) -> type[Settings]:
    """The class of the layer's settings, from `stacks/<layer>/settings.py`."""
    module = importlib.import_module(f"stacks.{layer.name}.settings")
    [model] = [
        found
        for found in vars(module).values()
        if isinstance(found, type) and issubclass(found, Settings) and found is not Settings
    ]
    return model


def check_layer_files(layer: Layer, settings: Settings, folder: Path) -> None:
    """Check the files in the layer's `folder` that its settings name, such as rules or a model.

    `read_files` in `stacks/<layer>/files.py` reads them; a layer without that module has no such files.
    Raises ValueError, which names the file.
    """
    name = f"stacks.{layer.name}.files"
    if importlib.util.find_spec(name):
        importlib.import_module(name).read_files(settings, folder)
