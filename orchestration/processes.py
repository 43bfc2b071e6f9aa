"""Running the Pulumi CLI where Ctrl-C does not reach it on its own, so that it is told once, and can finish.

Pressed in a terminal, Ctrl-C goes to every process of the group, and a second one ends the CLI at once, which
leaves the stack locked. Here each CLI has a group of its own and hears of it through `interrupt`.
"""

import os
import signal
import subprocess
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
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
        self._running: set[subprocess.Popen[str]] = set()
        self._guard = threading.Lock()
        self._interrupted = False

    def run(
        self,
        args: list[str],
        cwd: str,
        additional_env: Mapping[str, str],
        on_output: OnOutput | None = None,
        on_error: OnOutput | None = None,
    ) -> CommandResult:
        """As the parent's; raises `InterruptedCliError` once `interrupt` was called."""
        process = self._start([self.command, "--non-interactive", *args], cwd, additional_env)
        try:
            assert process.stdout is not None  # noqa: S101
            assert process.stderr is not None  # noqa: S101
            errors = _Collector(process.stderr, on_error)
            errors.start()
            output = _Collector(process.stdout, on_output)
            output.run()
            errors.join()
            code = process.wait()
        finally:
            with self._guard:
                self._running.discard(process)
        result = CommandResult("\n".join(output.lines), "\n".join(errors.lines), code)
        if code != 0:
            raise create_command_error(result)
        return result

    def interrupt(self) -> None:
        """Let operations under way finish and start no others; called again, end at once."""
        with self._guard:
            self._interrupted = True
            for process in self._running:
                with suppress(ProcessLookupError):
                    process.send_signal(signal.SIGINT)

    def _start(self, args: list[str], cwd: str, additional: Mapping[str, str]) -> subprocess.Popen[str]:
        path = os.pathsep.join([str(Path(self.command).parent), self._environment.get("PATH", "")])
        with self._guard:
            if self._interrupted:
                raise InterruptedCliError
            process = subprocess.Popen(
                args,
                cwd=cwd,
                env={**self._environment, **additional, "PATH": path, "PULUMI_AUTOMATION_API": "true"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                encoding="utf-8",
                process_group=0,
            )
            self._running.add(process)
        return process


class _Collector(threading.Thread):
    """Reads a stream to its end, keeping each line and handing it on."""

    def __init__(self, stream: IO[str], each: OnOutput | None) -> None:
        super().__init__(daemon=True)
        self.lines: list[str] = []
        self._stream = stream
        self._each = each

    def run(self) -> None:
        with self._stream:
            for line in self._stream:
                self.lines.append(line.rstrip())
                if self._each:
                    self._each(self.lines[-1])
