"""Finding the Pulumi CLI: on PATH, in the cache, from the official installer, or built from Go modules.

What was put into the cache is checked against the checksum recorded then, each time it is used.
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

from orchestration.pulumi.cli_install import CLI, UnavailableError
from terminal.errors import UserError
from terminal.output import say

# Building takes minutes on a small machine; whoever else wants the CLI meanwhile waits for it.
LOCK_SECONDS = 3600
CHECKSUM = ".sha256"
VERSION_SECONDS = 60

# Puts the CLI into the folder; raises `UnavailableError` where this way is closed.
Source = Callable[[Path], None]


@dataclass(frozen=True)
class Cli:
    """A Pulumi CLI that can be used."""

    path: Path
    version: str


@dataclass(frozen=True)
class Cache:
    """The folder of one version's CLI. Beside each file in `bin` is a file with its checksum."""

    folder: Path

    @property
    def bin(self) -> Path:
        """The folder of the executables, as in Pulumi's own installation."""
        return self.folder / "bin"

    @property
    def binary(self) -> Path:
        """The CLI."""
        return self.bin / CLI

    @classmethod
    def from_version(cls, version_number: str, root: Path | None = None) -> "Cache":
        """The folder for a version of the CLI, in the user's cache unless another `root` is given."""
        return cls((root or user_cache_path("fraud-pipeline") / "pulumi") / version_number)

    def is_intact(self, *names: str) -> bool:
        """Whether the files in `bin`, or the CLI if none is named, are exactly as they were put there."""
        try:
            return all(
                _digest(self.bin / name) == self._checksum(name).read_text().strip()
                for name in names or (CLI,)
            )
        except OSError:
            return False

    def record(self) -> None:
        """Write the checksums of all executables in `bin`."""
        for file in [file for file in self.bin.iterdir() if file.is_file() and file.suffix != CHECKSUM]:
            self._checksum(file.name).write_text(_digest(file) + "\n")

    @contextmanager
    def locked(self) -> Iterator[None]:
        """While no other process makes or checks the same CLI."""
        lock = FileLock(f"{self.folder}.lock")
        try:
            self.folder.parent.mkdir(parents=True, exist_ok=True)
            lock.acquire(timeout=1)
        except Timeout:
            say("Another command is making the Pulumi CLI: waiting for it.")
            lock.acquire(timeout=LOCK_SECONDS)
        except OSError as error:
            raise UserError(
                f"The cache folder {self.folder.parent} cannot be written ({error.strerror}).",
                f"Make it writable, or put pulumi {self.folder.name} on PATH.",
            ) from error
        try:
            yield
        finally:
            lock.release()

    def fill(self, source: Source) -> None:
        """Let `source` make the CLI in a folder beside this one, which then takes this one's place whole."""
        with self._made_by(source) as made:
            _remove(self.folder)
            made.folder.rename(self.folder)

    def add(self, source: Source) -> None:
        """Let `source` make more executables in a folder beside this one, and move them beside the CLI."""
        with self._made_by(source) as made:
            for file in made.bin.iterdir():
                file.replace(self.bin / file.name)

    @contextmanager
    def _made_by(self, source: Source) -> "Iterator[Cache]":
        made = Cache(self.folder.with_name(f"{self.folder.name}.partial"))
        _remove(made.folder)
        try:
            made.bin.mkdir(parents=True)
            source(made.folder)
            made.record()
            yield made
        finally:
            _remove(made.folder)

    def _checksum(self, name: str) -> Path:
        return self.bin / f"{name}{CHECKSUM}"


def find(
    *,
    pinned: str | None = None,
    path: str | None = None,
    cache: Path | None = None,
    sources: Sequence[tuple[str, Source]] | None = None,
    quiet: bool = False,
) -> Cli:
    """The CLI to use, made if need be; says in one line which it is, unless `quiet`.

    `pinned` is the least version and by default the SDK's own; `path` is where to look instead of PATH.
    Raises `UserError` with what to do where there is no way to it.
    """
    pinned = pinned or version("pulumi")
    found = _on_path(pinned, path)
    if found and not quiet:
        say(f"Pulumi CLI {found.version}, from PATH: {found.path}")
    if found:
        return found
    cached = Cache.from_version(pinned, cache)
    with cached.locked():
        if not cached.is_intact():
            _make(cached, pinned, sources if sources is not None else default_sources(pinned))
    if not quiet:
        say(f"Pulumi CLI {pinned}, from the cache: {cached.binary}")
    return Cli(cached.binary, pinned)


def default_sources(pinned: str) -> Sequence[tuple[str, Source]]:
    """The ways to a CLI that is not there yet, in the order in which they are tried."""
    # Imported where it is needed: every other task gets by without.
    from orchestration.pulumi import cli_install  # noqa: PLC0415

    return (
        ("the official installer", lambda folder: cli_install.install(folder, pinned)),
        ("a build from Go modules", cli_install.build),
    )


def _on_path(pinned: str, path: str | None) -> Cli | None:
    binary = shutil.which("pulumi", path=path)
    if binary is None:
        return None
    found = _version_of(binary)
    if found and is_usable(found, pinned):
        return Cli(Path(binary), found)
    say(f"{binary} is not used: it is version {found or 'unknown'}, and {pinned} or a later one is needed.")
    return None


def is_usable(found: str, pinned: str) -> bool:
    """Whether version `found` may stand in for `pinned`: of the same major version, and no older."""
    have, want = _numbers(found), _numbers(pinned)
    return have[0] == want[0] and have >= want


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text.partition("-")[0].partition("+")[0])[:3])


def _version_of(binary: str) -> str | None:
    try:
        output = subprocess.run(
            [binary, "version"],
            env={**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=VERSION_SECONDS,
            check=True,
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    match = re.fullmatch(r"v?(\d+\.\d+\.\d+\S*)", output.strip())
    return match[1] if match else None


def _make(cached: Cache, pinned: str, sources: Sequence[tuple[str, Source]]) -> None:
    if cached.binary.exists():
        say(f"{cached.binary} is not as it was put there, or nobody recorded its checksum: making it anew.")
    reasons = []
    for name, source in sources:
        try:
            cached.fill(source)
        except UnavailableError as error:
            say(f"Pulumi CLI: {name} cannot be used here: {error}")
            reasons.append(name)
        else:
            return
    raise UserError(
        f"There is no Pulumi CLI {pinned}, and none of {' or '.join(reasons)} works here.",
        f"Put pulumi {pinned} on PATH, or a Go module proxy within reach (GOPROXY), and run it again.",
    )


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
