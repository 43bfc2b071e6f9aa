"""A lock that tells who is alive."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from local import lock
from local.errors import LocalError

HOLD = (
    "import pathlib, sys, time, local.lock as l\n"
    "held = l.hold(pathlib.Path(sys.argv[1]), timeout_seconds=5)\n"
    "print('held', flush=True); time.sleep(60)\n"
)


def test_free_lock_has_no_holder(tmp_path: Path) -> None:
    assert lock.holder(tmp_path / "lock") is None
    with lock.held(tmp_path / "lock", timeout_seconds=1):
        pass
    assert lock.holder(tmp_path / "lock") is None


def test_holder_is_known_until_it_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert lock.holder(path) == process.pid
        process.kill()
        process.wait()
        assert lock.holder(path) is None


def test_second_holder_is_told_to_try_again(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    descriptor = lock.hold(path, timeout_seconds=1)
    try:
        with pytest.raises(LocalError, match="try again"), lock.held(path, timeout_seconds=0):
            pass
    finally:
        os.close(descriptor)
