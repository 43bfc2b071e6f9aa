"""Puts plugins into a PULUMI_HOME: this one as the `aws` provider, and a language host from elsewhere."""

import os
import shlex
import sys
from importlib.metadata import version
from pathlib import Path
from tempfile import NamedTemporaryFile

_ROOT = Path(__file__).resolve().parents[2]


def install(pulumi_home: Path, aws_version: str = "") -> None:
    """Write `plugins/resource-aws-v<version>/pulumi-resource-aws`; does nothing when it is there already.

    The version is that of a program's `pulumi_aws`, by default of the one that is installed here.
    The file is moved into place whole, so that no run, side by side or broken off, leaves half of it.
    """
    folder = pulumi_home / "plugins" / f"resource-aws-v{aws_version or version('pulumi-aws')}"
    folder.mkdir(parents=True, exist_ok=True)
    # -P: a folder called `local` where the engine runs must not stand in for this one.
    command = f"exec {shlex.quote(sys.executable)} -P -m local.plugin"
    script = f'#!/bin/sh\nPYTHONPATH={shlex.quote(str(_ROOT))} {command} "$@"\n'
    _write(folder / "pulumi-resource-aws", script, mode=0o755)


def install_language_host(pulumi_home: Path, host: Path) -> None:
    """Write `plugins/language-python-v0.0.0/pulumi-language-python`, which runs `host`.

    For a host that is on PATH but not beside the CLI: PULUMI_IGNORE_AMBIENT_PLUGINS hides it otherwise.
    """
    folder = pulumi_home / "plugins" / "language-python-v0.0.0"
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / host.name, f'#!/bin/sh\nexec {shlex.quote(str(host))} "$@"\n', mode=0o755)


def _write(path: Path, content: str, *, mode: int) -> None:
    if path.is_file() and path.read_text() == content and os.access(path, os.X_OK):
        return
    with NamedTemporaryFile("w", dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        file.write(content)
    Path(file.name).chmod(mode)
    Path(file.name).replace(path)
