"""Tools in the user's cache: virtual environments and Go programs, in the versions that `tools/` pins."""

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock
from platformdirs import user_cache_path

from orchestration.environments import ROOT
from orchestration.go_toolchain import UnavailableError, open_go
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
    python = Path("bin", "python")
    with _open_tool_folder(name, size, requirements) as (folder, is_complete):
        if not is_complete:
            (install or _install_requirements)(requirements, folder, folder / python)
    return folder / python


def build_go_tool(name: str, package: str, size: str) -> Path:
    """Build a package of the Go module `tools/<name>` if the pinned modules changed. Returns the program.

    `size` describes the build to the user. Raises UserError.
    """
    module = ROOT / "tools" / name
    with _open_tool_folder(name, size, module / "go.sum") as (folder, is_complete):
        if not is_complete:
            try:
                with open_go(module, folder / "go") as go:
                    go.build(module, package, folder / name)
            except UnavailableError as error:
                hint = "Check the connection to Go's module proxy, and try again."
                raise UserError(f"{name} cannot be built: {error}", hint) from error
    return folder / name


@contextmanager
def _open_tool_folder(name: str, size: str, pins: Path) -> Iterator[tuple[Path, bool]]:
    """Yield the folder of a tool, and whether the tool is already in it. Only one process installs it."""
    key = hashlib.sha256(pins.read_bytes() + sys.version.encode()).hexdigest()[:16]
    folder = user_cache_path("fraud-pipeline", ensure_exists=True) / name / key
    folder.parent.mkdir(exist_ok=True)
    complete = folder / "complete"
    with FileLock(f"{folder}.lock", timeout=INSTALL_SECONDS):
        if complete.exists():
            yield folder, True
            return
        print_message(f"Installing {name} into {folder} ({size}, once) …")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        yield folder, False
        # Written last, so that an interrupted installation is repeated.
        complete.touch()


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
