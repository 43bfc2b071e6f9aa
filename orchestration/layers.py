"""The layers, their order and their settings. `shared/projects.py` defines the list."""

import importlib
import importlib.util
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path
from types import ModuleType

from shared.projects import PROJECTS, Project
from shared.settings import Settings
from terminal.errors import UserError


@dataclass(frozen=True)
class Layer:
    """The Pulumi project in `stacks/<name>`.

    `depends_on` are the upstream layers whose outputs it reads, `functions` the functions that it packages.
    """

    name: str
    project: str
    depends_on: tuple[str, ...] = ()
    owner: str = ""
    functions: tuple[str, ...] = ()

    @classmethod
    def from_project(cls, project: Project) -> "Layer":
        return cls(project.layer, project.name, project.depends_on, project.owner, project.functions)


class IncompleteLayerError(UserError):
    """A layer is in the list, but one of its required files does not exist."""

    def __init__(self, layer: Layer, file: str) -> None:
        super().__init__(
            f"Layer {layer.name}: {file} does not exist.",
            f"Write the file, or remove {layer.name} from shared/projects.py.",
        )
        self.layer = layer
        self.file = file


LAYERS = tuple(map(Layer.from_project, PROJECTS))


def find_layer(name: str, layers: Sequence[Layer] = LAYERS) -> Layer:
    """Return the layer with that name. Raises UserError, which lists the layers."""
    for layer in layers:
        if layer.name == name:
            return layer
    raise UserError(f"Layer '{name}' does not exist.", f"Use one of: {join_layer_names(layers)}.")


def select_layers(names: Iterable[str], layers: Sequence[Layer] = LAYERS) -> tuple[Layer, ...]:
    """Return the named layers, or all if `names` is empty, each after its upstream layers."""
    selected = {find_layer(name, layers).name for name in names} or {layer.name for layer in layers}
    return tuple(layer for layer in sort_layers(layers) if layer.name in selected)


def sort_layers(layers: Sequence[Layer]) -> tuple[Layer, ...]:
    """Sort the layers so that each is after its upstream layers. Raises ValueError for a cycle."""
    by_name = {layer.name: layer for layer in layers}
    sorter = TopologicalSorter({layer.name: layer.depends_on for layer in layers})
    return tuple(by_name[name] for name in sorter.static_order())


def join_layer_names(layers: Iterable[Layer]) -> str:
    return ", ".join(layer.name for layer in layers)


def find_dependents(layer: Layer, layers: Sequence[Layer] = LAYERS) -> tuple[Layer, ...]:
    """Return the layers that read the outputs of `layer` directly."""
    return tuple(candidate for candidate in layers if layer.name in candidate.depends_on)


def find_layer_module(layer: Layer, name: str) -> ModuleType | None:
    """Import `stacks/<layer>/<name>.py`; None if it does not exist."""
    module = f"stacks.{layer.name}.{name}"
    try:
        spec = importlib.util.find_spec(module)
    except ModuleNotFoundError:
        # The layer has no folder.
        return None
    return importlib.import_module(module) if spec else None


def load_settings_model(layer: Layer) -> type[Settings]:
    """Import the class of the layer's settings from `stacks/<layer>/settings.py`.

    Raises IncompleteLayerError if the module does not exist, and UserError if it does not define exactly one
    class of settings.
    """
    file = f"stacks/{layer.name}/settings.py"
    module = find_layer_module(layer, "settings")
    if module is None:
        raise IncompleteLayerError(layer, file)
    models = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Settings) and value is not Settings
    ]
    if len(models) != 1:
        raise UserError(
            f"Layer {layer.name}: {file} defines {len(models)} subclasses of Settings.",
            "Define exactly one.",
        )
    return models[0]


def check_layer_files(layer: Layer, settings: Settings, folder: Path) -> list[str]:
    """Validate the files in the layer's `folder` that its settings name, such as rules or a model.

    Returns notes about them. `read_files` and `describe_files` in `stacks/<layer>/files.py` read them. A
    layer without that module has no such files. Raises ValueError, which names the file.
    """
    module = find_layer_module(layer, "files")
    if module is None:
        return []
    module.read_files(settings, folder)
    notes: list[str] = module.describe_files(settings, folder)
    return notes
