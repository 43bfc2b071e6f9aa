"""Scheduler: runs an operation on several layers in dependency order, in parallel where possible."""

import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, TypeVar

from orchestration.layers import Layer
from terminal.errors import UserError

Value = TypeVar("Value")


class ResultStatus(StrEnum):
    """Status of an operation on a layer. STOPPED is an operation that the user interrupted."""

    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"
    LEFT_OUT = "left out"


@dataclass(frozen=True)
class LayerResult(Generic[Value]):
    """Result of an operation on one layer.

    `value` is what the operation returned. `reason` explains every status but DONE.
    """

    layer: Layer
    status: ResultStatus
    seconds: float = 0.0
    value: Value | None = None
    error: UserError | None = None
    reason: str = ""


class StoppedByUserError(KeyboardInterrupt):
    """The user stopped the run. `results` are those of the layers that had been started."""

    def __init__(self, results: "list[LayerResult[Any]]") -> None:
        super().__init__()
        self.results = results


def run_in_dependency_order(
    layers: Sequence[Layer],
    act: Callable[[Layer], Value],
    *,
    waits_for: Callable[[Layer], Sequence[str]] = lambda layer: layer.depends_on,
    interrupt: Callable[[], None] = lambda: None,
    parallel: int = 0,
) -> list[LayerResult[Value]]:
    """Call `act` for each layer once the layers that it waits for are done.

    Results have the order of `layers`. A layer that waits for a failed one is left out. At most `parallel`
    calls run at the same time; 0 is no limit. Each Ctrl-C calls `interrupt`. After the first, no layer is
    started, and StoppedByUserError is raised when the running calls have ended. Errors of `act` other than
    UserError are raised.
    """
    with ThreadPoolExecutor(max_workers=max(1, len(layers))) as pool:
        scheduler = _Scheduler(pool, layers, act, waits_for, parallel or len(layers))

        def stop() -> None:
            scheduler.stopped = True
            interrupt()

        with handle_stop_signals(stop):
            while scheduler.advance():
                pass
    results = [scheduler.results[layer.name] for layer in layers if layer.name in scheduler.results]
    if scheduler.stopped:
        raise StoppedByUserError(results)
    return results


@contextmanager
def handle_stop_signals(stop: Callable[[], None]) -> Iterator[None]:
    """Call `stop` on SIGINT, SIGTERM and SIGHUP instead of raising an exception.

    An exception at an arbitrary point of the main thread would lose track of the other threads.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    # A process under nohup, or in the background of a script, ignores some signals on purpose.
    handled = [number for number in signals if signal.getsignal(number) is not signal.SIG_IGN]
    previous = [(number, signal.signal(number, lambda *_: stop())) for number in handled]
    try:
        yield
    finally:
        for number, handler in previous:
            signal.signal(number, handler)


class _Scheduler(Generic[Value]):
    """The waiting and the running layers of one run, and the results of the others."""

    def __init__(
        self,
        pool: ThreadPoolExecutor,
        layers: Sequence[Layer],
        act: Callable[[Layer], Value],
        waits_for: Callable[[Layer], Sequence[str]],
        parallel: int,
    ) -> None:
        self.results: dict[str, LayerResult[Value]] = {}
        self.stopped = False
        self._pool = pool
        self._act = act
        self._parallel = parallel
        self._waiting = list(layers)
        self._running: dict[Future[Value], tuple[Layer, float]] = {}
        names = {layer.name for layer in layers}
        self._needs = {layer.name: [name for name in waits_for(layer) if name in names] for layer in layers}

    def advance(self) -> bool:
        """Start the layers that are ready and wait until one ends; False when no layer is left."""
        if self.stopped:
            self._waiting = []
        self._waiting = [layer for layer in self._waiting if not self._start_or_leave_out(layer)]
        if self._running:
            self._collect_results()
        return bool(self._waiting or self._running)

    def _start_or_leave_out(self, layer: Layer) -> bool:
        """False if the layer has to wait."""
        needs = self._needs[layer.name]
        ended = [self.results[name] for name in needs if name in self.results]
        blocking = next((result for result in ended if result.status is not ResultStatus.DONE), None)
        if blocking:
            reason = f"{blocking.layer.name} {blocking.status}"
            self.results[layer.name] = LayerResult(layer, ResultStatus.LEFT_OUT, reason=reason)
        elif len(ended) == len(needs) and len(self._running) < self._parallel:
            self._running[self._pool.submit(self._act, layer)] = (layer, time.monotonic())
        else:
            return False
        return True

    def _collect_results(self) -> None:
        done, _ = wait(self._running, return_when=FIRST_COMPLETED)
        for future in done:
            layer, started = self._running.pop(future)
            self.results[layer.name] = self._create_result(future, layer, time.monotonic() - started)

    def _create_result(self, future: Future[Value], layer: Layer, seconds: float) -> LayerResult[Value]:
        # An interrupted operation fails in a way of its own. The interruption is reported once, for the run.
        unsuccessful = ResultStatus.STOPPED if self.stopped else ResultStatus.FAILED
        try:
            return LayerResult(layer, ResultStatus.DONE, seconds, future.result())
        except UserError as error:
            return LayerResult(layer, unsuccessful, seconds, error=error, reason=error.message)
        except Exception:
            if not self.stopped:
                raise
            return LayerResult(layer, unsuccessful, seconds)


def failed_results(results: Sequence[LayerResult[Value]]) -> list[LayerResult[Value]]:
    """Results of the layers whose operation failed."""
    return [result for result in results if result.status is ResultStatus.FAILED]
