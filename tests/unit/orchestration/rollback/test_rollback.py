import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from orchestration.environments import find_environment
from orchestration.git import Git
from orchestration.layers import LAYERS, Layer
from orchestration.planning.compatibility import STACK_REFERENCE
from orchestration.pulumi.engine import Engine
from orchestration.pulumi.errors import LayerError
from orchestration.pulumi.results import Changes, OperationResult, Step
from orchestration.rollback.rollback import Rollback
from shared.contracts import RESERVED
from terminal.errors import PartialFailureError, UserError
from tests import repository
from tests.repository import commit_files
from tests.unit.orchestration.stacks import FakeStacks
from tests.unit.orchestration.updates import make_summary

DATA = LAYERS[1]
FUNCTION = Step("update", "aws:lambda/function:Function", "fraud", ("code",))
OUTPUTS = {
    "queue": "q",
    RESERVED: {"outputs": {"queue": "string"}, "inputs": {"foundation": {"key": "string"}}},
}
UPSTREAM = {"foundation": {"key": "k", RESERVED: {"outputs": {"key": "string"}, "inputs": {}}}}


def plan(*steps: Step, outputs: Mapping[str, Any] = OUTPUTS) -> OperationResult:
    return OperationResult(Changes(update=len(steps)), outputs=outputs, outputs_before=OUTPUTS, steps=steps)


def declare(
    inputs: Mapping[str, Mapping[str, str]], outputs: Mapping[str, str] | None = None
) -> dict[str, Any]:
    return {RESERVED: {"outputs": outputs or {}, "inputs": inputs}}


class RollbackFixture(Engine):
    """A repository with deployed commits of `data`, and a fake engine of the earlier commit.

    `plans` are the results of its previews, in turn, and `update_result` that of its update.
    """

    def __init__(self, git: Git, stacks: FakeStacks, target: str, current: str) -> None:
        self.git, self.stacks, self.target, self.current = git, stacks, target, current
        self.plans: list[OperationResult | LayerError] = [plan(FUNCTION), plan()]
        self.update_result: OperationResult | LayerError = plan(FUNCTION)
        self.calls: list[str] = []

    @contextmanager
    def open_engine_at(self, layer: Layer, commit: str) -> Iterator[Engine]:
        self.calls.append(f"open {commit}")
        try:
            yield self
        finally:
            self.calls.append("close")

    def preview(self, layer: Layer, **options: Any) -> OperationResult:
        self.calls.append("preview")
        return self._return(self.plans.pop(0))

    def up(self, layer: Layer, *, message: str = "", **options: Any) -> OperationResult:
        self.calls.append(f"up {message}")
        self.stacks.updates.insert(0, make_summary(self.target, message=message))
        return self._return(self.update_result)

    def confirm(self, question: str) -> None:
        self.calls.append("confirm")

    def run(self, **options: Any) -> None:
        environment = find_environment("local", self.git.root)
        Rollback(
            environment,
            self.stacks,
            self.git,
            self.open_engine_at,
            **{"confirm": self.confirm, **options},
        ).run(DATA)

    def refuse(self, error: type[UserError] = UserError, **options: Any) -> UserError:
        """Run a rollback that has to fail."""
        with pytest.raises(error) as refused:
            self.run(**options)
        return refused.value

    @property
    def changed_nothing(self) -> bool:
        return not any(call.startswith(("up", "backup")) for call in self.calls)

    @staticmethod
    def _return(result: OperationResult | LayerError) -> OperationResult:
        if isinstance(result, LayerError):
            raise result
        return result


@pytest.fixture
def fixture(tmp_path: Path) -> RollbackFixture:
    git = repository.create_repository(tmp_path / "clone")
    first = commit_files(git, "feat: one", {"stacks/data/__main__.py": "1"})
    second = commit_files(git, "feat: two", {"stacks/data/__main__.py": "2"})
    commit_files(git, "feat: of another layer", {"stacks/edge/__main__.py": "1"})
    third = commit_files(git, "feat: three", {"stacks/data/__main__.py": "3"})
    stacks = FakeStacks([make_summary(third), make_summary(second), make_summary(first)], given=UPSTREAM)
    return RollbackFixture(git, stacks, target=second, current=third)


def test_earlier_commit_is_previewed_confirmed_backed_up_applied_and_verified(
    fixture: RollbackFixture,
) -> None:
    fixture.run(by="Ann", backup=lambda layer: fixture.calls.append(f"backup {layer.name}"))
    assert fixture.calls == [
        f"open {fixture.target}",
        "preview",
        "confirm",
        "backup data",
        f"up rollback to 2 ({fixture.target[:7]})\n\nBy: Ann\nRollback: 2",
        "preview",
        "close",
    ]


def test_versions_commits_and_changes_are_shown(
    fixture: RollbackFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    fixture.run()
    printed = capsys.readouterr()
    assert f"version 3: {fixture.current[:7]} feat: three (2026-01-02 03:04 UTC by Ann)" in printed.out
    assert f"version 2: {fixture.target[:7]} feat: two" in printed.out
    assert f"reverted: {fixture.current[:7]} feat: three" in printed.out
    assert "of another layer" not in printed.out
    assert "update  fraud (aws:lambda/function:Function)" in printed.out
    assert "rollback --env local --layer data --to 3" in printed.err


def test_json_has_the_same_facts(fixture: RollbackFixture, capsys: pytest.CaptureFixture[str]) -> None:
    fixture.run(as_json=True)
    assert json.loads(capsys.readouterr().out) == {
        "layer": "data",
        "from": {"version": 3, "commit": fixture.current, "dirty": False},
        "to": {"version": 2, "commit": fixture.target, "dirty": False},
        "undone": [{"id": fixture.current, "subject": "feat: three"}],
        "brought_back": [],
        "changes": {"create": 0, "update": 1, "replace": 0, "delete": 0, "same": 0},
        "resources": [msgspec.json.decode(msgspec.json.encode(FUNCTION))],
        "version": 4,
    }


def test_commit_of_other_layers_is_skipped(fixture: RollbackFixture) -> None:
    other = commit_files(fixture.git, "feat: edge", {"stacks/edge/__main__.py": "2"})
    fixture.stacks.updates.insert(0, make_summary(other))
    fixture.run()
    assert f"open {fixture.target}" in fixture.calls


def test_same_commit_with_other_settings_is_restored(fixture: RollbackFixture) -> None:
    fixture.stacks.updates.insert(0, make_summary(fixture.current, settings={"fraud-data:x": "2"}))
    fixture.run()
    assert f"open {fixture.current}" in fixture.calls


def test_nothing_is_applied_if_nothing_would_change(fixture: RollbackFixture) -> None:
    fixture.plans = [plan()]
    fixture.run()
    assert fixture.calls == [f"open {fixture.target}", "preview", "close"]


def test_changed_output_is_applied(fixture: RollbackFixture, capsys: pytest.CaptureFixture[str]) -> None:
    fixture.plans = [plan(outputs={**OUTPUTS, "more": "x"}), plan()]
    fixture.run()
    assert not fixture.changed_nothing
    assert "output more" in capsys.readouterr().out


def test_nothing_is_changed_if_the_user_declines(fixture: RollbackFixture) -> None:
    def decline(_question: str) -> None:
        raise UserError("Nothing was changed.")

    fixture.refuse(confirm=decline)
    assert fixture.changed_nothing
    assert fixture.calls[-1] == "close"


def test_guard_is_checked_first(fixture: RollbackFixture) -> None:
    def guard() -> None:
        raise UserError("the wrong account")

    assert fixture.refuse(guard=guard).message == "the wrong account"
    assert fixture.calls == []


def test_commit_that_the_clone_lacks_is_refused(fixture: RollbackFixture) -> None:
    fixture.stacks.updates[1] = make_summary("0" * 40)
    error = fixture.refuse()
    assert "0000000" in error.message
    assert "git fetch" in error.hint
    assert fixture.calls == []


def test_pending_operations_are_refused(fixture: RollbackFixture) -> None:
    urn = "urn:pulumi:local::fraud-data::aws:sqs/queue:Queue::suspicious"
    fixture.stacks.state = {"pending_operations": [{"type": "creating", "resource": {"urn": urn}}]}
    error = fixture.refuse()
    assert "creating suspicious" in error.message
    assert "recover --env local --layer data" in error.hint
    assert fixture.calls == []


def test_missing_upstream_layer_is_refused(fixture: RollbackFixture) -> None:
    fixture.stacks.given = {}
    assert "foundation" in fixture.refuse().message
    assert fixture.calls == []


@pytest.mark.parametrize("operation", ["replace", "delete"])
def test_loss_of_data_is_refused(fixture: RollbackFixture, operation: str) -> None:
    fixture.plans = [plan(Step(operation, "aws:dynamodb/table:Table", "transactions"))]
    message = fixture.refuse().message
    assert "Version 2" in message
    assert "transactions (aws:dynamodb/table:Table)" in message
    assert fixture.changed_nothing
    assert fixture.calls[-1] == "close"


def test_update_of_a_resource_with_data_is_applied(fixture: RollbackFixture) -> None:
    fixture.plans = [plan(Step("update", "aws:dynamodb/table:Table", "transactions")), plan()]
    fixture.run()
    assert not fixture.changed_nothing


def test_protected_resource_is_refused_without_advice_to_unprotect_it(fixture: RollbackFixture) -> None:
    fixture.plans = [LayerError("data: key (aws:kms/key:Key): cannot be deleted because it is protected.")]
    error = fixture.refuse()
    assert "key (aws:kms/key:Key)" in error.message
    assert "because" not in error.message
    assert fixture.changed_nothing


@pytest.mark.parametrize(
    "reason",
    [
        "data: stacks/data/__main__.py:3: KeyError: 'x'",
        "data: stacks/data/__main__.py:3: ImportError: no shared.protection",
    ],
)
def test_failing_program_is_refused_with_its_error(fixture: RollbackFixture, reason: str) -> None:
    fixture.plans = [LayerError(reason)]
    assert reason in fixture.refuse().message
    assert fixture.changed_nothing


def test_output_that_a_deployed_consumer_reads_cannot_be_removed(fixture: RollbackFixture) -> None:
    consumer = declare({"data": {"queue": "string"}})
    fixture.stacks.given = {**UPSTREAM, "data": OUTPUTS, "edge": consumer}
    fixture.plans = [plan(FUNCTION, outputs={"other": "x", **declare({}, {"other": "string"})})]
    message = fixture.refuse().message
    assert "queue" in message
    assert "edge" in message
    assert fixture.changed_nothing


def test_input_of_the_earlier_program_has_to_exist(fixture: RollbackFixture) -> None:
    fixture.plans = [plan(FUNCTION, outputs=declare({"foundation": {"old_key": "string"}}))]
    message = fixture.refuse().message
    assert "old_key" in message
    assert "foundation" in message
    assert fixture.changed_nothing


def test_changes_in_the_verification_are_a_partial_failure(fixture: RollbackFixture) -> None:
    fixture.plans = [plan(FUNCTION), plan(FUNCTION)]
    assert "fraud" in fixture.refuse(PartialFailureError).message


@pytest.mark.parametrize(("may_have_changed", "status"), [(True, 3), (False, 1)])
def test_exit_code_of_a_failed_update_depends_on_whether_a_change_has_started(
    fixture: RollbackFixture, may_have_changed: bool, status: int
) -> None:
    failure = LayerError("data: out of things")
    failure.may_have_changed = may_have_changed
    fixture.update_result = failure
    error = fixture.refuse()
    assert error.status == status
    assert "data: out of things" in error.message
    assert fixture.calls[-1] == "close"


def test_failed_verification_is_a_partial_failure(fixture: RollbackFixture) -> None:
    failure = LayerError("data: no")
    failure.may_have_changed = False
    fixture.plans = [plan(FUNCTION), failure]
    assert fixture.refuse(PartialFailureError).status == 3


@pytest.mark.parametrize(("previous", "is_stale"), [("q", True), ("other", False)])
def test_consumer_that_read_another_value_is_named(
    fixture: RollbackFixture, capsys: pytest.CaptureFixture[str], previous: str, is_stale: bool
) -> None:
    other = {**OUTPUTS, "queue": "other"}
    fixture.update_result = OperationResult(Changes(update=1), outputs=other, outputs_before=OUTPUTS)
    consumer = declare({"data": {"queue": "string"}})
    fixture.stacks.given = {**UPSTREAM, "data": OUTPUTS, "processing": consumer}
    reference = {"name": "organization/fraud-data/local", "outputs": {**OUTPUTS, "queue": previous}}
    resource = {"type": STACK_REFERENCE, "urn": "::reference", "outputs": reference}
    fixture.stacks.state = {"resources": [resource]}
    fixture.run()
    printed = capsys.readouterr().err
    assert ("processing" in printed) is is_stale
    assert ("data.queue" in printed) is is_stale


def test_earlier_program_may_read_a_layer_that_the_current_one_does_not(fixture: RollbackFixture) -> None:
    inputs = {"foundation": {"key": "string"}, "edge": {"url": "string"}}
    fixture.stacks.given = {**UPSTREAM, "edge": {"url": "u"}}
    old = {**OUTPUTS, **declare(inputs, {"queue": "string"})}
    fixture.plans = [plan(FUNCTION, outputs=old), plan(outputs=old)]
    fixture.run()
    assert not fixture.changed_nothing
