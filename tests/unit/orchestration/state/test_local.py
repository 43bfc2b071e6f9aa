import json
import os
import socket
import subprocess
import sys
from pathlib import Path

from orchestration.state.local import LocalState


def write(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))


def lock(folder: Path, pid: int, host: str = "") -> Path:
    path = folder / ".pulumi/locks/organization/fraud-data/local/0b1c.json"
    write(path, {"pid": pid, "username": "ann", "hostname": host or socket.gethostname()})
    return path


def ended_process() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_a_lock_whose_process_is_gone_is_dropped(tmp_path: Path) -> None:
    path = lock(tmp_path, ended_process())
    assert LocalState(tmp_path).drop_stale_locks() == 1
    assert not path.exists()


def test_a_lock_whose_process_lives_is_kept(tmp_path: Path) -> None:
    path = lock(tmp_path, os.getpid())
    state = LocalState(tmp_path)
    assert state.drop_stale_locks() == 0
    assert state.is_locked()
    assert path.exists()


def test_another_machines_lock_is_kept(tmp_path: Path) -> None:
    path = lock(tmp_path, ended_process(), host="another")
    LocalState(tmp_path).drop_stale_locks()
    assert path.exists()


def test_an_update_that_was_cut_off_is_seen(tmp_path: Path) -> None:
    state = LocalState(tmp_path)
    write(tmp_path / ".pulumi/stacks/fraud-data/local.json", {"checkpoint": {"latest": {}}})
    assert not state.has_pending_operations()
    pending = {"pending_operations": [{"type": "creating"}]}
    write(tmp_path / ".pulumi/stacks/fraud-edge/local.json", {"checkpoint": {"latest": pending}})
    assert state.has_pending_operations()


def test_a_stack_that_was_never_updated_has_nothing_pending(tmp_path: Path) -> None:
    write(tmp_path / ".pulumi/stacks/fraud-data/local.json", {"checkpoint": {"latest": None}})
    assert not LocalState(tmp_path).has_pending_operations()
