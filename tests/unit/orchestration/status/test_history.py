import json

import pytest
from pulumi.automation import UpdateSummary

from orchestration.environments import find
from orchestration.layers import LAYERS, Layer
from orchestration.pulumi.results import Changes
from orchestration.status import history
from terminal.errors import UserError
from tests.unit.orchestration.updates import summary

DATA = LAYERS[1]


class Stacks:
    """An engine whose only stack has had these updates, newest first."""

    def __init__(self, *summaries: UpdateSummary) -> None:
        self._summaries = summaries

    def history(self, layer: Layer) -> list[UpdateSummary]:
        return list(self._summaries)


def test_updates_without_numbers_are_counted_from_the_first() -> None:
    assert [update.version for update in history.updates(Stacks(summary(), summary()), DATA)] == [2, 1]


def test_the_numbers_of_a_backend_are_kept() -> None:
    found = history.updates(Stacks(summary(version=9), summary(version=7)), DATA)
    assert [update.version for update in found] == [9, 7]


def test_an_update_says_who_made_it_from_what() -> None:
    [update] = history.updates(Stacks(summary("abc", dirty=True, settings={"fraud-data:x": "1"})), DATA)
    assert (update.commit, update.dirty, update.message.by) == ("abc", True, "Ann")
    assert update.started.isoformat() == "2026-01-02T03:04:05+00:00"
    assert update.changes == Changes(create=2, same=1)
    assert update.settings == {"fraud-data:x": "1"}


def test_an_update_of_a_tree_without_git_has_no_commit() -> None:
    [update] = history.updates(Stacks(summary(dirty=None)), DATA)
    assert (update.commit, update.dirty, update.tree) == ("", None, "-")


def test_a_row_has_all_that_is_known(capsys: pytest.CaptureFixture[str]) -> None:
    history.show(find("local"), Stacks(summary("1a2b3c4d5e6f", dirty=True)), DATA)
    row = capsys.readouterr().out.splitlines()[-2]
    cells = [cell.strip() for cell in row.strip("│").split("│")]
    assert cells == [
        *(
            "1",
            "2026-01-02 03:04:05",
            "Ann",
            "1a2b3c4",
            "dirty",
            "succeeded",
            "update",
            "2 created",
            "deploy data",
        )
    ]


def test_a_limit_shows_the_newest(capsys: pytest.CaptureFixture[str]) -> None:
    history.show(find("local"), Stacks(summary(), summary(), summary()), DATA, limit=2, as_json=True)
    assert [update["version"] for update in json.loads(capsys.readouterr().out)] == [3, 2]


def test_json_tells_apart_what_is_not_known(capsys: pytest.CaptureFixture[str]) -> None:
    history.show(find("local"), Stacks(summary(dirty=None, message="by hand")), DATA, as_json=True)
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


def test_no_history_says_what_to_do() -> None:
    with pytest.raises(UserError, match=r"no history in .local.\..* invoke deploy --env local --layer data"):
        history.show(find("local"), Stacks(), DATA)
