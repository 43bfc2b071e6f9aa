"""Running the Pulumi CLI where Ctrl-C does not reach it on its own, so that it is told once, and can finish.

Pressed in a terminal, Ctrl-C goes to every process of the group, and a second one ends the CLI at once, which
leaves the stack locked. Here each CLI has a group of its own and hears of it through `interrupt`.
"""

import os
import signal
import subprocess
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
    """The CLI was not started, because the user has asked to stop."""


class ControlledCommand(PulumiCommand):
    """The CLI at a known path, whose processes can all be asked to stop.

    `environment` is all that they inherit, besides what the caller adds to each.
    """

    def __init__(self, path: Path, version: str, environment: Mapping[str, str]) -> None:
        # The parent's constructor would run the CLI to learn the version, a fifth of a second each time.
        self.command = str(path)
        self.version = VersionInfo.parse(version)
        self._environment = environment
        self._running: set[subprocess.Popen[bytes]] = set()
        # Held by the handler of one signal when that of the next one comes.
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
        """As the parent's, but output is handed on when the CLI has ended.

        Raises `InterruptedCliError` once `interrupt` was called.
        """
        with TemporaryFile("w+", encoding="utf-8") as output, TemporaryFile("w+", encoding="utf-8") as errors:
            words = [self.command, "--non-interactive", *self.arguments(args)]
            code = self._run(words, cwd, additional_env, output, errors)
            result = CommandResult(_content(output, on_output), _content(errors, on_error), code)
        if code != 0:
            raise create_command_error(result)
        return result

    def arguments(self, args: Sequence[str]) -> Sequence[str]:
        """What the CLI gets of what the SDK asks for."""
        return args

    def interrupt(self) -> None:
        """Let operations under way finish and start no others; called again, end at once."""
        with self._guard:
            self._interrupted = True
            for process in self._running:
                with suppress(ProcessLookupError):
                    process.send_signal(signal.SIGINT)

    def _run(
        self, args: list[str], cwd: str, additional: Mapping[str, str], output: IO[str], errors: IO[str]
    ) -> int:
        path = os.pathsep.join([str(Path(self.command).parent), self._environment.get("PATH", "")])
        with self._guard:
            if self._interrupted:
                raise InterruptedCliError
            process = subprocess.Popen(
                args,
                cwd=cwd,
                env={**self._environment, **additional, "PATH": path, "PULUMI_AUTOMATION_API": "true"},
                stdin=subprocess.DEVNULL,
                # Files, not pipes: a CLI whose reader was killed would die of its next line, and leave the
                # stack locked.
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


def _content(file: IO[str], each: OnOutput | None) -> str:
    file.seek(0)
    lines = [line.rstrip() for line in file]
    if each:
        for line in lines:
            each(line)
    return "\n".join(lines)
