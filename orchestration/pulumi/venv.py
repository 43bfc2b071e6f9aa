"""The Python interpreter for the program of another commit, with the requirements of that commit."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from orchestration.git import shorten_commit
from terminal.errors import UserError
from terminal.output import print_message

REQUIREMENTS = Path("requirements") / "dev.txt"
PIP_OPTIONS = (
    "--quiet",
    "--disable-pip-version-check",
    "--no-deps",
    "--require-hashes",
    "--only-binary",
    ":all:",
)


def prepare_interpreter(root: Path, tree: Path, commit: str, scratch: Path) -> Path:
    """Return a Python that has the requirements of `tree`.

    It is this Python if the clone at `root` has the same requirements, else that of a virtual environment in
    `scratch`. Raises UserError if the requirements cannot be installed.
    """
    requirements = tree / REQUIREMENTS
    if not requirements.exists() or _read_pins(requirements) == _read_pins(root / REQUIREMENTS):
        return Path(sys.executable)
    print_message(
        f"Commit {shorten_commit(commit)} has different requirements. Installing them takes about a minute."
    )
    folder = scratch / "venv"
    python = folder / "bin" / "python"
    _run_command([sys.executable, "-m", "venv", str(folder)], commit)
    _run_command(
        [str(python), "-m", "pip", "install", *PIP_OPTIONS, "--requirement", str(requirements)], commit
    )
    return python


def find_pinned_version(package: str, tree: Path) -> str | None:
    """Return the version of a package in the tree's requirements, if any."""
    path = tree / REQUIREMENTS
    pins = _read_pins(path) if path.exists() else []
    versions = [pin.split("==")[1].split()[0] for pin in pins if pin.startswith(f"{package}==")]
    return versions[0] if versions else None


def _read_pins(path: Path) -> list[str]:
    """Return the lines without comments: pip-compile lists the dependents of a requirement in comments."""
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def _run_command(command: Sequence[str], commit: str) -> None:
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        process_group=0,
    )
    try:
        _, errors = process.communicate()
    except BaseException:
        # Its child processes would write into the scratch folder, which is about to be removed.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise
    if process.returncode:
        lines = errors.decode(errors="replace").strip().splitlines() or ["no output"]
        raise UserError(
            f"The requirements of commit {shorten_commit(commit)} cannot be installed: {lines[-1]}",
            "Nothing was changed. Check the connection to the package index.",
        )
