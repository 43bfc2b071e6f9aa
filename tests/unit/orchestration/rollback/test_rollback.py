import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from orchestration.environments import find
from orchestration.git import Git
from orchestration.layers import LAYERS, Layer
from orchestration.planning.compatibility import STACK_REFERENCE
from orchestration.pulumi.errors import LayerError
from orchestration.pulumi.results import Changes, Outcome, Step
from orchestration.rollback.rollback import Rollback, Ways
from shared.contracts import RESERVED
from terminal.errors import PartlyDoneError, UserError
from tests import repository
from tests.repository import commit
from tests.unit.orchestration.stacks import Stacks
from tests.unit.orchestration.updates import summary

FOUNDATION, DATA, PROCESSING, EDGE, *_ = LAYERS
RULE = Step("update", "aws:lambda/function:Function", "fraud", ("code",))
OUTPUTS = {"queue": "q", RESERVED: {"gives": {"queue": "text"}, "reads": {"foundation": {"key": "text"}}}}
UPSTREAM = {"foundation": {"key": "k", RESERVED: {"gives": {"key": "text"}, "reads": {}}}}


def plan(*steps: Step, outputs: Mapping[str, Any] = OUTPUTS) -> Outcome:
    """What would change: these resources."""
    return Outcome(Changes(update=len(steps)), outputs=outputs, before=OUTPUTS, steps=steps)


@dataclass
class World:
    """A repository with two commits of `data`, both deployed, and all that is asked of the engine."""

    git: Git
    stacks: Stacks
    first: str
    second: str
    plans: list[Outcome | LayerError] = field(default_factory=lambda: [plan(RULE), plan()])
    calls: list[str] = field(default_factory=list)

    @contextmanager
    def at_commit(self, layer: Layer, commit_: str) -> Iterator["World"]:
        self.calls.append(f"at {commit_}")
        try:
            yield self
        finally:
            self.calls.append("away")

    def preview(self, layer: Layer, *, refresh: bool) -> Outcome:
        self.calls.append("preview")
        found = self.plans.pop(0)
        if isinstance(found, LayerError):
            raise found
        return found

    def up(self, layer: Layer, *, message: str, refresh: bool) -> Outcome:
        self.calls.append(f"up {message}")
        self.stacks.history_.insert(0, summary(self.first, message=message))
        return plan(RULE)

    def interrupt(self) -> None:
        self.calls.append("interrupt")

    def confirm(self, question: str) -> None:
        self.calls.append(f"ask {question}")

    def rollback(self, ways: Ways | None = None) -> Rollback:
        ways = ways or Ways()
        environment = find("local", self.git.root)
        return Rollback(environment, self.stacks, self.git, self.at_commit, confirm=self.confirm, ways=ways)


@pytest.fixture
def world(tmp_path: Path) -> World:
    git = repository.make(tmp_path / "clone")
    first = commit(git, "feat: one", {"stacks/data/__main__.py": "1"})
    second = commit(git, "feat: two", {"stacks/data/__main__.py": "2"})
    commit(git, "feat: of another layer", {"stacks/edge/__main__.py": "1"})
    third = commit(git, "feat: three", {"stacks/data/__main__.py": "3"})
    stacks = Stacks([summary(third), summary(second), summary(first)], given=UPSTREAM)
    return World(git, stacks, first=second, second=third)


def changed_nothing(world: World) -> bool:
    return not [call for call in world.calls if call.startswith(("up", "backup"))]


def test_the_old_commit_is_previewed_asked_about_kept_applied_and_previewed_again(world: World) -> None:
    ways = Ways(by="Ann", backup=lambda layer: world.calls.append(f"backup {layer.name}"))
    world.rollback(ways).run(DATA)
    message = f"rollback to 2 ({world.first[:7]})\n\nBy: Ann\nRollback: 2"
    assert world.calls == [
        f"at {world.first}",
        "preview",
        "ask Roll data in 'local' back to this?",
        "backup data",
        f"up {message}",
        "preview",
        "away",
    ]


def test_it_says_from_where_to_where_and_what_goes(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.rollback().run(DATA)
    captured = capsys.readouterr()
    assert f"from version 3: {world.second[:7]} feat: three (2026-01-02 03:04 UTC by Ann)" in captured.out
    assert f"to   version 2: {world.first[:7]} feat: two" in captured.out
    assert f"goes: {world.second[:7]} feat: three" in captured.out
    assert "of another layer" not in captured.out
    assert "update  fraud (aws:lambda/function:Function)" in captured.out
    assert "To go forward again: invoke rollback --env local --layer data --to 3" in captured.err


def test_json_tells_scripts_the_same(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.rollback(Ways(as_json=True)).run(DATA)
    assert json.loads(capsys.readouterr().out) == {
        "layer": "data",
        "from": {"version": 3, "commit": world.second, "dirty": False},
        "to": {"version": 2, "commit": world.first, "dirty": False},
        "undone": [{"id": world.second, "subject": "feat: three"}],
        "brought_back": [],
        "changes": {"create": 0, "update": 1, "replace": 0, "delete": 0, "same": 0},
        "resources": [RULE.as_dict()],
        "version": 4,
    }


def test_a_commit_that_touched_other_layers_only_is_passed_over(world: World) -> None:
    elsewhere = commit(world.git, "feat: edge", {"stacks/edge/__main__.py": "2"})
    world.stacks.history_.insert(0, summary(elsewhere))
    world.rollback().run(DATA)
    assert f"at {world.first}" in world.calls


def test_other_settings_of_the_same_commit_are_another_state(world: World) -> None:
    world.stacks.history_.insert(0, summary(world.second, settings={"fraud-data:x": "2"}))
    world.rollback().run(DATA)
    assert f"at {world.second}" in world.calls


def test_nothing_is_done_where_nothing_would_change(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.plans = [plan()]
    world.rollback().run(DATA)
    assert world.calls == [f"at {world.first}", "preview", "away"]
    assert "Nothing to do" in capsys.readouterr().err


def test_an_output_that_changes_is_something_to_do(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.plans = [plan(outputs={**OUTPUTS, "more": "x"}), plan()]
    world.rollback().run(DATA)
    assert not changed_nothing(world)
    assert "output more would come" in capsys.readouterr().out


def test_who_does_not_agree_changes_nothing(world: World) -> None:
    def refuse(question: str) -> None:
        raise UserError("Nothing was changed.")

    world.confirm = refuse  # type: ignore[method-assign]
    with pytest.raises(UserError, match="Nothing was changed"):
        world.rollback().run(DATA)
    assert changed_nothing(world)
    assert world.calls[-1] == "away"


def test_a_guard_comes_before_everything(world: World) -> None:
    def guard() -> None:
        raise UserError("the wrong account")

    with pytest.raises(UserError, match="the wrong account"):
        world.rollback(Ways(guard=guard)).run(DATA)
    assert world.calls == []


def test_a_commit_that_is_not_in_the_clone_is_refused(world: World) -> None:
    world.stacks.history_[1] = summary("0" * 40)
    with pytest.raises(UserError, match=r"Commit 0000000 of version 2 is not in this clone.*git fetch"):
        world.rollback().run(DATA)
    assert world.calls == []


def test_operations_of_unknown_result_are_refused(world: World) -> None:
    urn = "urn:pulumi:local::fraud-data::aws:sqs/queue:Queue::suspicious"
    world.stacks.state = {"pending_operations": [{"type": "creating", "resource": {"urn": urn}}]}
    with pytest.raises(
        UserError, match=r"cut off.*creating suspicious .*invoke recover --env local --layer data"
    ):
        world.rollback().run(DATA)
    assert world.calls == []


def test_an_upstream_layer_that_is_gone_is_refused(world: World) -> None:
    world.stacks.given = {}
    with pytest.raises(UserError, match="data reads foundation, which is not deployed"):
        world.rollback().run(DATA)
    assert world.calls == []


@pytest.mark.parametrize("operation", ["replace", "delete"])
def test_losing_something_stateful_is_refused_and_named(world: World, operation: str) -> None:
    world.plans = [plan(Step(operation, "aws:dynamodb/table:Table", "transactions"))]
    with pytest.raises(
        UserError, match=rf"Version 2 is not brought back.*transactions .* would be {operation}d"
    ):
        world.rollback().run(DATA)
    assert changed_nothing(world)
    assert world.calls[-1] == "away"


def test_changing_something_stateful_is_not_refused(world: World) -> None:
    world.plans = [plan(Step("update", "aws:dynamodb/table:Table", "transactions")), plan()]
    world.rollback().run(DATA)
    assert not changed_nothing(world)


def test_losing_something_protected_is_refused_without_advice_to_unprotect(world: World) -> None:
    world.plans = [LayerError("data: key (aws:kms/key:Key): cannot be deleted because it is protected.")]
    with pytest.raises(UserError, match=r"brought back: key \(aws:kms/key:Key\) would be .* is protected\."):
        world.rollback().run(DATA)
    assert changed_nothing(world)


def test_a_program_that_fails_is_refused(world: World) -> None:
    world.plans = [LayerError("data: stacks/data/__main__.py:3: KeyError: 'x'")]
    with pytest.raises(UserError, match=r"Version 2 cannot be brought back.*__main__.py:3: KeyError"):
        world.rollback().run(DATA)
    assert changed_nothing(world)


def test_what_a_deployed_consumer_uses_must_stay(world: World) -> None:
    uses = {RESERVED: {"gives": {}, "reads": {"data": {"queue": "text"}}}}
    world.stacks.given = {**UPSTREAM, "data": OUTPUTS, "edge": uses}
    world.plans = [plan(RULE, outputs={"other": "x", RESERVED: {"gives": {"other": "text"}, "reads": {}}})]
    with pytest.raises(UserError, match=r"queue.*edge"):
        world.rollback().run(DATA)
    assert changed_nothing(world)


def test_what_the_old_program_reads_must_be_there(world: World) -> None:
    world.plans = [
        plan(RULE, outputs={RESERVED: {"gives": {}, "reads": {"foundation": {"old_key": "text"}}}})
    ]
    with pytest.raises(UserError, match=r"old_key.*foundation"):
        world.rollback().run(DATA)
    assert changed_nothing(world)


def test_a_rollback_that_does_not_settle_says_so(world: World) -> None:
    world.plans = [plan(RULE), plan(RULE)]
    with pytest.raises(PartlyDoneError, match=r"a new preview still finds fraud .* to change"):
        world.rollback().run(DATA)


def test_an_update_that_fails_may_have_changed_something(world: World) -> None:
    def fail(layer: Layer, *, message: str, refresh: bool) -> Outcome:
        raise LayerError("data: out of things")

    world.up = fail  # type: ignore[method-assign]
    with pytest.raises(PartlyDoneError, match=r"data: out of things.*invoke status --env local"):
        world.rollback().run(DATA)
    assert world.calls[-1] == "away"


def test_a_consumer_that_saw_other_values_is_named(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    def up(layer: Layer, *, message: str, refresh: bool) -> Outcome:
        return Outcome(Changes(update=1), outputs={**OUTPUTS, "queue": "other"}, before=OUTPUTS)

    world.up = up  # type: ignore[method-assign]
    uses = {RESERVED: {"gives": {}, "reads": {"data": {"queue": "text"}}}}
    world.stacks.given = {**UPSTREAM, "data": OUTPUTS, "processing": uses}
    saw = {"name": "organization/fraud-data/local", "outputs": OUTPUTS}
    world.stacks.state = {"resources": [{"type": STACK_REFERENCE, "urn": "::saw", "outputs": saw}]}
    world.rollback().run(DATA)
    assert "processing is stale: it was deployed with another value of data.queue" in capsys.readouterr().err


def test_a_consumer_that_saw_what_came_back_is_not_stale(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    def up(layer: Layer, *, message: str, refresh: bool) -> Outcome:
        return Outcome(Changes(update=1), outputs=OUTPUTS, before={**OUTPUTS, "queue": "other"})

    world.up = up  # type: ignore[method-assign]
    uses = {RESERVED: {"gives": {}, "reads": {"data": {"queue": "text"}}}}
    world.stacks.given = {**UPSTREAM, "data": OUTPUTS, "processing": uses}
    saw = {"name": "organization/fraud-data/local", "outputs": OUTPUTS}
    world.stacks.state = {"resources": [{"type": STACK_REFERENCE, "urn": "::saw", "outputs": saw}]}
    world.rollback().run(DATA)
    assert "stale" not in capsys.readouterr().err


def test_an_old_program_may_read_a_layer_that_todays_no_longer_reads(world: World) -> None:
    reads = {"foundation": {"key": "text"}, "edge": {"url": "text"}}
    world.stacks.given = {**UPSTREAM, "edge": {"url": "u"}}
    old = {**OUTPUTS, RESERVED: {"gives": {"queue": "text"}, "reads": reads}}
    world.plans = [plan(RULE, outputs=old), plan(outputs=old)]
    world.rollback().run(DATA)
    assert not changed_nothing(world)


def test_a_program_that_fails_in_a_file_about_protection_is_not_taken_for_a_protected_resource(
    world: World,
) -> None:
    world.plans = [LayerError("data: stacks/data/__main__.py:3: ImportError: no shared.protection")]
    with pytest.raises(UserError, match=r"cannot be brought back\. data: .*ImportError"):
        world.rollback().run(DATA)
