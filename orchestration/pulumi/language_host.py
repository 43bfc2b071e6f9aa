"""Finding a Pulumi CLI that runs Python programs by itself, outside the tasks: one with a language host.

The tasks need none, because they run the programs (ADR 5). Pulumi's own installation has it beside the CLI;
beside the CLI in the cache it is built from Go modules when it is first needed.
"""

import shutil
from collections.abc import Callable
from pathlib import Path

from orchestration.pulumi import pulumi_cli
from orchestration.pulumi.cli_install import CLI, EXECUTOR, HOST, UnavailableError
from orchestration.pulumi.pulumi_cli import Cache, Cli, Source
from terminal.errors import UserError
from terminal.output import say

MANUAL = "https://www.pulumi.com/docs/install"

FindCli = Callable[..., Cli]


def find(
    *,
    path: str | None = None,
    cache: Path | None = None,
    build: Source | None = None,
    find_cli: FindCli = pulumi_cli.find,
) -> tuple[Cli, Path]:
    """A CLI, and the language host that it can use: the user's own, else those of the cache.

    `path` is where to look instead of PATH; `build` makes a host in a folder. Raises UserError.
    """
    cli = find_cli(path=path, quiet=True)
    if host := _installed(cli, path, cache):
        return cli, host
    if not _is_cached(cli, cache):
        say(f"{cli.path} is not used: there is no {HOST} beside it, and none on PATH.")
        cli = find_cli(path="", quiet=True)
    return cli, _cached_host(cli, cache, build or _build)


def _installed(cli: Cli, path: str | None, cache: Path | None) -> Path | None:
    """The host that the user installed: beside the CLI, or on PATH."""
    if not _is_cached(cli, cache):
        beside = cli.path.resolve().parent / HOST
        if beside.exists():
            return beside
    elif shutil.which(CLI, path=path) not in (None, str(cli.path)):
        # That CLI is not used because of its version, so neither is what came with it.
        return None
    found = shutil.which(HOST, path=path)
    return Path(found) if found else None


def _is_cached(cli: Cli, cache: Path | None) -> bool:
    return cli.path == Cache.from_version(cli.version, cache).binary


def _cached_host(cli: Cli, cache: Path | None, build: Source) -> Path:
    cached = Cache.from_version(cli.version, cache)
    with cached.locked():
        if not cached.is_intact(HOST, EXECUTOR):
            try:
                cached.add(build)
            except UnavailableError as error:
                raise UserError(
                    f"There is no {HOST}, and it cannot be built here: {error}.",
                    f"Put a complete Pulumi on PATH ({MANUAL}), or make a Go module proxy reachable.",
                ) from error
    return cached.bin / HOST


def _build(folder: Path) -> None:
    # Imported where it is needed: a host that is there needs no way to make one.
    from orchestration.pulumi import cli_install  # noqa: PLC0415

    cli_install.build_language_host(folder)
