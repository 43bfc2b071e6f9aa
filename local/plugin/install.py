"""Installation of plugins in a PULUMI_HOME: this `aws` provider, and a Python language host."""

import os
import shlex
import sys
from importlib.metadata import version
from pathlib import Path

from shared.atomic_write import write_atomically

_ROOT = Path(__file__).resolve().parents[2]


def install_provider(pulumi_home: Path, aws_version: str = "") -> None:
    """Write `plugins/resource-aws-v<version>/pulumi-resource-aws` unless it is already installed.

    `aws_version` is the version of the program's `pulumi_aws`; by default the installed version.
    """
    folder = pulumi_home / "plugins" / f"resource-aws-v{aws_version or version('pulumi-aws')}"
    folder.mkdir(parents=True, exist_ok=True)
    # -P: the engine's working directory may contain another folder `local`.
    command = f"exec {shlex.quote(sys.executable)} -P -m local.plugin.server"
    script = f'#!/bin/sh\nPYTHONPATH={shlex.quote(str(_ROOT))} {command} "$@"\n'
    _write_script(folder / "pulumi-resource-aws", script)


def install_language_host(pulumi_home: Path, host: Path) -> None:
    """Write `plugins/language-python-v0.0.0/pulumi-language-python`, which runs `host`.

    PULUMI_IGNORE_AMBIENT_PLUGINS hides a host that is on PATH but not in the folder of the CLI.
    """
    folder = pulumi_home / "plugins" / "language-python-v0.0.0"
    folder.mkdir(parents=True, exist_ok=True)
    _write_script(folder / host.name, f'#!/bin/sh\nexec {shlex.quote(str(host))} "$@"\n')


def _write_script(path: Path, content: str) -> None:
    if path.is_file() and path.read_text() == content and os.access(path, os.X_OK):
        return
    write_atomically(path, content, mode=0o755)
