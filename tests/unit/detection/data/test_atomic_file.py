"""A file is there whole or not at all."""

from pathlib import Path

import pytest

from detection.data.atomic_file import replaced
from detection.errors import DetectionError


def test_a_file_takes_its_name_at_the_end(tmp_path: Path) -> None:
    target = tmp_path / "f.csv"
    target.write_text("before")
    with replaced(target) as draft:
        draft.write_text("after")
        assert target.read_text() == "before"
    assert target.read_text() == "after"
    assert list(tmp_path.iterdir()) == [target]


def test_after_ctrl_c_everything_is_as_before(tmp_path: Path) -> None:
    target = tmp_path / "f.csv"
    target.write_text("before")
    with pytest.raises(KeyboardInterrupt):
        _interrupted(target)
    assert target.read_text() == "before"
    assert list(tmp_path.iterdir()) == [target]


def _interrupted(target: Path) -> None:
    with replaced(target) as draft:
        draft.write_text("half")
        raise KeyboardInterrupt


def test_what_cannot_be_written_is_said_before_the_work(tmp_path: Path) -> None:
    with (
        pytest.raises(DetectionError, match=r"^Cannot write .*/none/f.csv: No such file"),
        replaced(tmp_path / "none/f.csv"),
    ):
        pass
    with pytest.raises(DetectionError, match="it is a folder"), replaced(tmp_path):
        pass
