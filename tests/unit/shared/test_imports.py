"""The files that a module needs, in a small tree of packages."""

from pathlib import Path

import pytest

from shared.imports import find_imported_files


def find(root: Path, files: dict[str, str]) -> set[str]:
    for name, text in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return {path.relative_to(root).as_posix() for path in find_imported_files(root, "a.main")}


@pytest.mark.parametrize(
    "code",
    [
        "import b.x",
        "import b.x as y, json",
        "from b.x import y",
        "from b import x",
        "from b import (\n    x as y,\n)",
        "def f():\n    from b import x",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from b import x",
        "import c",
    ],
)
def test_every_form_of_import_is_found(tmp_path: Path, code: str) -> None:
    others = {"b/x.py": "import a.main", "b/unused.py": "", "c.py": "import b.x"}
    found = find(tmp_path, {"a/main.py": code, "a/unused.py": "", **others})
    assert found - {"c.py"} == {"a/main.py", "b/x.py"}


def test_files_of_packages_are_found(tmp_path: Path) -> None:
    files = {"a/main.py": "import b.c.x", "b/__init__.py": "import d", "b/c/x.py": "", "d/__init__.py": ""}
    assert find(tmp_path, files) == set(files)


def test_invalid_source_names_its_file(tmp_path: Path) -> None:
    with pytest.raises(SyntaxError) as caught:
        find(tmp_path, {"a/main.py": "import b", "b.py": "\n1 +"})
    assert str(caught.value.filename).endswith("b.py")
