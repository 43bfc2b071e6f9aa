from collections.abc import Callable
from pathlib import Path

import pytest

from orchestration.pulumi import language_host, pulumi_cli
from orchestration.pulumi.cli_install import EXECUTOR, HOST, UnavailableError
from orchestration.pulumi.pulumi_cli import Cli
from terminal.errors import UserError

PINNED = "3.250.0"
NAMES = {HOST, EXECUTOR}


def make(folder: Path, *names: str, version: str = PINNED) -> Path:
    """Executables that know the version of the CLI."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_text(f"#!/bin/sh\necho v{version}\n")
        (folder / name).chmod(0o755)
    return folder


class Builder:
    """Builds a language host, and counts how often."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, folder: Path) -> None:
        self.times += 1
        make(folder / "bin", *NAMES)


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def build() -> Builder:
    return Builder()


def finder(cache: Path) -> Callable[..., Cli]:
    """As the tasks find a CLI, with one that is quickly made."""

    def copy(folder: Path) -> None:
        make(folder / "bin", "pulumi")

    def find(*, path: str | None, quiet: bool) -> Cli:
        sources = [("a copy", copy)]
        return pulumi_cli.find(pinned=PINNED, path=path, cache=cache, sources=sources, quiet=quiet)

    return find


def find(cache: Path, build: Callable[[Path], None], *path: Path) -> tuple[Path, Path]:
    folders = ":".join(map(str, path or [Path("/nowhere")]))
    cli, host = language_host.find(path=folders, cache=cache, build=build, find_cli=finder(cache))
    return cli.path, host


def test_the_host_beside_the_cli_of_the_user_is_used(tmp_path: Path, cache: Path, build: Builder) -> None:
    folder = make(tmp_path / "pulumi" / "bin", "pulumi", *NAMES)
    links = tmp_path / "links"
    links.mkdir()
    (links / "pulumi").symlink_to(folder / "pulumi")
    assert find(cache, build, links) == (links / "pulumi", folder / HOST)
    assert build.times == 0


def test_a_host_on_path_is_used(tmp_path: Path, cache: Path, build: Builder) -> None:
    hosts = make(tmp_path / "hosts", *NAMES)
    cli = make(tmp_path / "cli", "pulumi")
    assert find(cache, build, cli, hosts) == (cli / "pulumi", hosts / HOST)
    assert find(cache, build, hosts) == (cache / PINNED / "bin" / "pulumi", hosts / HOST)
    assert build.times == 0


def test_a_cli_without_a_host_makes_way_for_the_cached_one(
    tmp_path: Path, cache: Path, build: Builder
) -> None:
    cli = make(tmp_path / "cli", "pulumi")
    cached = cache / PINNED / "bin"
    assert find(cache, build, cli) == (cached / "pulumi", cached / HOST)


def test_the_host_of_a_cli_that_is_too_old_is_not_used(tmp_path: Path, cache: Path, build: Builder) -> None:
    old = make(tmp_path / "old", "pulumi", *NAMES, version="3.100.0")
    cached = cache / PINNED / "bin"
    assert find(cache, build, old) == (cached / "pulumi", cached / HOST)


def test_the_host_is_built_once_and_again_if_it_was_changed(cache: Path, build: Builder) -> None:
    _, host = find(cache, build)
    assert {file.name for file in host.parent.glob(f"{HOST}*") if file.suffix != ".sha256"} == NAMES
    find(cache, build)
    assert build.times == 1
    (host.parent / EXECUTOR).write_text("something else")
    find(cache, build)
    assert build.times == 2
    assert "something else" not in (host.parent / EXECUTOR).read_text()


def test_a_host_that_cannot_be_built_is_one_line_and_leaves_the_cli(cache: Path) -> None:
    def unavailable(folder: Path) -> None:
        make(folder / "bin", EXECUTOR)
        raise UnavailableError("Go is missing")

    with pytest.raises(UserError) as caught:
        find(cache, unavailable)
    assert "Go is missing" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.hint
    assert {file.name for file in (cache / PINNED / "bin").iterdir()} == {"pulumi", "pulumi.sha256"}
    assert {path.name for path in cache.iterdir()} == {PINNED, f"{PINNED}.lock"}
