"""The source files that a module needs: its own, and those of the modules that it imports.

Imports within functions and for type checkers count. Relative imports and those by `importlib` are not found.
"""

import ast
from collections.abc import Iterator
from pathlib import Path


def find_imported_files(root: Path, module: str) -> set[Path]:
    """The files below `root` that a module needs. Raises SyntaxError."""
    files: dict[str, Path] = {}
    names = {module}
    while names:
        found = {name: file for name in names if (file := _find_file(root, name))}
        files |= found
        names = {name for file in found.values() for name in _find_imports(file)} - files.keys()
    return set(files.values())


def _find_file(root: Path, module: str) -> Path | None:
    path = root.joinpath(*module.split("."))
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)


def _find_imports(file: Path) -> Iterator[str]:
    """The names of modules and of their packages. The name in `from package import name` may be a module."""
    for node in ast.walk(ast.parse(file.read_bytes(), file)):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import | ast.ImportFrom) else []
        prefix = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
        for name in names:
            parts = f"{prefix}{name}".split(".")
            yield from (".".join(parts[:length]) for length in range(1, len(parts) + 1))
