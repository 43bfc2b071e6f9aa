import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from pulumi.automation import EngineEvent

from orchestration.layers import IncompleteLayerError, Layer
from orchestration.pulumi.engine import Engine
from orchestration.pulumi.errors import LayerError
from orchestration.pulumi.results import Changes, OperationResult
from tests.engine.orchestration.sample_stacks import FIRST, SECOND, SampleStacks

TIMEOUT_SECONDS = 60.0

# The SDK does not close the event loop of a program whose update failed or was interrupted.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.usefixtures("collect_garbage"),
]


def test_second_up_changes_nothing(stacks: SampleStacks) -> None:
    first = stacks.engine().up(FIRST)
    assert first.changes == Changes(create=2)
    assert first.outputs == {"thing": "thing"}
    assert stacks.engine().up(FIRST).changes == Changes(same=2)


def test_preview_reports_changes_and_makes_none(stacks: SampleStacks) -> None:
    assert stacks.engine().preview(FIRST).changes == Changes(create=2)
    assert not stacks.engine().is_deployed(FIRST)


def test_layer_reads_the_outputs_of_another(stacks: SampleStacks) -> None:
    stacks.engine().up(FIRST)
    assert stacks.engine().up(SECOND).outputs == {"read": "thing"}


def test_steps_name_the_changed_resources(stacks: SampleStacks) -> None:
    [created] = stacks.engine().preview(FIRST).steps
    assert (created.operation, created.resource) == ("create", "thing (sample:index:Thing)")
    stacks.engine().up(FIRST)
    assert stacks.engine().preview(FIRST).steps == ()
    stacks.configure(FIRST, {"fails": "later"})
    assert [step.operation for step in stacks.engine().preview(FIRST).steps] == ["update"]


def test_result_has_the_outputs_before_and_after(stacks: SampleStacks) -> None:
    first = stacks.engine().up(FIRST)
    assert (first.outputs_before, first.outputs) == ({}, {"thing": "thing"})
    assert stacks.engine().up(FIRST).outputs_before == {"thing": "thing"}


def test_message_is_stored_in_the_history(stacks: SampleStacks) -> None:
    stacks.engine().up(FIRST, message="deploy first\n\nBy: ann")
    assert stacks.engine().history(FIRST)[0].message == "deploy first\n\nBy: ann"


def test_saved_plan_is_applied(stacks: SampleStacks) -> None:
    plan = stacks.root / "plan.json"
    stacks.engine().preview(FIRST, plan=plan)
    assert stacks.engine().up(FIRST, plan=plan).changes == Changes(create=2)


def test_update_that_differs_from_its_plan_is_refused(stacks: SampleStacks) -> None:
    plan = stacks.root / "plan.json"
    stacks.engine().up(FIRST)
    stacks.engine().preview(FIRST, plan=plan)
    stacks.configure(FIRST, {"waitsFor": str(stacks.root)})
    with pytest.raises(LayerError, match=r"thing .*violates plan"):
        stacks.engine().up(FIRST, plan=plan)


def test_destroy_deletes_the_resources_and_keeps_the_history(stacks: SampleStacks) -> None:
    stacks.engine().up(FIRST)
    assert stacks.engine().destroy(FIRST).changes == Changes(delete=2)
    assert not stacks.engine().is_deployed(FIRST)
    assert [update.kind for update in stacks.engine().history(FIRST)] == ["destroy", "update"]


def test_protected_resources_are_listed(stacks: SampleStacks) -> None:
    stacks.configure(FIRST, {"protect": True})
    stacks.engine().up(FIRST)
    assert stacks.engine().list_protected(FIRST) == ["thing (sample:index:Thing)"]


def test_locked_stack_is_refused_with_its_holder(stacks: SampleStacks) -> None:
    stacks.engine().up(FIRST)
    stacks.lock(FIRST)
    with pytest.raises(LayerError, match=r"ann@laptop .* since 2026-01-02T03:04:05Z"):
        stacks.engine().up(FIRST)


def test_wrong_passphrase_names_the_variable(stacks: SampleStacks) -> None:
    with pytest.raises(LayerError, match=r"^first: PULUMI_CONFIG_PASSPHRASE "):
        stacks.engine(PULUMI_CONFIG_PASSPHRASE="wrong").up(FIRST)


def test_failed_resource_is_named_with_its_reason(stacks: SampleStacks) -> None:
    stacks.configure(FIRST, {"fails": "out of things"})
    with pytest.raises(LayerError, match=r"^first: thing \(sample:index:Thing\): .*out of things"):
        stacks.engine().up(FIRST)


def test_exception_of_a_program_has_its_location(stacks: SampleStacks) -> None:
    stacks.configure(FIRST, {"broken": True})
    with pytest.raises(LayerError, match=r"^first: stacks/first/__main__.py:9: KeyError: 'no such thing'"):
        stacks.engine().up(FIRST)


def test_exception_in_an_apply_is_one_short_line(stacks: SampleStacks) -> None:
    program = stacks.environment.stack_folder(FIRST.name) / "__main__.py"
    program.write_text(
        program.read_text() + "\npulumi.export('x', thing.id.apply(lambda value: value + 1))\n"
    )
    with pytest.raises(LayerError, match=r"^first: stacks/first/__main__.py.*: TypeError: ") as caught:
        stacks.engine().up(FIRST)
    assert len(caught.value.message) < 200
    assert caught.value.hint


def test_layer_without_a_project_file_is_incomplete(stacks: SampleStacks) -> None:
    with pytest.raises(IncompleteLayerError, match=r"stacks/third/Pulumi\.yaml"):
        stacks.engine().export_state(Layer("third", "sample-third"))


def test_settings_file_keeps_its_layout(stacks: SampleStacks) -> None:
    settings = stacks.environment.settings_file(FIRST.name)
    before = settings.read_bytes()
    stacks.engine().up(FIRST)
    assert settings.read_bytes() == before


class EngineProgress:
    """Sets an event when the engine starts to create the resource, and when it handles an interrupt."""

    def __init__(self) -> None:
        self.creating = threading.Event()
        self.cancelling = threading.Event()

    def __call__(self, _: Layer, event: EngineEvent) -> None:
        started = event.resource_pre_event
        if started and started.metadata.type == "sample:index:Thing":
            self.creating.set()
        if event.stdout_event and "cancelling" in event.stdout_event.message:
            self.cancelling.set()


@contextmanager
def start_update(
    stacks: SampleStacks,
) -> Iterator[tuple[Engine, EngineProgress, Future[OperationResult], Callable[[], None]]]:
    """Start an update that waits until the returned function is called or the test ends."""
    gate = stacks.root / "gate"
    stacks.configure(FIRST, {"waitsFor": str(gate)})
    progress = EngineProgress()
    engine = stacks.engine(progress)
    with ThreadPoolExecutor() as pool:
        update = pool.submit(engine.up, FIRST)
        try:
            assert progress.creating.wait(TIMEOUT_SECONDS)
            yield engine, progress, update, gate.touch
        finally:
            gate.touch()


def test_interrupted_update_finishes_running_operations_and_leaves_no_lock(stacks: SampleStacks) -> None:
    with start_update(stacks) as (engine, progress, update, finish):
        engine.interrupt()
        assert progress.cancelling.wait(TIMEOUT_SECONDS)
        finish()
        with pytest.raises(LayerError, match="cancel"):
            update.result(TIMEOUT_SECONDS)
    assert not stacks.state.is_locked()
    assert not stacks.state.has_pending_operations()
    assert stacks.engine().up(FIRST).changes == Changes(same=2)


def test_second_interrupt_leaves_pending_operations_and_no_lock(stacks: SampleStacks) -> None:
    with start_update(stacks) as (engine, progress, update, _):
        engine.interrupt()
        assert progress.cancelling.wait(TIMEOUT_SECONDS)
        engine.interrupt()
        with pytest.raises(LayerError):
            update.result(TIMEOUT_SECONDS)
    assert not stacks.state.is_locked()
    assert stacks.state.has_pending_operations()
