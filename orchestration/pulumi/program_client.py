"""The program of another tree, served by a process of its own to an engine that is driven from here."""

import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from orchestration.layers import Layer
from orchestration.pulumi.command import ControlledCommand
from orchestration.pulumi.program import Program
from terminal.errors import UserError

SCRIPT = Path(__file__).with_name("program_server.py")
END_SECONDS = 10
CLIENT = "--client="


@dataclass(frozen=True)
class Host:
    """A program that is served at `address`; `failure` is the file that says what it failed with."""

    address: str
    failure: Path


@contextmanager
def hosted(
    layer: Layer, root: Path, *, python: Path, scratch: Path, variables: Mapping[str, str] = os.environ
) -> Iterator[Host]:
    """The layer's program of the tree at `root`, run by the interpreter `python`, while the context lasts.

    Raises UserError with the host's last words if it does not start.
    """
    failure, log = scratch / "failure", scratch / "host.log"
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [str(python), "-P", str(SCRIPT), str(root), layer.name, str(failure)],
            cwd=root,
            env={**variables, "PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            # Ctrl-C is for the task, which lets the engine finish first.
            process_group=0,
        )
    try:
        assert process.stdout is not None  # noqa: S101 - a pipe was asked for
        port = process.stdout.readline().decode().strip()
        if not port:
            words = log.read_text(errors="replace").strip().splitlines() or ["it said nothing"]
            raise UserError(f"{layer.name}: the program of that commit cannot be run: {words[-1]}")
        yield Host(f"127.0.0.1:{port}", failure)
    finally:
        _end(process)


class HostedCommand(ControlledCommand):
    """The CLI, that takes its program from a host instead of from this process."""

    def __init__(self, path: Path, version: str, environment: Mapping[str, str], host: Host) -> None:
        super().__init__(path, version, environment)
        self._host = host

    def arguments(self, args: Sequence[str]) -> Sequence[str]:
        """With the host for the client."""
        return [f"{CLIENT}{self._host.address}" if one.startswith(CLIENT) else one for one in args]


class HostedProgram(Program):
    """Stands for a program that runs elsewhere, and knows what it failed with."""

    def __init__(self, folder: Path, host: Host) -> None:
        super().__init__(folder)
        self._host = host

    def explanation(self) -> str:
        """What it failed with and in which line of its tree, on one line; empty if it did not."""
        return self._host.failure.read_text() if self._host.failure.exists() else ""


def _end(process: "subprocess.Popen[bytes]") -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe:
            pipe.close()
    try:
        process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
