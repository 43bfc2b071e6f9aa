"""Installation of the Pulumi CLI and its language host: a download, or a build of the modules in `tools/`."""

import re
import shutil
import sys
import urllib.request
from pathlib import Path
from urllib.error import URLError

from orchestration.environments import ROOT
from orchestration.go_toolchain import UnavailableError, open_go, run_with_progress
from terminal.output import print_message

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
    with open_go(CLI_MODULE, folder / "go") as go:
        print_message(
            f"Building Pulumi CLI v{version} from Go modules with {go.path}. This takes some minutes, once."
        )
        go.build(CLI_MODULE, CLI_PACKAGE, folder / "bin" / CLI, linker_flags=_set_version(version))


def build_language_host(folder: Path) -> None:
    """Build Python's language host into `folder`, and copy its executor script. Raises UnavailableError."""
    version = _read_module_version(HOST_MODULE, SDK)
    with open_go(HOST_MODULE, folder / "go") as go:
        print_message(
            f"Building Pulumi's Python language host with {go.path}. This takes about a minute, once."
        )
        package = f"{SDK}/{HOST_FOLDER}/{LANGUAGE_HOST}"
        go.build(HOST_MODULE, package, folder / "bin" / LANGUAGE_HOST, linker_flags=_set_version(version))
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


def _set_version(version: str) -> str:
    return f"-X {VERSION_VARIABLE}=v{version}"
