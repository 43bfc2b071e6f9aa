import json
import os
import socket
import subprocess
import sys
from pathlib import Path

from orchestration.state.local import LocalState


def write_json(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))


def write_lock(folder: Path, pid: int, host: str = "") -> Path:
    path = folder / ".pulumi/locks/organization/fraud-data/local/0b1c.json"
    write_json(path, {"pid": pid, "username": "ann", "hostname": host or socket.gethostname()})
    return path


def end_process() -> int:
    """Return the ID of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_lock_of_an_ended_process_is_removed(tmp_path: Path) -> None:
    path = write_lock(tmp_path, end_process())
    assert LocalState(tmp_path).remove_stale_locks() == 1
    assert not path.exists()


def test_lock_of_a_running_process_is_kept(tmp_path: Path) -> None:
    path = write_lock(tmp_path, os.getpid())
    state = LocalState(tmp_path)
    assert state.remove_stale_locks() == 0
    assert state.is_locked()
    assert path.exists()


def test_lock_of_another_machine_is_kept(tmp_path: Path) -> None:
    path = write_lock(tmp_path, end_process(), host="another")
    LocalState(tmp_path).remove_stale_locks()
    assert path.exists()


def test_interrupted_update_has_pending_operations(tmp_path: Path) -> None:
    state = LocalState(tmp_path)
    write_json(tmp_path / ".pulumi/stacks/fraud-data/local.json", {"checkpoint": {"latest": {}}})
    assert not state.has_pending_operations()
    pending = {"pending_operations": [{"type": "creating"}]}
    write_json(tmp_path / ".pulumi/stacks/fraud-edge/local.json", {"checkpoint": {"latest": pending}})
    assert state.has_pending_operations()


def test_stack_without_updates_has_no_pending_operations(tmp_path: Path) -> None:
    write_json(tmp_path / ".pulumi/stacks/fraud-data/local.json", {"checkpoint": {"latest": None}})
    assert not LocalState(tmp_path).has_pending_operations()
