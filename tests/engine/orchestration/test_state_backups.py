"""Backups of states: after a restore, an update has no changes."""

import json
import stat
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

from orchestration.environments import Environment
from orchestration.pulumi.engine import Engine
from orchestration.pulumi.results import Changes
from orchestration.state import state_backups, state_document
from orchestration.state.backup_store import (
    MAX_BACKUPS,
    Backup,
    BucketBackupStore,
    FolderBackupStore,
    open_backup_store,
)
from orchestration.state.state_backups import StateBackups
from terminal.errors import UserError
from tests.engine.orchestration.sample_account import SampleAccount
from tests.engine.orchestration.sample_stacks import FIRST, SECOND, SampleStacks

pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.usefixtures("collect_garbage"),
]


def confirm(_: str) -> None:
    """Confirm every question."""


def create_backups(environment: Environment, engine: Engine) -> StateBackups:
    """Create backups with a clock that advances by a second at each call."""
    ticks = count()
    return StateBackups(
        environment, engine, now=lambda: datetime(2026, 1, 2, tzinfo=UTC) + timedelta(seconds=next(ticks))
    )


@pytest.fixture
def backups(stacks: SampleStacks) -> StateBackups:
    """Deploy the first project."""
    stacks.engine().up(FIRST)
    return create_backups(stacks.environment, stacks.engine())


def checkpoint_file(stacks: SampleStacks) -> Path:
    return stacks.environment.state_folder / "pulumi/.pulumi/stacks/sample-first/local.json"


def delete_state(stacks: SampleStacks) -> None:
    checkpoint_file(stacks).unlink()


def remove_a_resource(stacks: SampleStacks) -> None:
    content = json.loads(checkpoint_file(stacks).read_text())
    content["checkpoint"]["latest"]["resources"].pop()
    checkpoint_file(stacks).write_text(json.dumps(content))


@pytest.mark.parametrize("damage", [delete_state, remove_a_resource])
def test_restored_state_contains_the_deployed_resources(
    stacks: SampleStacks,
    backups: StateBackups,
    damage: Callable[[SampleStacks], None],
) -> None:
    backup = backups.save(FIRST)
    assert backup
    damage(stacks)
    backups.restore(FIRST, backup.id, confirm)
    assert stacks.engine().up(FIRST).changes == Changes(same=2)


def test_unchanged_state_is_saved_once(stacks: SampleStacks, backups: StateBackups) -> None:
    first = backups.save(FIRST)
    stacks.engine().up(FIRST)
    assert backups.save(FIRST) is None
    stacks.configure(FIRST, {"protect": True})
    stacks.engine().up(FIRST)
    second = backups.save(FIRST)
    assert backups.list(FIRST) == [first, second]


def test_state_without_resources_is_not_saved(stacks: SampleStacks, backups: StateBackups) -> None:
    assert backups.save(SECOND) is None
    stacks.engine().create_stack(SECOND)
    assert backups.save(SECOND) is None


def test_state_before_a_restore_is_saved(stacks: SampleStacks, backups: StateBackups) -> None:
    first = backups.save(FIRST)
    assert first
    remove_a_resource(stacks)
    backups.restore(FIRST, first.id, confirm)
    before = backups.list(FIRST)[-1]
    assert (before.resources, first.resources) == (0, 1)
    backups.restore(FIRST, before.id, confirm)
    assert not state_document.list_resources(stacks.engine().export_state(FIRST))


def test_nothing_is_restored_without_confirmation(stacks: SampleStacks, backups: StateBackups) -> None:
    backup = backups.save(FIRST)
    assert backup
    remove_a_resource(stacks)
    before = checkpoint_file(stacks).read_bytes()

    def refuse(question: str) -> None:
        raise UserError(question)

    with pytest.raises(UserError, match="first in 'local' from 2026-01-02 00:00:00"):
        backups.restore(FIRST, backup.id, refuse)
    assert checkpoint_file(stacks).read_bytes() == before


def test_missing_backup_is_refused_with_the_command_that_lists_backups(backups: StateBackups) -> None:
    with pytest.raises(UserError, match=r"'x' of first.* state\.backups --env local --layer first"):
        backups.restore(FIRST, "x", confirm)


def test_unchanged_state_is_not_restored(backups: StateBackups) -> None:
    backup = backups.save(FIRST)
    assert backup
    backups.restore(FIRST, backup.id, pytest.fail)


def test_folder_keeps_the_newest_backups_with_private_permissions(tmp_path: Path) -> None:
    store = FolderBackupStore(tmp_path)
    names = [f"p/s/{number:03d}.1.json" for number in range(MAX_BACKUPS + 2)]
    for name in names:
        store.write(name, b"")
    store.delete_expired("p/s")
    assert store.list_names("p/s") == names[2:]
    assert stat.S_IMODE((tmp_path / names[-1]).stat().st_mode) == 0o600


def test_backups_are_listed_newest_first(backups: StateBackups, capsys: pytest.CaptureFixture[str]) -> None:
    backups.save(FIRST)
    state_backups.print_backups(backups, [FIRST, SECOND], as_json=True)
    [backup] = backups.list(FIRST)
    entry = {"id": backup.id, "when": "2026-01-02 00:00:00Z", "resources": 1}
    assert json.loads(capsys.readouterr().out) == {"first": [entry], "second": []}


@pytest.fixture
def deployed_account(ready_account: SampleAccount) -> SampleAccount:
    ready_account.engine().up(FIRST)
    return ready_account


def test_backups_of_an_account_are_in_its_state_bucket(deployed_account: SampleAccount) -> None:
    backups = create_backups(deployed_account.environment, deployed_account.engine())
    backup = backups.save(FIRST)
    assert isinstance(backup, Backup)
    s3, key = deployed_account.client("s3"), f"backups/sample-first/dev/{backup.file}"
    response = s3.head_object(Bucket=deployed_account.bucket, Key=key)
    assert response["ServerSideEncryption"] == "aws:kms"
    s3.delete_object(Bucket=deployed_account.bucket, Key=".pulumi/stacks/sample-first/dev.json")
    backups.restore(FIRST, backup.id, confirm)
    assert deployed_account.engine().up(FIRST).changes == Changes(same=2)


def test_backups_of_another_backend_are_in_a_folder_of_the_user(
    empty_account: SampleAccount, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert isinstance(open_backup_store(empty_account.environment), BucketBackupStore)
    monkeypatch.setenv("PULUMI_BACKEND_URL", "s3://ours")
    store = open_backup_store(empty_account.environment)
    assert isinstance(store, FolderBackupStore)
    assert store.root == tmp_path / "fraud-pipeline/backups" / empty_account.account
