"""A layer's modules can be imported as Pulumi's language host imports them.

The language host puts the layer's folder first on `sys.path`: a module there hides others of the same name.
"""

import ast
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from orchestration.environments import ROOT
from shared.projects import PROJECTS

LAYERS = [project.layer for project in PROJECTS]


def modules(layer: str) -> dict[str, Path]:
    """The files of a layer's modules, by their names."""
    return {path.stem: path for path in (ROOT / "stacks" / layer).glob("*.py")}


def importable() -> set[str]:
    """The names that `import` finds without the layer's folder."""
    own = {path.stem for path in ROOT.iterdir() if path.suffix == ".py" or path.is_dir()}
    return own | set(sys.stdlib_module_names) | set(packages_distributions())


def imports(file: Path, layer: str) -> Iterator[str]:
    """The modules of the same layer that a file imports, for type checkers only or not."""
    prefix = f"stacks.{layer}."
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith(prefix):
            yield node.module.removeprefix(prefix)
        elif isinstance(node, ast.ImportFrom) and f"{node.module}." == prefix:
            yield from (alias.name for alias in node.names)


@pytest.mark.parametrize("layer", LAYERS)
def test_no_module_of_a_layer_hides_another_module(layer: str) -> None:
    assert (modules(layer).keys() - {"__main__"}) & importable() == set()


@pytest.mark.parametrize("layer", LAYERS)
def test_imports_among_the_modules_of_a_layer_have_no_cycle(layer: str) -> None:
    graph = {name: set(imports(file, layer)) for name, file in modules(layer).items()}
    assert any(graph.values())
    TopologicalSorter(graph).prepare()
