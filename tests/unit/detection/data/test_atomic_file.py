import os
from pathlib import Path

import pytest

from detection.data.atomic_file import replace_atomically
from detection.errors import DetectionError


def test_file_is_replaced_at_the_end(tmp_path: Path) -> None:
    target = tmp_path / "f.csv"
    target.write_text("before")
    with replace_atomically(target) as draft:
        draft.write_text("after")
        assert target.read_text() == "before"
    assert target.read_text() == "after"
    assert list(tmp_path.iterdir()) == [target]


def test_ctrl_c_leaves_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "f.csv"
    target.write_text("before")
    with pytest.raises(KeyboardInterrupt):
        _interrupt_writing(target)
    assert target.read_text() == "before"
    assert list(tmp_path.iterdir()) == [target]


def _interrupt_writing(target: Path) -> None:
    with replace_atomically(target) as draft:
        draft.write_text("half")
        raise KeyboardInterrupt


def test_path_that_is_not_writable_is_rejected_at_once(tmp_path: Path) -> None:
    with (
        pytest.raises(DetectionError, match=r"/none/f\.csv"),
        replace_atomically(tmp_path / "none/f.csv"),
    ):
        pass
    for folder in (tmp_path, Path()):
        with pytest.raises(DetectionError, match="it is a folder"), replace_atomically(folder):
            pass


def test_device_or_pipe_is_not_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DetectionError, match="regular file"), replace_atomically(tmp_path / "pipe"):
        pass
    assert (tmp_path / "pipe").is_fifo()


def test_name_that_is_too_long_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DetectionError, match="too long"), replace_atomically(tmp_path / ("x" * 300)):
        pass
