import json
import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from orchestration.environments import LOCAL, Environment
from orchestration.layers import Layer
from orchestration.state.locks import CloudLocks, FileLocks, Holder, of
from orchestration.state.state_files import Folder

DATA = Layer("data", "fraud-data")
SINCE = "2026-01-02T05:04:05.123456789+02:00"


def lock(root: Path, name: str = "0b1c", project: str = "fraud-data", **changed: object) -> None:
    path = root / f".pulumi/locks/organization/{project}/prod/{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {"pid": 12, "username": "ann", "hostname": "laptop", "timestamp": SINCE, **changed}
    path.write_text(json.dumps(content))


def holder(root: Path) -> Holder | None:
    return FileLocks(Folder(root), "prod").holder(DATA)


def ended_process() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_a_stack_without_a_lock_is_held_by_nobody(tmp_path: Path) -> None:
    assert holder(tmp_path) is None


def test_the_holder_is_told_with_time_and_process(tmp_path: Path) -> None:
    lock(tmp_path)
    found = holder(tmp_path)
    assert found == Holder("ann", "laptop", 12, datetime(2026, 1, 2, 3, 4, 5, 123456, UTC))
    assert str(found) == "ann@laptop (process 12) since 2026-01-02 03:04:05 UTC"


def test_another_stacks_lock_is_left_alone(tmp_path: Path) -> None:
    lock(tmp_path, project="fraud-data-lake")
    assert holder(tmp_path) is None


def test_a_process_of_this_machine_that_ended_is_gone(tmp_path: Path) -> None:
    lock(tmp_path, hostname=socket.gethostname(), pid=ended_process())
    found = holder(tmp_path)
    assert found is not None
    assert found.gone
    assert "which is gone" in str(found)


def test_a_process_that_lives_is_told_before_one_that_is_gone(tmp_path: Path) -> None:
    lock(tmp_path, "0", hostname=socket.gethostname(), pid=ended_process(), timestamp="2025-01-01T00:00:00Z")
    lock(tmp_path, "1", hostname=socket.gethostname(), pid=os.getpid())
    found = holder(tmp_path)
    assert found is not None
    assert found.pid == os.getpid()


def test_a_lock_that_cannot_be_read_is_held_by_somebody(tmp_path: Path) -> None:
    lock(tmp_path, pid="unheard of")
    assert str(holder(tmp_path)) == "somebody"


@dataclass
class Cli:
    """Answers by the first words of a command."""

    answers: Mapping[str, str]
    asked: list[str] = field(default_factory=list)

    def ask(self, _layer: Layer, *arguments: str) -> str:
        self.asked.append(" ".join(arguments))
        return next(text for start, text in self.answers.items() if self.asked[-1].startswith(start))


UNDER_WAY = """Current stack is prod:
    Owner: acme
    Update in progress:
	Started: 5 minutes ago
	Requested By: ann
"""


def test_pulumi_cloud_tells_who_asked_for_an_update() -> None:
    stacks = json.dumps([{"name": "dev"}, {"name": "acme/prod", "updateInProgress": True}])
    cli = Cli({"stack ls": stacks, "stack --stack prod": UNDER_WAY})
    assert CloudLocks(cli, "prod").holder(DATA) == Holder("ann")


def test_on_pulumi_cloud_nobody_holds_a_stack_without_an_update_under_way() -> None:
    stacks = json.dumps(
        [{"name": "dev", "updateInProgress": True}, {"name": "prod", "updateInProgress": False}]
    )
    assert CloudLocks(Cli({"stack ls": stacks}), "prod").holder(DATA) is None


def test_the_local_environments_locks_are_files(tmp_path: Path) -> None:
    environment = Environment(LOCAL, tmp_path)
    assert of(environment, Cli({})) == FileLocks(Folder(tmp_path / ".local/pulumi"), LOCAL)
