from pathlib import Path

import pytest

from orchestration.go_toolchain import UnavailableError
from orchestration.pulumi import pulumi_cli
from orchestration.pulumi.pulumi_cli import CliCache, PulumiCli
from terminal.errors import UserError

PINNED = "3.250.0"


def write_cli(folder: Path, version: str) -> Path:
    """A script that prints a version of the CLI."""
    binary = folder / "bin" / "pulumi"
    binary.parent.mkdir(parents=True, exist_ok=True)
    binary.write_text(f"#!/bin/sh\necho v{version}\n")
    binary.chmod(0o755)
    return binary


class FakeSource:
    """A source of the CLI that counts its installations."""

    def __init__(self, fails: str = "") -> None:
        self.installations = 0
        self._fails = fails

    def __call__(self, folder: Path) -> None:
        self.installations += 1
        write_cli(folder, PINNED)
        if self._fails:
            raise UnavailableError(self._fails)


def find_cli(cache: Path, *sources: FakeSource, path: Path = Path("/nowhere")) -> PulumiCli:
    named = [(f"source {number}", source) for number, source in enumerate(sources, start=1)]
    return pulumi_cli.find_cli(pinned=PINNED, path=str(path), cache=cache, sources=named)


@pytest.mark.parametrize("version", ["3.250.0", "3.250.1", "3.300.0"])
def test_sufficient_cli_on_path_is_used(tmp_path: Path, version: str) -> None:
    binary = write_cli(tmp_path, version)
    source = FakeSource()
    assert find_cli(tmp_path / "cache", source, path=binary.parent) == PulumiCli(binary, version)
    assert source.installations == 0


@pytest.mark.parametrize("version", ["3.249.9", "2.999.0", "4.0.0", "unknown"])
def test_unsuitable_cli_on_path_is_named_and_not_used(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], version: str
) -> None:
    binary = write_cli(tmp_path, version)
    assert find_cli(tmp_path / "cache", FakeSource(), path=binary.parent).path.is_relative_to(
        tmp_path / "cache"
    )
    assert str(binary) in capsys.readouterr().err


def test_cli_is_installed_once(tmp_path: Path) -> None:
    source = FakeSource()
    assert find_cli(tmp_path, source) == find_cli(tmp_path, source)
    assert source.installations == 1


def test_changed_cli_in_the_cache_is_installed_again(tmp_path: Path) -> None:
    source = FakeSource()
    cli = find_cli(tmp_path, source)
    cli.path.write_text("#!/bin/sh\necho something else\n")
    find_cli(tmp_path, source)
    assert source.installations == 2
    assert "something else" not in cli.path.read_text()


def test_cli_in_the_cache_without_a_checksum_is_installed_again(tmp_path: Path) -> None:
    write_cli(tmp_path / PINNED, PINNED)
    source = FakeSource()
    find_cli(tmp_path, source)
    assert source.installations == 1


def test_unavailable_source_is_followed_by_the_next(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    second = FakeSource()
    find_cli(tmp_path, FakeSource("no network"), second)
    assert second.installations == 1
    assert "no network" in capsys.readouterr().err


def test_without_an_available_source_nothing_remains_in_the_cache(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"source 1 .*source 2 .*pulumi 3\.250\.0 on PATH"):
        find_cli(tmp_path, FakeSource("closed"), FakeSource("closed"))
    assert [path.name for path in tmp_path.iterdir()] == [f"{PINNED}.lock"]


def test_interrupted_installation_leaves_nothing(tmp_path: Path) -> None:
    def interrupted(folder: Path) -> None:
        write_cli(folder, PINNED)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        CliCache(tmp_path / PINNED).fill(interrupted)
    assert list(tmp_path.iterdir()) == []


def test_cache_that_is_not_writable_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=str(tmp_path / "file" / "cache")):
        find_cli(tmp_path / "file" / "cache", FakeSource())
