from pathlib import Path

import pytest

from orchestration.pulumi import pulumi_cli
from orchestration.pulumi.cli_install import UnavailableError
from orchestration.pulumi.pulumi_cli import Cache, Cli
from terminal.errors import UserError

PINNED = "3.250.0"


def script(folder: Path, version: str) -> Path:
    """A stand-in for the CLI that knows its version."""
    binary = folder / "bin" / "pulumi"
    binary.parent.mkdir(parents=True, exist_ok=True)
    binary.write_text(f"#!/bin/sh\necho v{version}\n")
    binary.chmod(0o755)
    return binary


class Source:
    """A way to the CLI that counts how often it was gone."""

    def __init__(self, fails: str = "") -> None:
        self.times = 0
        self._fails = fails

    def __call__(self, folder: Path) -> None:
        self.times += 1
        script(folder, PINNED)
        if self._fails:
            raise UnavailableError(self._fails)


def find(cache: Path, *sources: Source, path: Path = Path("/nowhere")) -> Cli:
    named = [(f"way {number}", source) for number, source in enumerate(sources, start=1)]
    return pulumi_cli.find(pinned=PINNED, path=str(path), cache=cache, sources=named)


@pytest.mark.parametrize("version", ["3.250.0", "3.250.1", "3.300.0"])
def test_a_cli_on_path_that_is_recent_enough_is_used(tmp_path: Path, version: str) -> None:
    binary = script(tmp_path, version)
    source = Source()
    assert find(tmp_path / "cache", source, path=binary.parent) == Cli(binary, version)
    assert source.times == 0


@pytest.mark.parametrize("version", ["3.249.9", "2.999.0", "4.0.0", "unknown"])
def test_a_cli_on_path_of_another_version_is_left_alone_and_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], version: str
) -> None:
    binary = script(tmp_path, version)
    assert find(tmp_path / "cache", Source(), path=binary.parent).path.is_relative_to(tmp_path / "cache")
    assert f"{binary} is not used" in capsys.readouterr().err


def test_the_cli_is_made_once(tmp_path: Path) -> None:
    source = Source()
    assert find(tmp_path, source) == find(tmp_path, source)
    assert source.times == 1


def test_a_cached_cli_that_was_changed_is_made_anew(tmp_path: Path) -> None:
    source = Source()
    cli = find(tmp_path, source)
    cli.path.write_text("#!/bin/sh\necho something else\n")
    find(tmp_path, source)
    assert source.times == 2
    assert "something else" not in cli.path.read_text()


def test_a_cached_cli_whose_checksum_nobody_recorded_is_made_anew(tmp_path: Path) -> None:
    script(tmp_path / PINNED, PINNED)
    source = Source()
    find(tmp_path, source)
    assert source.times == 1


def test_the_next_way_is_tried_where_one_is_closed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    find(tmp_path, Source("no network"), Source())
    assert "way 1 cannot be used here: no network" in capsys.readouterr().err


def test_no_way_at_all_says_what_to_do_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"none of way 1 or way 2 works here.*Put pulumi 3\.250\.0 on PATH"):
        find(tmp_path, Source("closed"), Source("closed"))
    assert [path.name for path in tmp_path.iterdir()] == [f"{PINNED}.lock"]


def test_a_build_that_is_interrupted_leaves_nothing(tmp_path: Path) -> None:
    def interrupted(folder: Path) -> None:
        script(folder, PINNED)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Cache(tmp_path / PINNED).fill(interrupted)
    assert list(tmp_path.iterdir()) == []


def test_a_cache_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be written"):
        find(tmp_path / "file" / "cache", Source())
