import json
from collections.abc import Mapping
from typing import Any

import pytest

from orchestration.environments import find_environment
from orchestration.layers import LAYERS, Layer
from orchestration.pulumi.engine import Engine
from orchestration.rollback.recover import Recovery
from orchestration.state.locks import LockHolder
from terminal.errors import PartialFailureError, UserError

DATA = LAYERS[1]
URN = "urn:pulumi:dev::fraud-data::fraud:data:Suspicious$aws:sqs/queue:Queue::suspicious"
BACKUP = "backup 20260102"


def interrupted_state(*operations: str) -> dict[str, Any]:
    """The state of a stack with pending operations."""
    pending = [{"type": operation, "resource": {"urn": URN}} for operation in operations]
    return {"resources": [{}], "pending_operations": pending}


class FakeStack(Engine):
    """A stack with a lock that is exported as each of `states` in turn. Records its calls."""

    def __init__(self, *states: Mapping[str, Any], held_by: LockHolder | None = None) -> None:
        self.states = list(states) or [interrupted_state("creating"), interrupted_state()]
        self.held_by = held_by
        self.calls: list[str] = []

    def export_deployment(self, layer: Layer) -> dict[str, Any]:
        return dict(self.states.pop(0))

    def cancel(self, layer: Layer) -> None:
        self.calls.append("cancel")

    def run_cli(self, layer: Layer, *arguments: str) -> str:
        self.calls.append(" ".join(arguments))
        return ""

    def interrupt(self) -> None:
        self.calls.append("interrupt")

    def holder(self, layer: Layer) -> LockHolder | None:
        return self.held_by

    def save(self, layer: Layer) -> str:
        self.calls.append("save")
        return BACKUP

    def confirm(self, question: str) -> None:
        self.calls.append("confirm")

    def recover(self, **options: Any) -> None:
        Recovery(
            find_environment("dev"),
            self,
            self,
            save=self.save,
            confirm=self.confirm,
            by="Ann",
            host="here",
            **options,
        ).run(DATA)


def test_state_is_saved_before_the_refresh(capsys: pytest.CaptureFixture[str]) -> None:
    stack = FakeStack()
    stack.recover()
    assert stack.calls == [
        "save",
        "confirm",
        "refresh --stack dev --yes --skip-preview --clear-pending-creates --message recover data\n\nBy: Ann",
    ]
    assert BACKUP in capsys.readouterr().err


def test_interrupted_operations_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    FakeStack(interrupted_state("updating", "deleting"), interrupted_state()).recover()
    printed = capsys.readouterr()
    assert "updating suspicious (aws:sqs/queue:Queue)" in printed.out
    assert "deleting suspicious (aws:sqs/queue:Queue)" in printed.out
    assert "deploy --env dev --layer data" in printed.err
    assert "pulumi import" not in printed.err


def test_interrupted_creation_has_the_command_that_imports_the_resource(
    capsys: pytest.CaptureFixture[str],
) -> None:
    FakeStack().recover()
    printed = capsys.readouterr().err
    assert "suspicious (aws:sqs/queue:Queue)" in printed
    assert "pulumi import -C stacks/data -s dev aws:sqs/queue:Queue suspicious" in printed


def test_lock_is_removed_after_a_question_of_its_own() -> None:
    stack = FakeStack(held_by=LockHolder("bob", "elsewhere", 12))
    stack.recover()
    assert stack.calls[:4] == ["save", "confirm", "cancel", "confirm"]


def test_lock_of_an_ended_process_is_removed_without_a_question() -> None:
    stack = FakeStack(held_by=LockHolder("ann", "here", 12, process_ended=True))
    stack.recover()
    assert stack.calls[:2] == ["save", "cancel"]


def test_update_that_is_running_here_is_refused() -> None:
    stack = FakeStack(held_by=LockHolder("ann", "here", 12))
    with pytest.raises(UserError) as refused:
        stack.recover()
    assert "ann@here" in refused.value.message
    assert stack.calls == []


def test_operations_that_remain_unknown_are_a_partial_failure() -> None:
    stack = FakeStack(interrupted_state("updating"), interrupted_state("updating"))
    with pytest.raises(PartialFailureError) as failed:
        stack.recover()
    assert "updating suspicious" in failed.value.message
    assert BACKUP in failed.value.hint


def test_layer_that_was_never_deployed_is_refused() -> None:
    with pytest.raises(UserError) as refused:
        FakeStack({}).recover()
    assert "data" in refused.value.message
    assert "'dev'" in refused.value.message


def test_guard_is_checked_first() -> None:
    def guard() -> None:
        raise UserError("the wrong account")

    stack = FakeStack()
    with pytest.raises(UserError) as refused:
        stack.recover(guard=guard)
    assert refused.value.message == "the wrong account"
    assert stack.calls == []


def test_json_has_the_same_facts(capsys: pytest.CaptureFixture[str]) -> None:
    FakeStack(held_by=LockHolder("ann", "here", 12, process_ended=True)).recover(as_json=True)
    assert json.loads(capsys.readouterr().out) == {
        "layer": "data",
        "backup": BACKUP,
        "lock": {"user": "ann", "host": "here", "pid": 12, "since": None, "gone": True},
        "pending": [
            {"operation": "creating", "resource": "suspicious (aws:sqs/queue:Queue)", "urn": URN, "id": ""}
        ],
        "may_exist": ["suspicious (aws:sqs/queue:Queue)"],
    }
