"""Installation of the plugin and the language host in a PULUMI_HOME."""

import os
import subprocess
from importlib.metadata import version
from pathlib import Path

from local.plugin.install import install_language_host, install_provider


def plugin_path(home: Path) -> Path:
    return home / "plugins" / f"resource-aws-v{version('pulumi-aws')}" / "pulumi-resource-aws"


def test_plugin_is_installed_with_the_version_of_the_sdk(tmp_path: Path) -> None:
    install_provider(tmp_path)
    assert os.access(plugin_path(tmp_path), os.X_OK)


def test_second_installation_changes_nothing(tmp_path: Path) -> None:
    install_provider(tmp_path)
    before = plugin_path(tmp_path).stat().st_ino
    install_provider(tmp_path)
    assert plugin_path(tmp_path).stat().st_ino == before
    assert [path.name for path in plugin_path(tmp_path).parent.iterdir()] == ["pulumi-resource-aws"]


def test_changed_plugin_is_installed_again(tmp_path: Path) -> None:
    install_provider(tmp_path)
    plugin_path(tmp_path).write_text("#!/bin/sh\n")
    plugin_path(tmp_path).chmod(0o600)
    install_provider(tmp_path)
    assert "local.plugin" in plugin_path(tmp_path).read_text()
    assert os.access(plugin_path(tmp_path), os.X_OK)


def test_plugin_runs_in_any_folder_and_ends_with_its_parent(tmp_path: Path) -> None:
    install_provider(tmp_path)
    # A folder `local` in the working directory must not be imported.
    (tmp_path / "local").mkdir()
    (tmp_path / "local" / "__init__.py").write_text("raise SystemExit('the wrong one')")
    starter = ["sh", "-c", '"$0" 127.0.0.1:1 & wait', plugin_path(tmp_path)]
    with subprocess.Popen(starter, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert int(process.stdout.readline()) > 0
        process.kill()
        # The pipe is open while the plugin runs.
        assert process.communicate(timeout=10) == ("", None)


def test_language_host_of_another_folder_runs_with_its_arguments(tmp_path: Path) -> None:
    host = tmp_path / "a folder" / "pulumi-language-python"
    host.parent.mkdir()
    host.write_text('#!/bin/sh\necho "$0" "$@"\n')
    host.chmod(0o755)
    install_language_host(tmp_path / "home", host)
    [plugin] = (tmp_path / "home" / "plugins").glob("language-python-v*/pulumi-language-python")
    result = subprocess.run([plugin, "127.0.0.1:1"], capture_output=True, text=True, check=True)
    assert result.stdout == f"{host} 127.0.0.1:1\n"
