"""Virtual environments of tools in the user's cache, with the packages of `tools/<name>/requirements.txt`."""

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock
from platformdirs import user_cache_path

from orchestration.environments import ROOT
from terminal.errors import UserError
from terminal.output import print_message

INSTALL_SECONDS = 600


Install = Callable[[Path, Path, Path], None]
"""Creates the environment of a requirements file in a folder; the last path is its Python."""


def install_tool(name: str, size: str, install: Install | None = None) -> Path:
    """Install a tool's environment if the pinned requirements changed. Returns its Python.

    `size` describes the installation to the user. Raises UserError.
    """
    requirements = ROOT / "tools" / name / "requirements.txt"
    key = hashlib.sha256(requirements.read_bytes() + sys.version.encode()).hexdigest()[:16]
    folder = user_cache_path("fraud-pipeline", ensure_exists=True) / name / key
    folder.parent.mkdir(exist_ok=True)
    python, complete = folder / "bin" / "python", folder / "complete"
    with FileLock(f"{folder}.lock", timeout=INSTALL_SECONDS):
        if not complete.exists():
            print_message(f"Installing {name} into {folder} ({size}, once) …")
            shutil.rmtree(folder, ignore_errors=True)
            (install or _install_requirements)(requirements, folder, python)
            # Written last, so that an interrupted installation is repeated.
            complete.touch()
    return python


def _install_requirements(requirements: Path, folder: Path, python: Path) -> None:
    # Compilation of all modules takes longer than compilation on first use.
    commands: tuple[list[str | Path], ...] = (
        [sys.executable, "-m", "venv", "--without-pip", folder],
        [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--disable-pip-version-check",
         "--no-compile", "--no-deps", "--require-hashes", "--only-binary", ":all:", "-r", requirements],
    )  # fmt: skip
    for command in commands:
        completed = subprocess.run(
            command, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False
        )
        if completed.returncode:
            lines = completed.stderr.strip().splitlines() or ["no output"]
            raise UserError(
                f"{requirements.parent.name} cannot be installed: {lines[-1]}",
                "Check the connection to the package index, and try again.",
                "\n".join(lines),
            )
