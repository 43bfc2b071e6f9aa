import _thread
import threading
from collections.abc import Callable

import pytest

from orchestration.layers import Layer, select
from orchestration.planning.scheduler import Fate, in_waves
from terminal.errors import UserError

SECONDS = 10.0
FOUR = select(["foundation", "data", "processing", "edge"])


class Recorder:
    """Acts on a layer by noting its name; fails on those named."""

    def __init__(self, fails: frozenset[str] = frozenset()) -> None:
        self.acted: list[str] = []
        self._fails = fails

    def __call__(self, layer: Layer) -> str:
        self.acted.append(layer.name)
        if layer.name in self._fails:
            raise UserError(f"{layer.name} broke")
        return layer.name.upper()


def fates(act: Callable[[Layer], str]) -> dict[str, str]:
    return {report.layer.name: str(report.fate) for report in in_waves(FOUR, act)}


def test_layers_are_acted_on_after_those_they_read() -> None:
    act = Recorder()
    in_waves(FOUR, act)
    assert act.acted[:2] == ["foundation", "data"]
    assert set(act.acted[2:]) == {"processing", "edge"}


def test_independent_layers_are_acted_on_side_by_side() -> None:
    both = threading.Barrier(2, timeout=SECONDS)

    def act(layer: Layer) -> str:
        if layer.name in ("processing", "edge"):
            both.wait()
        return ""

    assert set(fates(act).values()) == {"done"}


def test_a_failure_leaves_out_all_that_depends_on_it() -> None:
    act = Recorder(frozenset({"data"}))
    assert fates(act) == {
        "foundation": "done",
        "data": "failed",
        "processing": "left out",
        "edge": "left out",
    }
    assert act.acted == ["foundation", "data"]


def test_a_failure_lets_the_others_finish() -> None:
    edge_failed = threading.Event()

    def act(layer: Layer) -> str:
        if layer.name == "edge":
            edge_failed.set()
            raise UserError("edge broke")
        if layer.name == "processing":
            assert edge_failed.wait(SECONDS)
        return ""

    assert fates(act)["processing"] == "done"


def test_a_layer_left_out_names_what_stopped_it() -> None:
    reports = in_waves(FOUR[:2], Recorder(frozenset({"foundation"})))
    assert [report.reason for report in reports] == ["foundation broke", "foundation failed"]


def test_layers_that_were_not_chosen_are_not_waited_for() -> None:
    edge = next(layer for layer in FOUR if layer.name == "edge")
    assert in_waves([edge], Recorder())[0].result == "EDGE"


def test_a_mistake_in_the_code_is_not_hidden() -> None:
    def act(_: Layer) -> str:
        raise KeyError("mistake")

    with pytest.raises(KeyError, match="mistake"):
        in_waves(FOUR, act)


def test_ctrl_c_interrupts_waits_for_what_is_under_way_and_starts_nothing_more() -> None:
    interrupted = threading.Event()
    finished: list[str] = []

    def act(layer: Layer) -> str:
        # As the terminal does it: the main thread gets the signal while this layer is under way.
        _thread.interrupt_main()
        assert interrupted.wait(SECONDS)
        finished.append(layer.name)
        return ""

    with pytest.raises(KeyboardInterrupt):
        in_waves(FOUR, act, interrupt=interrupted.set)
    assert finished == ["foundation"]


def test_a_report_knows_how_long_its_layer_took() -> None:
    [report] = in_waves(FOUR[:1], Recorder())
    assert report.fate is Fate.DONE
    assert report.seconds > 0
