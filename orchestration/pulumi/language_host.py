"""A Pulumi CLI with Python's language host, which can run programs without the tasks of this repository.

The tasks run the programs themselves and need no language host (ADR 5). Pulumi's own installation has the
language host next to the CLI. For the CLI in the cache, it is built from Go modules when it is first needed.
"""

import shutil
from collections.abc import Callable
from pathlib import Path

from orchestration.go_toolchain import UnavailableError
from orchestration.pulumi import pulumi_cli
from orchestration.pulumi.cli_install import (
    CLI,
    EXECUTOR,
    LANGUAGE_HOST,
    build_language_host,
)
from orchestration.pulumi.pulumi_cli import CliCache, CliSource, PulumiCli
from terminal.errors import UserError
from terminal.output import print_message

INSTALL_MANUAL_URL = "https://www.pulumi.com/docs/install"

FindCli = Callable[..., PulumiCli]


def find_language_host(
    *,
    path: str | None = None,
    cache: Path | None = None,
    build: CliSource = build_language_host,
    find_cli: FindCli = pulumi_cli.find_cli,
) -> tuple[PulumiCli, Path]:
    """Return a CLI and its language host: those that the user installed, else those in the cache.

    `path` replaces PATH. `build` builds a language host in a folder. Raises UserError.
    """
    cli = find_cli(path=path, quiet=True)
    if host := _find_installed_host(cli, path, cache):
        return cli, host
    if not _is_cached(cli, cache):
        print_message(f"{cli.path} is not used: {LANGUAGE_HOST} is neither in its folder nor on PATH.")
        cli = find_cli(path="", quiet=True)
    return cli, _prepare_cached_host(cli, cache, build)


def _find_installed_host(cli: PulumiCli, path: str | None, cache: Path | None) -> Path | None:
    """Return the language host in the folder of the user's CLI or on PATH, if any."""
    if not _is_cached(cli, cache):
        neighbor = cli.path.resolve().parent / LANGUAGE_HOST
        if neighbor.exists():
            return neighbor
    elif shutil.which(CLI, path=path) not in (None, str(cli.path)):
        # The user's CLI has the wrong version, and its language host has the same version.
        return None
    host = shutil.which(LANGUAGE_HOST, path=path)
    return Path(host) if host else None


def _is_cached(cli: PulumiCli, cache: Path | None) -> bool:
    return cli.path == CliCache.from_version(cli.version, cache).binary


def _prepare_cached_host(cli: PulumiCli, cache: Path | None, build: CliSource) -> Path:
    cached = CliCache.from_version(cli.version, cache)
    with cached.lock():
        if not cached.is_intact(LANGUAGE_HOST, EXECUTOR):
            try:
                cached.add(build)
            except UnavailableError as error:
                raise UserError(
                    f"{LANGUAGE_HOST} is not installed and cannot be built: {error}.",
                    f"Put a complete Pulumi on PATH ({INSTALL_MANUAL_URL}),"
                    " or make a Go module proxy reachable.",
                ) from error
    return cached.bin / LANGUAGE_HOST
