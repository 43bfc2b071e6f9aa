"""Imports of a layer's modules by Pulumi's language host.

The language host puts the layer's folder first on `sys.path`, so a module there hides others with its name.
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


def find_modules(layer: str) -> dict[str, Path]:
    """The modules in a layer's folder by name."""
    return {path.stem: path for path in (ROOT / "stacks" / layer).glob("*.py")}


def find_importable_names() -> set[str]:
    """The top-level modules that `import` finds without the layer's folder."""
    top_level = {path.stem for path in ROOT.iterdir() if path.suffix == ".py" or path.is_dir()}
    return top_level | set(sys.stdlib_module_names) | set(packages_distributions())


def find_imports(file: Path, layer: str) -> Iterator[str]:
    """The modules of the same layer that a file imports, including imports for type checkers."""
    prefix = f"stacks.{layer}."
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith(prefix):
            yield node.module.removeprefix(prefix)
        elif isinstance(node, ast.ImportFrom) and f"{node.module}." == prefix:
            yield from (alias.name for alias in node.names)


@pytest.mark.parametrize("layer", LAYERS)
def test_no_module_of_a_layer_hides_another_module(layer: str) -> None:
    assert (find_modules(layer).keys() - {"__main__"}) & find_importable_names() == set()


@pytest.mark.parametrize("layer", LAYERS)
def test_imports_among_the_modules_of_a_layer_have_no_cycle(layer: str) -> None:
    graph = {name: set(find_imports(file, layer)) for name, file in find_modules(layer).items()}
    assert any(graph.values())
    TopologicalSorter(graph).prepare()
