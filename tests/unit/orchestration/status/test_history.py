import json
from datetime import UTC, datetime

import pytest
from rich.console import Console

from orchestration.environments import find_environment
from orchestration.layers import LAYERS
from orchestration.pulumi.results import Changes
from orchestration.status import history
from terminal.errors import UserError
from tests.unit.orchestration.stacks import FakeStacks
from tests.unit.orchestration.updates import make_summary

DATA = LAYERS[1]
LOCAL = find_environment("local")


def test_updates_without_numbers_are_numbered_from_the_oldest() -> None:
    updates = history.list_updates(FakeStacks([make_summary(), make_summary()]), DATA)
    assert [update.version for update in updates] == [2, 1]


def test_numbers_of_a_backend_are_kept() -> None:
    updates = history.list_updates(FakeStacks([make_summary(version=9), make_summary(version=7)]), DATA)
    assert [update.version for update in updates] == [9, 7]


def test_update_has_its_user_commit_and_settings() -> None:
    stacks = FakeStacks([make_summary("abc", dirty=True, settings={"fraud-data:x": "1"})])
    [update] = history.list_updates(stacks, DATA)
    assert (update.commit, update.dirty, update.message.by) == ("abc", True, "Ann")
    assert update.started == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert update.changes == Changes(create=2, same=1)
    assert update.settings == {"fraud-data:x": "1"}


def test_update_without_git_has_no_commit() -> None:
    [update] = history.list_updates(FakeStacks([make_summary(dirty=None)]), DATA)
    assert (update.commit, update.dirty, update.worktree_state) == ("", None, "-")


def test_row_has_all_fields(capsys: pytest.CaptureFixture[str]) -> None:
    history.show_history(LOCAL, FakeStacks([make_summary("1a2b3c4d5e6f", dirty=True)]), DATA)
    row = capsys.readouterr().out.splitlines()[-2]
    assert [cell.strip() for cell in row.strip("│").split("│")] == [
        "1",
        "2026-01-02 03:04:05",
        "Ann",
        "1a2b3c4",
        "dirty",
        "succeeded",
        "update",
        "2 created",
        "deploy data",
    ]


def test_narrow_table_has_fewer_columns_and_no_shortened_text() -> None:
    updates = history.list_updates(FakeStacks([make_summary("1a2b3c4d5e6f", dirty=True)]), DATA)
    output = Console(width=80)
    table = history.build_table(updates, "data", output)
    with output.capture() as capture:
        output.print(table)
    assert "2026-01-02 03:04:05" in capture.get()
    assert "…" not in capture.get()


def test_limit_shows_the_newest_updates(capsys: pytest.CaptureFixture[str]) -> None:
    stacks = FakeStacks([make_summary(), make_summary(), make_summary()])
    history.show_history(LOCAL, stacks, DATA, limit=2, as_json=True)
    assert [update["version"] for update in json.loads(capsys.readouterr().out)] == [3, 2]


def test_json_has_null_for_unknown_values(capsys: pytest.CaptureFixture[str]) -> None:
    history.show_history(LOCAL, FakeStacks([make_summary(dirty=None, message="by hand")]), DATA, as_json=True)
    [update] = json.loads(capsys.readouterr().out)
    assert update == {
        "version": 1,
        "started": "2026-01-02T03:04:05+00:00",
        "by": "",
        "commit": "",
        "dirty": None,
        "result": "succeeded",
        "kind": "update",
        "changes": {"create": 2, "update": 0, "replace": 0, "delete": 0, "same": 1},
        "message": "by hand",
        "override": "",
        "rollback": "",
    }


def test_layer_without_updates_is_refused_with_the_command_to_deploy_it() -> None:
    with pytest.raises(UserError) as refused:
        history.show_history(LOCAL, FakeStacks(), DATA)
    assert "deploy --env local --layer data" in refused.value.hint
