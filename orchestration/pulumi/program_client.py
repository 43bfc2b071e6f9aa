"""Client of `program_server.py`: an engine in this process uses the program of another tree."""

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

SERVER_SCRIPT = Path(__file__).with_name("program_server.py")
STOP_TIMEOUT_SECONDS = 10
CLIENT_OPTION = "--client="


@dataclass(frozen=True)
class ProgramServer:
    """A running server. The program's exception and its traceback are in the file `failure`."""

    address: str
    failure: Path


@contextmanager
def serve_program(
    layer: Layer, root: Path, *, python: Path, scratch: Path, variables: Mapping[str, str] = os.environ
) -> Iterator[ProgramServer]:
    """Serve the layer's program of the tree at `root` with the interpreter `python`.

    Raises UserError if the server does not start.
    """
    failure, log = scratch / "failure", scratch / "host.log"
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [str(python), "-P", str(SERVER_SCRIPT), str(root), layer.name, str(failure)],
            cwd=root,
            env={**variables, "PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            # Ctrl-C must reach only the task, which lets the engine finish first.
            process_group=0,
        )
    try:
        assert process.stdout is not None  # noqa: S101 - stdout is a pipe
        port = process.stdout.readline().decode().strip()
        if not port:
            lines = log.read_text(errors="replace").strip().splitlines() or ["no output"]
            raise UserError(
                f"{layer.name}: the program of the earlier commit does not start: {lines[-1]}",
                "Check that the commit's program runs in a clone of that commit.",
            )
        yield ProgramServer(f"127.0.0.1:{port}", failure)
    finally:
        _stop_server(process)


class ServedProgramCommand(ControlledCommand):
    """The CLI with the program of a server instead of the program of this process."""

    def __init__(
        self, path: Path, version: str, environment: Mapping[str, str], server: ProgramServer
    ) -> None:
        super().__init__(path, version, environment)
        self._server = server

    def arguments(self, args: Sequence[str]) -> Sequence[str]:
        """Return the arguments with the address of the server."""
        client = f"{CLIENT_OPTION}{self._server.address}"
        return [client if argument.startswith(CLIENT_OPTION) else argument for argument in args]


class ServedProgram(Program):
    """Represents the program of a server in this process."""

    def __init__(self, folder: Path, server: ProgramServer) -> None:
        super().__init__(folder)
        self._server = server

    def describe_error(self) -> str:
        """Return `file:line: type: message` of the exception, on one line; empty if there is none."""
        return self._read_failure()[0]

    def format_traceback(self) -> str:
        """Return the traceback of the exception; empty if there is none."""
        return self._read_failure()[1]

    def _read_failure(self) -> tuple[str, str]:
        failure = self._server.failure
        summary, _, details = failure.read_text().partition("\n") if failure.exists() else ("", "", "")
        return summary, details


def _stop_server(process: "subprocess.Popen[bytes]") -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe:
            pipe.close()
    try:
        process.wait(STOP_TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
