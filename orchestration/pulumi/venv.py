"""The interpreter that another commit's program runs on: this one, or one with that commit's requirements."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from orchestration.git import short
from terminal.errors import UserError
from terminal.output import say

REQUIREMENTS = Path("requirements") / "dev.txt"
FLAGS = ("--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes", "--only-binary", ":all:")


def interpreter(root: Path, tree: Path, commit: str, scratch: Path) -> Path:
    """A Python with the requirements of `tree`, in `scratch` if they are not those of the clone at `root`.

    Raises UserError where they cannot be installed.
    """
    wanted = tree / REQUIREMENTS
    if not wanted.exists() or _pins(wanted) == _pins(root / REQUIREMENTS):
        return Path(sys.executable)
    say(f"{short(commit)} has other requirements: installing them beside (about a minute) …")
    folder = scratch / "venv"
    python = folder / "bin" / "python"
    _run([sys.executable, "-m", "venv", str(folder)], commit)
    _run([str(python), "-m", "pip", "install", *FLAGS, "--requirement", str(wanted)], commit)
    return python


def version_of(package: str, tree: Path) -> str | None:
    """The version of a package that the tree's requirements pin; None if they do not."""
    path = tree / REQUIREMENTS
    pins = _pins(path) if path.exists() else []
    found = [pin.split("==")[1].split()[0] for pin in pins if pin.startswith(f"{package}==")]
    return found[0] if found else None


def _pins(path: Path) -> list[str]:
    """The requirements, without the comments that say who wants them."""
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def _run(command: Sequence[str], commit: str) -> None:
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
        # With all that it started, which would write into a folder that is about to go.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise
    if process.returncode:
        words = errors.decode(errors="replace").strip().splitlines() or ["pip said nothing"]
        raise UserError(
            f"The requirements of {short(commit)} cannot be installed: {words[-1]}",
            "Nothing was changed. Is a package index within reach?",
        )
