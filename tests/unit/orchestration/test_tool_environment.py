"""Environments of tools in the cache; the installation itself is a fake, which downloads nothing."""

from pathlib import Path

import pytest

from orchestration import tool_environment
from orchestration.tool_environment import install_tool
from terminal.errors import UserError


class FakeInstaller:
    """Fails in the first `failures` installations."""

    def __init__(self, failures: int = 0) -> None:
        self.installed: list[str] = []
        self._failures = failures

    def install(self, requirements: Path, folder: Path, python: Path) -> None:
        python.parent.mkdir(parents=True)
        if self._failures:
            self._failures -= 1
            raise UserError("hammer cannot be installed.")
        self.installed.append(requirements.read_text())


@pytest.fixture
def requirements(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "tools" / "hammer" / "requirements.txt"
    path.parent.mkdir(parents=True)
    path.write_text("hammer==1")
    monkeypatch.setattr(tool_environment, "ROOT", tmp_path)
    monkeypatch.setattr(tool_environment, "user_cache_path", lambda *_, **__: tmp_path / "cache")
    (tmp_path / "cache").mkdir()
    return path


def test_environment_is_installed_once_with_one_message(
    requirements: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    installer = FakeInstaller()
    python = install_tool("hammer", "1 MB", installer.install)
    assert "hammer" in capsys.readouterr().err
    assert install_tool("hammer", "1 MB", installer.install) == python
    assert capsys.readouterr().err == ""
    assert installer.installed == ["hammer==1"]


def test_changed_requirements_have_another_environment(requirements: Path) -> None:
    installer = FakeInstaller()
    first = install_tool("hammer", "1 MB", installer.install)
    requirements.write_text("hammer==2")
    assert install_tool("hammer", "1 MB", installer.install) != first
    assert installer.installed == ["hammer==1", "hammer==2"]


def test_failed_installation_is_repeated(requirements: Path) -> None:
    installer = FakeInstaller(failures=1)
    with pytest.raises(UserError):
        install_tool("hammer", "1 MB", installer.install)
    install_tool("hammer", "1 MB", installer.install)
    assert installer.installed == ["hammer==1"]
