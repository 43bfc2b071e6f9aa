"""Acting on several layers in the order of their dependencies, side by side where that allows it."""

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

Result = TypeVar("Result")


class Fate(StrEnum):
    """What became of a layer."""

    DONE = "done"
    FAILED = "failed"
    LEFT_OUT = "left out"


@dataclass(frozen=True)
class Report(Generic[Result]):
    """What became of one layer, and why if it is not done."""

    layer: Layer
    fate: Fate
    seconds: float = 0.0
    result: Result | None = None
    error: UserError | None = None
    reason: str = ""


class StoppedByUser(KeyboardInterrupt):
    """The user has asked to stop; `reports` are of the layers that were under way or done by then."""

    def __init__(self, reports: "list[Report[Any]]") -> None:
        super().__init__()
        self.reports = reports


def in_waves(
    layers: Sequence[Layer],
    act: Callable[[Layer], Result],
    *,
    waits_for: Callable[[Layer], Sequence[str]] = lambda layer: layer.depends_on,
    interrupt: Callable[[], None] = lambda: None,
    parallel: int = 0,
) -> list[Report[Result]]:
    """`act` on each layer as soon as all it waits for are done; what waits for a failure is left out.

    At most `parallel` are acted on at the same time, or with 0 as many as can be.
    Reports come in the order of `layers`. Ctrl-C calls `interrupt` each time it is pressed, starts nothing
    more, waits for what is under way, and is raised then as `StoppedByUser`. An error of `act` that is no
    `UserError` is a mistake, and is raised.
    """
    with ThreadPoolExecutor(max_workers=max(1, len(layers))) as pool:
        run = _Run(pool, layers, act, waits_for, parallel or len(layers))

        def stop() -> None:
            run.stopped = True
            interrupt()

        with told_to_stop(stop):
            while run.go_on():
                pass
    if run.stopped:
        raise StoppedByUser([run.reports[layer.name] for layer in layers if layer.name in run.reports])
    return [run.reports[layer.name] for layer in layers]


@contextmanager
def told_to_stop(stop: Callable[[], None]) -> Iterator[None]:
    """Call `stop` when the user, or whoever runs the task, wants it to end, instead of breaking off.

    An exception in the middle of what this thread happens to do would lose track of the others.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    # What runs under nohup, or in the background of a script, is to outlive what it was told to ignore.
    heeded = [number for number in signals if signal.getsignal(number) is not signal.SIG_IGN]
    before = [(number, signal.signal(number, lambda *_: stop())) for number in heeded]
    try:
        yield
    finally:
        for number, handler in before:
            signal.signal(number, handler)


class _Run(Generic[Result]):
    """One pass over the layers: those waiting, those under way, and the reports of the others."""

    def __init__(
        self,
        pool: ThreadPoolExecutor,
        layers: Sequence[Layer],
        act: Callable[[Layer], Result],
        waits_for: Callable[[Layer], Sequence[str]],
        parallel: int,
    ) -> None:
        self.reports: dict[str, Report[Result]] = {}
        self.stopped = False
        self._pool = pool
        self._act = act
        self._parallel = parallel
        self._waiting = list(layers)
        self._under_way: dict[Future[Result], tuple[Layer, float]] = {}
        names = {layer.name for layer in layers}
        self._needs = {layer.name: [name for name in waits_for(layer) if name in names] for layer in layers}

    def go_on(self) -> bool:
        """Start what can start, wait until something ends; False when there is nothing left to do."""
        if self.stopped:
            self._waiting = []
        self._waiting = [layer for layer in self._waiting if not self._settle(layer)]
        if self._under_way:
            self._collect()
        return bool(self._waiting or self._under_way)

    def _settle(self, layer: Layer) -> bool:
        """Start the layer or leave it out; False if it has to wait."""
        ended = [self.reports[name] for name in self._needs[layer.name] if name in self.reports]
        stopped_by = next((report for report in ended if report.fate is not Fate.DONE), None)
        if stopped_by:
            why = f"{stopped_by.layer.name} {stopped_by.fate}"
            self.reports[layer.name] = Report(layer, Fate.LEFT_OUT, reason=why)
        elif len(ended) == len(self._needs[layer.name]) and len(self._under_way) < self._parallel:
            self._under_way[self._pool.submit(self._act, layer)] = (layer, time.monotonic())
        else:
            return False
        return True

    def _collect(self) -> None:
        done, _ = wait(self._under_way, return_when=FIRST_COMPLETED)
        for future in done:
            layer, started = self._under_way.pop(future)
            seconds = time.monotonic() - started
            try:
                report = Report(layer, Fate.DONE, seconds, future.result())
            except UserError as error:
                report = Report(layer, Fate.FAILED, seconds, error=error, reason=error.message)
            except Exception:
                # Whatever is cut short fails in its own way; that it was cut short is said once.
                if not self.stopped:
                    raise
                report = Report(layer, Fate.FAILED, seconds)
            self.reports[layer.name] = report


def failed(reports: Sequence[Report[Result]]) -> list[Report[Result]]:
    """Those that were tried and failed."""
    return [report for report in reports if report.fate is Fate.FAILED]
