import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from pulumi.automation import EngineEvent

from orchestration.layers import Layer
from orchestration.pulumi.engine import Engine
from orchestration.pulumi.errors import LayerError
from orchestration.pulumi.results import Changes, Outcome
from tests.engine.orchestration.toy_stacks import FIRST, SECOND, ToyStacks

SECONDS = 60.0

# The SDK does not close the event loop of a program whose update failed or was interrupted.
pytestmark = [pytest.mark.filterwarnings("ignore::ResourceWarning"), pytest.mark.usefixtures("swept")]


def test_a_second_up_changes_nothing(stacks: ToyStacks) -> None:
    first = stacks.engine().up(FIRST)
    assert first.changes == Changes(create=2)
    assert first.outputs == {"thing": "thing"}
    assert stacks.engine().up(FIRST).changes == Changes(same=2)


def test_a_preview_says_what_an_up_would_change_and_changes_nothing(stacks: ToyStacks) -> None:
    assert stacks.engine().preview(FIRST).changes == Changes(create=2)
    assert not stacks.engine().is_deployed(FIRST)


def test_a_layer_reads_the_outputs_of_another(stacks: ToyStacks) -> None:
    stacks.engine().up(FIRST)
    assert stacks.engine().up(SECOND).outputs == {"read": "thing"}


def test_each_resource_that_changes_is_named_with_what_changes(stacks: ToyStacks) -> None:
    [created] = stacks.engine().preview(FIRST).steps
    assert (created.operation, created.resource) == ("create", "thing (toy:index:Thing)")
    stacks.engine().up(FIRST)
    assert stacks.engine().preview(FIRST).steps == ()
    stacks.configure(FIRST, {"fails": "later"})
    assert [step.operation for step in stacks.engine().preview(FIRST).steps] == ["update"]


def test_an_update_tells_the_outputs_before_and_after(stacks: ToyStacks) -> None:
    first = stacks.engine().up(FIRST)
    assert (first.before, first.outputs) == ({}, {"thing": "thing"})
    assert stacks.engine().up(FIRST).before == {"thing": "thing"}


def test_the_history_keeps_what_it_is_told(stacks: ToyStacks) -> None:
    stacks.engine().up(FIRST, message="deploy first\n\nBy: ann")
    assert stacks.engine().history(FIRST)[0].message == "deploy first\n\nBy: ann"


def test_a_saved_plan_is_followed(stacks: ToyStacks) -> None:
    plan = stacks.root / "plan.json"
    stacks.engine().preview(FIRST, plan=plan)
    assert stacks.engine().up(FIRST, plan=plan).changes == Changes(create=2)


def test_an_update_that_would_do_something_else_than_planned_is_refused(stacks: ToyStacks) -> None:
    plan = stacks.root / "plan.json"
    stacks.engine().up(FIRST)
    stacks.engine().preview(FIRST, plan=plan)
    stacks.configure(FIRST, {"waitsFor": str(stacks.root)})
    with pytest.raises(LayerError, match=r"thing .*violates plan"):
        stacks.engine().up(FIRST, plan=plan)


def test_destroy_leaves_nothing_and_keeps_the_history(stacks: ToyStacks) -> None:
    stacks.engine().up(FIRST)
    assert stacks.engine().destroy(FIRST).changes == Changes(delete=2)
    assert not stacks.engine().is_deployed(FIRST)
    assert [update.kind for update in stacks.engine().history(FIRST)] == ["destroy", "update"]


def test_protected_resources_are_named(stacks: ToyStacks) -> None:
    stacks.configure(FIRST, {"protect": True})
    stacks.engine().up(FIRST)
    assert stacks.engine().protected(FIRST) == ["thing (toy:index:Thing)"]


def test_a_locked_stack_says_by_whom_and_since_when(stacks: ToyStacks) -> None:
    stacks.engine().up(FIRST)
    stacks.lock(FIRST)
    with pytest.raises(LayerError, match=r"holds the stack by ann@laptop .* since 2026-01-02T03:04:05Z"):
        stacks.engine().up(FIRST)


def test_a_wrong_passphrase_is_one_clear_line(stacks: ToyStacks) -> None:
    with pytest.raises(LayerError, match=r"^first: PULUMI_CONFIG_PASSPHRASE is not the passphrase"):
        stacks.engine(PULUMI_CONFIG_PASSPHRASE="wrong").up(FIRST)


def test_a_resource_that_fails_is_named_with_its_reason(stacks: ToyStacks) -> None:
    stacks.configure(FIRST, {"fails": "out of things"})
    with pytest.raises(LayerError, match=r"^first: thing \(toy:index:Thing\): .*out of things"):
        stacks.engine().up(FIRST)


def test_a_program_that_fails_is_named_with_its_line(stacks: ToyStacks) -> None:
    stacks.configure(FIRST, {"broken": True})
    with pytest.raises(LayerError, match=r"^first: stacks/first/__main__.py:9: KeyError: 'no such thing'"):
        stacks.engine().up(FIRST)


def test_the_settings_in_the_tree_stay_as_they_were_written(stacks: ToyStacks) -> None:
    settings = stacks.environment.settings_file(FIRST.name)
    before = settings.read_bytes()
    stacks.engine().up(FIRST)
    assert settings.read_bytes() == before


class Moments:
    """Sets an event when the engine begins to create the thing, and when it has heard of the interruption."""

    def __init__(self) -> None:
        self.creating = threading.Event()
        self.cancelling = threading.Event()

    def __call__(self, _: Layer, event: EngineEvent) -> None:
        begun = event.resource_pre_event
        if begun and begun.metadata.type == "toy:index:Thing":
            self.creating.set()
        if event.stdout_event and "cancelling" in event.stdout_event.message:
            self.cancelling.set()


@contextmanager
def updating(stacks: ToyStacks) -> Iterator[tuple[Engine, Moments, Future[Outcome], Callable[[], None]]]:
    """An update that goes on until the function that comes with it is called, or the test ends."""
    gate = stacks.root / "gate"
    stacks.configure(FIRST, {"waitsFor": str(gate)})
    moments = Moments()
    engine = stacks.engine(moments)
    with ThreadPoolExecutor() as pool:
        update = pool.submit(engine.up, FIRST)
        try:
            assert moments.creating.wait(SECONDS)
            yield engine, moments, update, gate.touch
        finally:
            gate.touch()


def test_an_interrupted_update_finishes_what_is_under_way_and_leaves_no_lock(stacks: ToyStacks) -> None:
    with updating(stacks) as (engine, moments, update, let_it_finish):
        engine.interrupt()
        assert moments.cancelling.wait(SECONDS)
        let_it_finish()
        with pytest.raises(LayerError, match="cancel"):
            update.result(SECONDS)
    assert not stacks.state.is_locked()
    assert not stacks.state.has_pending_operations()
    assert stacks.engine().up(FIRST).changes == Changes(same=2)


def test_an_update_that_is_cut_off_is_noticed_and_leaves_no_lock(stacks: ToyStacks) -> None:
    with updating(stacks) as (engine, moments, update, _):
        engine.interrupt()
        assert moments.cancelling.wait(SECONDS)
        engine.interrupt()
        with pytest.raises(LayerError):
            update.result(SECONDS)
    assert not stacks.state.is_locked()
    assert stacks.state.has_pending_operations()
