"""Virtual time for blocking code.

Tasks run in threads, one at a time, in the order of their virtual times. A task that sleeps gives the turn
to the next one, so an hour without work takes no time. A simulation has the same result in every run if its
random numbers do.
"""

import math
import threading
from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count

Task = Callable[[], None]


class _Worker:
    """A thread that waits for its turn at `turn`, and runs `task`."""

    def __init__(self) -> None:
        self.turn = threading.Lock()
        self.turn.acquire()
        self.task: Task = lambda: None
        self.thread: threading.Thread | None = None


class _SimulationClosedError(BaseException):
    """Ends a task in its sleep. Not an Exception, because tasks handle exceptions."""


class VirtualTime:
    """A clock in seconds and its agenda. Close it to end the tasks that still sleep."""

    def __init__(self) -> None:
        self.now = 0.0
        self._agenda: list[tuple[float, int, Task | _Worker]] = []
        self._positions = count()
        self._workers: list[_Worker] = []
        self._idle: list[_Worker] = []
        self._main = self._current = _Worker()
        self._until = math.inf
        self._error: BaseException | None = None
        self._closed = False

    def call_later(self, seconds: float, action: Task) -> None:
        """Call `action` in `seconds`. It must not sleep."""
        self._schedule(seconds, action)

    def start(self, task: Task) -> None:
        """Run `task`, which may sleep, from now on."""
        worker = self._idle.pop() if self._idle else self._create_worker()
        worker.task = task
        self._schedule(0.0, worker)

    def sleep(self, seconds: float) -> None:
        """Let the current task sleep."""
        worker = self._current
        if self._closed:
            raise _SimulationClosedError
        self._schedule(seconds, worker)
        self._give_turn(worker)

    def run(self, until: float = math.inf) -> None:
        """Run all tasks until none is left or the time is `until`. Raises the first error of a task."""
        self._until = until
        self._give_turn(self._main)
        if self._error:
            raise self._error
        if self._agenda:
            self.now = until

    def close(self) -> None:
        """End all tasks and threads."""
        self._closed = True
        for worker in self._workers:
            worker.turn.release()
            if worker.thread:
                worker.thread.join()

    def _schedule(self, seconds: float, entry: Task | _Worker) -> None:
        heappush(self._agenda, (self.now + seconds, next(self._positions), entry))

    def _create_worker(self) -> _Worker:
        worker = _Worker()
        worker.thread = threading.Thread(target=self._work, args=(worker,), daemon=True)
        worker.thread.start()
        self._workers.append(worker)
        return worker

    def _work(self, worker: _Worker) -> None:
        worker.turn.acquire()
        while not self._closed:
            try:
                self._run_task(worker.task)
                self._idle.append(worker)
                self._give_turn(worker)
            except _SimulationClosedError:
                return

    def _run_task(self, task: Task) -> None:
        try:
            task()
        except _SimulationClosedError:
            raise
        except BaseException as error:
            # `run` raises it.
            self._error = error

    def _give_turn(self, worker: _Worker) -> None:
        """Give the turn to the next task, and return when it is `worker`'s turn again."""
        following = self._run_calls()
        if following is not worker:
            self._current = following
            following.turn.release()
            worker.turn.acquire()
            if self._closed:
                raise _SimulationClosedError

    def _run_calls(self) -> _Worker:
        """Run calls until it is a task's turn. At the end, it is the turn of `run`."""
        while self._agenda and self._agenda[0][0] <= self._until and self._error is None:
            self.now, _, entry = heappop(self._agenda)
            if isinstance(entry, _Worker):
                return entry
            self._run_task(entry)
        return self._main
