import os
import signal
import threading
import time
from collections.abc import Callable

import pytest

from orchestration.layers import Layer, select_layers
from orchestration.planning.scheduler import (
    ResultStatus,
    StoppedByUserError,
    run_in_dependency_order,
)
from terminal.errors import UserError

SECONDS = 10.0
FOUR = select_layers(["foundation", "data", "processing", "edge"])


class Recorder:
    """Records the layers and fails for those in `fails`."""

    def __init__(self, fails: frozenset[str] = frozenset()) -> None:
        self.layers: list[str] = []
        self._fails = fails

    def __call__(self, layer: Layer) -> str:
        self.layers.append(layer.name)
        if layer.name in self._fails:
            raise UserError(f"{layer.name} broke")
        return layer.name.upper()


def press_ctrl_c() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def run_statuses(act: Callable[[Layer], str]) -> dict[str, str]:
    return {result.layer.name: str(result.status) for result in run_in_dependency_order(FOUR, act)}


def test_layer_starts_after_the_layers_that_it_reads() -> None:
    act = Recorder()
    run_in_dependency_order(FOUR, act)
    assert act.layers[:2] == ["foundation", "data"]
    assert set(act.layers[2:]) == {"processing", "edge"}


def test_independent_layers_run_in_parallel() -> None:
    both = threading.Barrier(2, timeout=SECONDS)

    def act(layer: Layer) -> str:
        if layer.name in ("processing", "edge"):
            both.wait()
        return ""

    assert set(run_statuses(act).values()) == {"done"}


def test_failure_leaves_out_all_dependent_layers() -> None:
    act = Recorder(frozenset({"data"}))
    assert run_statuses(act) == {
        "foundation": "done",
        "data": "failed",
        "processing": "left out",
        "edge": "left out",
    }
    assert act.layers == ["foundation", "data"]


def test_failure_does_not_stop_independent_layers() -> None:
    edge_failed = threading.Event()

    def act(layer: Layer) -> str:
        if layer.name == "edge":
            edge_failed.set()
            raise UserError("edge broke")
        if layer.name == "processing":
            assert edge_failed.wait(SECONDS)
        return ""

    assert run_statuses(act)["processing"] == "done"


def test_left_out_layer_names_the_failed_layer() -> None:
    results = run_in_dependency_order(FOUR[:2], Recorder(frozenset({"foundation"})))
    assert [result.reason for result in results] == ["foundation broke", "foundation failed"]


def test_layer_does_not_wait_for_layers_outside_the_run() -> None:
    edge = next(layer for layer in FOUR if layer.name == "edge")
    assert run_in_dependency_order([edge], Recorder())[0].value == "EDGE"


def test_unexpected_exception_is_raised() -> None:
    def act(_: Layer) -> str:
        raise KeyError("mistake")

    with pytest.raises(KeyError, match="mistake"):
        run_in_dependency_order(FOUR, act)


def test_ctrl_c_waits_for_running_layers_and_starts_no_other() -> None:
    interrupted = threading.Event()
    finished: list[str] = []

    def act(layer: Layer) -> str:
        press_ctrl_c()
        assert interrupted.wait(SECONDS)
        finished.append(layer.name)
        return ""

    with pytest.raises(KeyboardInterrupt):
        run_in_dependency_order(FOUR, act, interrupt=interrupted.set)
    assert finished == ["foundation"]


def test_result_has_the_duration() -> None:
    [result] = run_in_dependency_order(FOUR[:1], Recorder())
    assert result.status is ResultStatus.DONE
    assert result.seconds > 0


@pytest.mark.parametrize("error", [UserError("interrupted"), RuntimeError("not started")])
def test_interrupted_layer_is_stopped_and_not_failed(error: Exception) -> None:
    interrupted = threading.Event()

    def act(_: Layer) -> str:
        press_ctrl_c()
        assert interrupted.wait(SECONDS)
        raise error

    with pytest.raises(StoppedByUserError) as stopped:
        run_in_dependency_order(FOUR, act, interrupt=interrupted.set)
    assert [(result.layer.name, str(result.status)) for result in stopped.value.results] == [
        ("foundation", "stopped")
    ]


def test_layer_that_failed_before_the_interruption_stays_failed() -> None:
    interrupted = threading.Event()

    def act(layer: Layer) -> str:
        if layer.name == "edge":
            raise UserError("edge broke")
        if layer.name == "processing":
            time.sleep(0.2)
            press_ctrl_c()
            assert interrupted.wait(SECONDS)
        return ""

    with pytest.raises(StoppedByUserError) as stopped:
        run_in_dependency_order(FOUR, act, interrupt=interrupted.set)
    statuses = {result.layer.name: str(result.status) for result in stopped.value.results}
    assert (statuses["edge"], statuses["processing"]) == ("failed", "done")
