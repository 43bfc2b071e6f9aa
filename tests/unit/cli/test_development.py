from pathlib import Path

import pytest

from cli.development import resolve_test_path


def test_path_is_in_the_current_folder_or_in_the_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "test_here.py").touch()
    assert resolve_test_path("test_here.py::test_it") == f"{tmp_path}/test_here.py::test_it"
    assert resolve_test_path("tests/unit/cli") == "tests/unit/cli"
