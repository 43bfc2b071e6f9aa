"""The plugin as the engine finds it."""

import os
import subprocess
from importlib.metadata import version
from pathlib import Path

from local.plugin.install import install, install_language_host


def installed(home: Path) -> Path:
    return home / "plugins" / f"resource-aws-v{version('pulumi-aws')}" / "pulumi-resource-aws"


def test_plugin_is_installed_under_the_sdks_version(tmp_path: Path) -> None:
    install(tmp_path)
    assert os.access(installed(tmp_path), os.X_OK)


def test_installing_again_leaves_what_is_there(tmp_path: Path) -> None:
    install(tmp_path)
    before = installed(tmp_path).stat().st_ino
    install(tmp_path)
    assert installed(tmp_path).stat().st_ino == before
    assert [path.name for path in installed(tmp_path).parent.iterdir()] == ["pulumi-resource-aws"]


def test_changed_or_broken_plugin_is_put_right(tmp_path: Path) -> None:
    install(tmp_path)
    installed(tmp_path).write_text("#!/bin/sh\n")
    installed(tmp_path).chmod(0o600)
    install(tmp_path)
    assert "local.plugin" in installed(tmp_path).read_text()
    assert os.access(installed(tmp_path), os.X_OK)


def test_plugin_serves_from_any_folder_and_ends_with_who_started_it(tmp_path: Path) -> None:
    install(tmp_path)
    # In a folder with a `local` of its own, to see that it is not taken instead.
    (tmp_path / "local").mkdir()
    (tmp_path / "local" / "__init__.py").write_text("raise SystemExit('the wrong one')")
    starter = ["sh", "-c", '"$0" 127.0.0.1:1 & wait', installed(tmp_path)]
    with subprocess.Popen(starter, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert int(process.stdout.readline()) > 0
        process.kill()
        # The plugin holds the pipe open as long as it lives.
        assert process.communicate(timeout=10) == ("", None)


def test_a_language_host_from_elsewhere_is_run_with_its_arguments(tmp_path: Path) -> None:
    host = tmp_path / "a folder" / "pulumi-language-python"
    host.parent.mkdir()
    host.write_text('#!/bin/sh\necho "$0" "$@"\n')
    host.chmod(0o755)
    install_language_host(tmp_path / "home", host)
    [plugin] = (tmp_path / "home" / "plugins").glob("language-python-v*/pulumi-language-python")
    done = subprocess.run([plugin, "127.0.0.1:1"], capture_output=True, text=True, check=True)
    assert done.stdout == f"{host} 127.0.0.1:1\n"
