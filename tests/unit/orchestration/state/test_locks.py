import json
import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from orchestration.environments import LOCAL, Environment
from orchestration.layers import Layer
from orchestration.pulumi.engine import Engine
from orchestration.state.locks import CloudLocks, FileLocks, LockHolder, open_locks
from orchestration.state.state_files import FolderStateFiles

DATA = Layer("data", "fraud-data")
SINCE = "2026-01-02T05:04:05.123456789+02:00"


def write_lock(root: Path, name: str = "0b1c", project: str = "fraud-data", **changed: object) -> None:
    path = root / f".pulumi/locks/organization/{project}/prod/{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {"pid": 12, "username": "ann", "hostname": "laptop", "timestamp": SINCE, **changed}
    path.write_text(json.dumps(content))


def find_holder(root: Path) -> LockHolder | None:
    return FileLocks(FolderStateFiles(root), "prod").holder(DATA)


def end_process() -> int:
    """Return the ID of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_stack_without_a_lock_has_no_holder(tmp_path: Path) -> None:
    assert find_holder(tmp_path) is None


def test_holder_has_time_and_process(tmp_path: Path) -> None:
    write_lock(tmp_path)
    holder = find_holder(tmp_path)
    assert holder == LockHolder("ann", "laptop", 12, datetime(2026, 1, 2, 3, 4, 5, 123456, UTC))
    assert str(holder) == "ann@laptop (process 12) since 2026-01-02 03:04:05 UTC"


def test_lock_of_another_stack_is_ignored(tmp_path: Path) -> None:
    write_lock(tmp_path, project="fraud-data-lake")
    assert find_holder(tmp_path) is None


def test_ended_process_of_this_machine_is_detected(tmp_path: Path) -> None:
    write_lock(tmp_path, hostname=socket.gethostname(), pid=end_process())
    holder = find_holder(tmp_path)
    assert holder is not None
    assert holder.process_ended


def test_running_process_takes_precedence_over_an_ended_one(tmp_path: Path) -> None:
    write_lock(
        tmp_path, "0", hostname=socket.gethostname(), pid=end_process(), timestamp="2025-01-01T00:00:00Z"
    )
    write_lock(tmp_path, "1", hostname=socket.gethostname(), pid=os.getpid())
    holder = find_holder(tmp_path)
    assert holder is not None
    assert holder.pid == os.getpid()


def test_unreadable_lock_has_an_unknown_holder(tmp_path: Path) -> None:
    write_lock(tmp_path, pid="unknown")
    assert find_holder(tmp_path) == LockHolder()


@dataclass
class FakeEngine:
    """Returns the output of CLI commands by their first words."""

    outputs: Mapping[str, str]
    commands: list[str] = field(default_factory=list)

    def run_cli(self, _layer: Layer, *arguments: str) -> str:
        self.commands.append(" ".join(arguments))
        return next(text for start, text in self.outputs.items() if self.commands[-1].startswith(start))


UPDATE_IN_PROGRESS = """Current stack is prod:
    Owner: acme
    Update in progress:
	Started: 5 minutes ago
	Requested By: ann
"""


def test_pulumi_cloud_reports_the_user_of_an_update() -> None:
    stacks = json.dumps([{"name": "dev"}, {"name": "acme/prod", "updateInProgress": True}])
    engine = FakeEngine({"stack ls": stacks, "stack --stack prod": UPDATE_IN_PROGRESS})
    assert CloudLocks(cast(Engine, engine), "prod").holder(DATA) == LockHolder("ann")


def test_stack_in_pulumi_cloud_without_an_update_has_no_holder() -> None:
    stacks = json.dumps(
        [{"name": "dev", "updateInProgress": True}, {"name": "prod", "updateInProgress": False}]
    )
    assert CloudLocks(cast(Engine, FakeEngine({"stack ls": stacks})), "prod").holder(DATA) is None


def test_locks_of_local_are_files(tmp_path: Path) -> None:
    environment = Environment(LOCAL, tmp_path)
    assert open_locks(environment, cast(Engine, FakeEngine({}))) == FileLocks(
        FolderStateFiles(tmp_path / ".local/pulumi"), LOCAL
    )
