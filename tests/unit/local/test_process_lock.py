"""File locks that identify a running process."""

import subprocess
import sys
from pathlib import Path

import pytest

from local import process_lock
from local.errors import LocalError

HOLD_LOCK = (
    "import pathlib, sys, time\n"
    "from local.process_lock import hold_lock\n"
    "hold_lock(pathlib.Path(sys.argv[1]), timeout_seconds=5)\n"
    "print('held', flush=True); time.sleep(60)\n"
)


def test_free_lock_has_no_holder(tmp_path: Path) -> None:
    assert process_lock.find_holder(tmp_path / "lock") is None
    with process_lock.acquire_lock(tmp_path / "lock", timeout_seconds=1):
        pass
    assert process_lock.find_holder(tmp_path / "lock") is None


def test_lock_is_released_when_its_holder_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with subprocess.Popen([sys.executable, "-c", HOLD_LOCK, str(path)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert process_lock.find_holder(path) == process.pid
        process.kill()
        process.wait()
        assert process_lock.find_holder(path) is None


def test_lock_of_another_process_cannot_be_acquired(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with subprocess.Popen([sys.executable, "-c", HOLD_LOCK, str(path)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        with pytest.raises(LocalError):
            process_lock.acquire_lock(path, timeout_seconds=0)
        assert process_lock.find_holder(path) == process.pid
        process.kill()


def test_failed_check_of_a_lock_keeps_the_holders_id(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with process_lock.acquire_lock(path, timeout_seconds=0):
        path.write_text("123")
        assert [process_lock.find_holder(path) for _ in range(2)] == [123, 123]
    assert process_lock.find_holder(path) is None
