"""The Pulumi CLI: from PATH, from the user's cache, from the official installer, or built from Go modules.

Files in the cache are verified against their recorded checksums at each use.
"""

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from filelock import FileLock, Timeout
from platformdirs import user_cache_path

from orchestration.go_toolchain import UnavailableError
from orchestration.pulumi import cli_install
from orchestration.pulumi.cli_install import CLI
from terminal.errors import UserError
from terminal.output import print_message

# A build takes minutes on a small machine, and other processes wait for it.
LOCK_TIMEOUT_SECONDS = 3600
VERSION_TIMEOUT_SECONDS = 60
CHECKSUM_SUFFIX = ".sha256"

# Installs the CLI in a folder. Raises `UnavailableError` if it cannot.
CliSource = Callable[[Path], None]


@dataclass(frozen=True)
class PulumiCli:
    """An installed Pulumi CLI."""

    path: Path
    version: str


@dataclass(frozen=True)
class CliCache:
    """The cache folder of one version of the CLI, with a file for the checksum of each executable."""

    folder: Path

    @classmethod
    def from_version(cls, version_number: str, root: Path | None = None) -> "CliCache":
        """Return the folder for a version of the CLI, by default in the user's cache."""
        return cls((root or user_cache_path("fraud-pipeline") / "pulumi") / version_number)

    @property
    def bin(self) -> Path:
        """The folder of the executables. It has the same name in Pulumi's own installation."""
        return self.folder / "bin"

    @property
    def binary(self) -> Path:
        """The path of the CLI."""
        return self.bin / CLI

    def is_intact(self, *names: str) -> bool:
        """Whether the named executables, by default the CLI, match their recorded checksums."""
        try:
            return all(
                _compute_checksum(self.bin / name) == self._checksum_file(name).read_text().strip()
                for name in names or (CLI,)
            )
        except OSError:
            return False

    def record_checksums(self) -> None:
        """Write the checksum of each executable."""
        executables = [
            file for file in self.bin.iterdir() if file.is_file() and file.suffix != CHECKSUM_SUFFIX
        ]
        for file in executables:
            self._checksum_file(file.name).write_text(_compute_checksum(file) + "\n")

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Exclude other processes that install or verify the same version."""
        lock = FileLock(f"{self.folder}.lock")
        try:
            self.folder.parent.mkdir(parents=True, exist_ok=True)
            lock.acquire(timeout=1)
        except Timeout:
            print_message("Another command is installing the Pulumi CLI. Waiting for it to finish.")
            lock.acquire(timeout=LOCK_TIMEOUT_SECONDS)
        except OSError as error:
            raise UserError(
                f"The cache folder {self.folder.parent} is not writable ({error.strerror}).",
                f"Make it writable, or put pulumi {self.folder.name} on PATH.",
            ) from error
        try:
            yield
        finally:
            lock.release()

    def fill(self, source: CliSource) -> None:
        """Replace the folder by a new one that `source` fills. An interrupted installation leaves nothing."""
        with self._partial_cache(source) as partial:
            _remove_folder(self.folder)
            partial.folder.rename(self.folder)

    def add(self, source: CliSource) -> None:
        """Add the executables that `source` installs."""
        with self._partial_cache(source) as partial:
            for file in partial.bin.iterdir():
                file.replace(self.bin / file.name)

    @contextmanager
    def _partial_cache(self, source: CliSource) -> "Iterator[CliCache]":
        partial = CliCache(self.folder.with_name(f"{self.folder.name}.partial"))
        _remove_folder(partial.folder)
        try:
            partial.bin.mkdir(parents=True)
            source(partial.folder)
            partial.record_checksums()
            yield partial
        finally:
            _remove_folder(partial.folder)

    def _checksum_file(self, name: str) -> Path:
        return self.bin / f"{name}{CHECKSUM_SUFFIX}"


def find_cli(
    *,
    pinned: str | None = None,
    path: str | None = None,
    cache: Path | None = None,
    sources: Sequence[tuple[str, CliSource]] | None = None,
    quiet: bool = False,
) -> PulumiCli:
    """Return the CLI, installed if necessary. Prints its location unless `quiet`.

    `pinned` is the minimum version, by default the version of the SDK. `path` replaces PATH.
    Raises UserError if no source can provide the CLI.
    """
    pinned = pinned or version("pulumi")
    cli = _find_on_path(pinned, path)
    if cli:
        if not quiet:
            print_message(f"Pulumi CLI {cli.version}, from PATH: {cli.path}")
        return cli
    cached = CliCache.from_version(pinned, cache)
    with cached.lock():
        if not cached.is_intact():
            _fill_cache(cached, pinned, sources if sources is not None else list_default_sources(pinned))
    if not quiet:
        print_message(f"Pulumi CLI {pinned}, from the cache: {cached.binary}")
    return PulumiCli(cached.binary, pinned)


def list_default_sources(pinned: str) -> Sequence[tuple[str, CliSource]]:
    """Return the sources of the CLI by name, in the order in which they are tried."""
    return (
        ("the official installer", lambda folder: cli_install.install_cli(folder, pinned)),
        ("a build from Go modules", cli_install.build_cli),
    )


def is_usable(candidate: str, pinned: str) -> bool:
    """Whether the version `candidate` has the major version of `pinned`, and is not older."""
    actual, minimum = _parse_version(candidate), _parse_version(pinned)
    return actual[0] == minimum[0] and actual >= minimum


def _find_on_path(pinned: str, path: str | None) -> PulumiCli | None:
    binary = shutil.which("pulumi", path=path)
    if binary is None:
        return None
    actual = _read_version(binary)
    if actual and is_usable(actual, pinned):
        return PulumiCli(Path(binary), actual)
    print_message(
        f"{binary} is not used: its version is {actual or 'unknown'}, and {pinned} or later is required."
    )
    return None


def _parse_version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text.partition("-")[0].partition("+")[0])[:3])


def _read_version(binary: str) -> str | None:
    try:
        output = subprocess.run(
            [binary, "version"],
            env={**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=VERSION_TIMEOUT_SECONDS,
            check=True,
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    match = re.fullmatch(r"v?(\d+\.\d+\.\d+\S*)", output.strip())
    return match[1] if match else None


def _fill_cache(cached: CliCache, pinned: str, sources: Sequence[tuple[str, CliSource]]) -> None:
    if cached.binary.exists():
        print_message(f"{cached.binary} does not match its recorded checksum. Installing it again.")
    unavailable = []
    for name, source in sources:
        try:
            cached.fill(source)
        except UnavailableError as error:
            print_message(f"Pulumi CLI: {name} is not available: {error}")
            unavailable.append(name)
        else:
            return
    raise UserError(
        f"Pulumi CLI {pinned} cannot be installed: {' and '.join(unavailable)} are not available.",
        f"Put pulumi {pinned} on PATH, or make a Go module proxy reachable (GOPROXY), and try again.",
    )


def _compute_checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _remove_folder(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
