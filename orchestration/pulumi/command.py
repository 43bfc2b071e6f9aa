"""The Pulumi CLI as a command that does not receive Ctrl-C from the terminal and can be interrupted once.

The terminal sends Ctrl-C to every process of its group. A second one makes the CLI exit immediately, which
leaves the stack locked. Each CLI therefore runs in a process group of its own, and `interrupt` signals it.
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from pulumi.automation import CommandResult, OnOutput, PulumiCommand
from pulumi.automation.errors import create_command_error
from semver import VersionInfo


class InterruptedCliError(Exception):
    """The CLI was not started, because `interrupt` was called before."""


class ControlledCommand(PulumiCommand):
    """The CLI at a known path.

    Its processes inherit only `environment`, and the variables that a caller adds to a run.
    """

    def __init__(self, path: Path, version: str, environment: Mapping[str, str]) -> None:
        # The parent's constructor runs the CLI to determine its version, which takes a fifth of a second.
        self.command = str(path)
        self.version = VersionInfo.parse(version)
        self._environment = environment
        self._running: set[subprocess.Popen[bytes]] = set()
        # Reentrant: the handler of a second signal can run inside the handler of the first.
        self._guard = threading.RLock()
        self._interrupted = False

    def run(
        self,
        args: list[str],
        cwd: str,
        additional_env: Mapping[str, str],
        on_output: OnOutput | None = None,
        on_error: OnOutput | None = None,
    ) -> CommandResult:
        """Run the CLI. Unlike the parent's method, it passes on the output only after the CLI exits.

        Raises `InterruptedCliError` after a call of `interrupt`.
        """
        with TemporaryFile("w+", encoding="utf-8") as output, TemporaryFile("w+", encoding="utf-8") as errors:
            command = [self.command, "--non-interactive", *self.arguments(args)]
            code = self._run_process(command, cwd, additional_env, output, errors)
            result = CommandResult(_read_output(output, on_output), _read_output(errors, on_error), code)
        if code != 0:
            raise create_command_error(result)
        return result

    def arguments(self, args: Sequence[str]) -> Sequence[str]:
        """Return the arguments of the CLI for the arguments that the SDK passes. Subclasses change them."""
        return args

    def interrupt(self) -> None:
        """Finish the running operations and start no others. A second call stops them immediately."""
        with self._guard:
            self._interrupted = True
            for process in self._running:
                with suppress(ProcessLookupError):
                    process.send_signal(signal.SIGINT)

    def _run_process(
        self, args: list[str], cwd: str, additional: Mapping[str, str], output: IO[str], errors: IO[str]
    ) -> int:
        # The CLI runs the policy pack with `python`, which must have the packages of this environment.
        folders = [str(Path(self.command).parent), str(Path(sys.executable).parent)]
        path = os.pathsep.join([*folders, self._environment.get("PATH", "")])
        with self._guard:
            if self._interrupted:
                raise InterruptedCliError
            process = subprocess.Popen(
                args,
                cwd=cwd,
                env={**self._environment, **additional, "PATH": path, "PULUMI_AUTOMATION_API": "true"},
                stdin=subprocess.DEVNULL,
                # If the reader of a pipe is killed, the next write ends the CLI, which leaves the stack
                # locked. Files avoid that.
                stdout=output,
                stderr=errors,
                process_group=0,
            )
            self._running.add(process)
        try:
            return process.wait()
        finally:
            with self._guard:
                self._running.discard(process)


def _read_output(file: IO[str], on_line: OnOutput | None) -> str:
    file.seek(0)
    lines = [line.rstrip() for line in file]
    if on_line:
        for line in lines:
            on_line(line)
    return "\n".join(lines)
