import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from orchestration.environments import find
from orchestration.layers import LAYERS, Layer
from orchestration.rollback.recover import Recovery, Ways
from orchestration.state.locks import Holder
from terminal.errors import PartlyDoneError, UserError

DATA = LAYERS[1]
URN = "urn:pulumi:dev::fraud-data::fraud:data:Suspicious$aws:sqs/queue:Queue::suspicious"
BACKUP = "backup 20260102"


def state(*operations: str) -> dict[str, Any]:
    """A stack in which these were cut off."""
    return {
        "resources": [{}],
        "pending_operations": [{"type": one, "resource": {"urn": URN}} for one in operations],
    }


@dataclass
class World:
    """A stack whose states are `states`, one after the other, and all that is asked of the engine."""

    states: list[Mapping[str, Any]] = field(default_factory=lambda: [state("creating"), state()])
    held_by: Holder | None = None
    calls: list[str] = field(default_factory=list)

    def exported(self, layer: Layer) -> dict[str, Any]:
        return dict(self.states.pop(0))

    def cancel(self, layer: Layer) -> None:
        self.calls.append("cancel")

    def ask(self, layer: Layer, *arguments: str) -> str:
        self.calls.append(" ".join(arguments))
        return ""

    def interrupt(self) -> None:
        self.calls.append("interrupt")

    def holder(self, layer: Layer) -> Holder | None:
        return self.held_by

    def save(self, layer: Layer) -> str:
        self.calls.append("save")
        return BACKUP

    def confirm(self, question: str) -> None:
        self.calls.append(f"ask: {question}")

    def recover(self, ways: Ways | None = None) -> None:
        recovery = Recovery(
            find("dev"),
            self,
            self,
            save=self.save,
            confirm=self.confirm,
            ways=ways or Ways(by="Ann"),
            host="here",
        )
        recovery.run(DATA)


def test_the_state_is_kept_before_it_is_brought_in_line(capsys: pytest.CaptureFixture[str]) -> None:
    world = World()
    world.recover()
    assert world.calls == [
        "save",
        "ask: Bring the state of data in line with what AWS has?",
        "refresh --stack dev --yes --skip-preview --clear-pending-creates --message recover data\n\nBy: Ann",
    ]
    assert "kept: backup 20260102" in capsys.readouterr().err


def test_what_was_cut_off_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    World(states=[state("updating", "deleting"), state()]).recover()
    captured = capsys.readouterr()
    assert "updating suspicious (aws:sqs/queue:Queue)" in captured.out
    assert "deleting suspicious (aws:sqs/queue:Queue)" in captured.out
    assert "Deploying is safe: invoke deploy --env dev --layer data" in captured.err
    assert "may exist" not in captured.err


def test_what_was_being_created_is_not_lost_in_silence(capsys: pytest.CaptureFixture[str]) -> None:
    World().recover()
    said = capsys.readouterr().err
    assert "suspicious (aws:sqs/queue:Queue) may exist in AWS without Pulumi knowing" in said
    assert "pulumi import -C stacks/data -s dev aws:sqs/queue:Queue suspicious <its id>" in said
    assert "Deploying is safe once that is settled" in said


def test_a_lock_is_taken_away_after_a_question_of_its_own() -> None:
    world = World(held_by=Holder("bob", "elsewhere", 12))
    world.recover()
    assert world.calls[1].startswith("ask: data is locked by bob@elsewhere (process 12). If that still runs")
    assert world.calls[2] == "cancel"


def test_a_lock_whose_process_is_gone_needs_no_question(capsys: pytest.CaptureFixture[str]) -> None:
    world = World(held_by=Holder("ann", "here", 12, gone=True))
    world.recover()
    assert world.calls[:2] == ["save", "cancel"]
    assert "The lock of data is taken away." in capsys.readouterr().err


def test_an_update_that_is_under_way_here_is_left_alone() -> None:
    world = World(held_by=Holder("ann", "here", 12))
    with pytest.raises(UserError, match=r"An update of data is under way: ann@here"):
        world.recover()
    assert world.calls == []


def test_what_is_still_unknown_afterwards_is_said() -> None:
    world = World(states=[state("updating"), state("updating")])
    with pytest.raises(PartlyDoneError, match=r"still has operations .*updating suspicious.*backup 20260102"):
        world.recover()


def test_a_layer_that_was_never_deployed_has_nothing_to_recover() -> None:
    with pytest.raises(UserError, match="data was never deployed in 'dev'"):
        World(states=[{}]).recover()


def test_a_guard_comes_before_everything() -> None:
    def guard() -> None:
        raise UserError("the wrong account")

    world = World()
    with pytest.raises(UserError, match="the wrong account"):
        world.recover(Ways(guard=guard))
    assert world.calls == []


def test_json_tells_scripts_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    World(held_by=Holder("ann", "here", 12, gone=True)).recover(Ways(as_json=True))
    assert json.loads(capsys.readouterr().out) == {
        "layer": "data",
        "backup": "backup 20260102",
        "lock": {"user": "ann", "host": "here", "pid": 12, "since": None, "gone": True},
        "pending": [
            {"operation": "creating", "resource": "suspicious (aws:sqs/queue:Queue)", "urn": URN, "id": ""}
        ],
        "may_exist": ["suspicious (aws:sqs/queue:Queue)"],
    }
