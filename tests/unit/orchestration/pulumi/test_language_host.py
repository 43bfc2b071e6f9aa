from collections.abc import Callable
from pathlib import Path

import pytest

from orchestration.go_toolchain import UnavailableError
from orchestration.pulumi import language_host, pulumi_cli
from orchestration.pulumi.cli_install import EXECUTOR, LANGUAGE_HOST
from orchestration.pulumi.pulumi_cli import PulumiCli
from terminal.errors import UserError

PINNED = "3.250.0"
NAMES = {LANGUAGE_HOST, EXECUTOR}


def write_executables(folder: Path, *names: str, version: str = PINNED) -> Path:
    """Executables that print a version of the CLI."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_text(f"#!/bin/sh\necho v{version}\n")
        (folder / name).chmod(0o755)
    return folder


class Builder:
    """Builds a language host and counts the builds."""

    def __init__(self) -> None:
        self.builds = 0

    def __call__(self, folder: Path) -> None:
        self.builds += 1
        write_executables(folder / "bin", *NAMES)


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def build() -> Builder:
    return Builder()


def make_cli_finder(cache: Path) -> Callable[..., PulumiCli]:
    """The finder of the tasks, with a source that copies a script."""

    def copy(folder: Path) -> None:
        write_executables(folder / "bin", "pulumi")

    def find(*, path: str | None, quiet: bool) -> PulumiCli:
        sources = [("a copy", copy)]
        return pulumi_cli.find_cli(pinned=PINNED, path=path, cache=cache, sources=sources, quiet=quiet)

    return find


def find_host(cache: Path, build: Callable[[Path], None], *path: Path) -> tuple[Path, Path]:
    folders = ":".join(map(str, path or [Path("/nowhere")]))
    cli, host = language_host.find_language_host(
        path=folders, cache=cache, build=build, find_cli=make_cli_finder(cache)
    )
    return cli.path, host


def test_host_in_the_folder_of_the_users_cli_is_used(tmp_path: Path, cache: Path, build: Builder) -> None:
    folder = write_executables(tmp_path / "pulumi" / "bin", "pulumi", *NAMES)
    links = tmp_path / "links"
    links.mkdir()
    (links / "pulumi").symlink_to(folder / "pulumi")
    assert find_host(cache, build, links) == (links / "pulumi", folder / LANGUAGE_HOST)
    assert build.builds == 0


def test_host_on_path_is_used(tmp_path: Path, cache: Path, build: Builder) -> None:
    hosts = write_executables(tmp_path / "hosts", *NAMES)
    cli = write_executables(tmp_path / "cli", "pulumi")
    assert find_host(cache, build, cli, hosts) == (cli / "pulumi", hosts / LANGUAGE_HOST)
    assert find_host(cache, build, hosts) == (cache / PINNED / "bin" / "pulumi", hosts / LANGUAGE_HOST)
    assert build.builds == 0


def test_cli_without_a_host_is_replaced_by_the_cached_cli(
    tmp_path: Path, cache: Path, build: Builder
) -> None:
    cli = write_executables(tmp_path / "cli", "pulumi")
    cached = cache / PINNED / "bin"
    assert find_host(cache, build, cli) == (cached / "pulumi", cached / LANGUAGE_HOST)


def test_host_of_an_outdated_cli_is_not_used(tmp_path: Path, cache: Path, build: Builder) -> None:
    old = write_executables(tmp_path / "old", "pulumi", *NAMES, version="3.100.0")
    cached = cache / PINNED / "bin"
    assert find_host(cache, build, old) == (cached / "pulumi", cached / LANGUAGE_HOST)


def test_host_is_built_once_and_rebuilt_after_a_change(cache: Path, build: Builder) -> None:
    _, host = find_host(cache, build)
    assert {file.name for file in host.parent.glob(f"{LANGUAGE_HOST}*") if file.suffix != ".sha256"} == NAMES
    find_host(cache, build)
    assert build.builds == 1
    (host.parent / EXECUTOR).write_text("something else")
    find_host(cache, build)
    assert build.builds == 2
    assert "something else" not in (host.parent / EXECUTOR).read_text()


def test_failed_build_of_the_host_is_one_line_and_keeps_the_cli(cache: Path) -> None:
    def unavailable(folder: Path) -> None:
        write_executables(folder / "bin", EXECUTOR)
        raise UnavailableError("Go is missing")

    with pytest.raises(UserError) as caught:
        find_host(cache, unavailable)
    assert "Go is missing" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.hint
    assert {file.name for file in (cache / PINNED / "bin").iterdir()} == {"pulumi", "pulumi.sha256"}
    assert {path.name for path in cache.iterdir()} == {PINNED, f"{PINNED}.lock"}
