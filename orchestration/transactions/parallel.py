"""Several threads working on a stream of items, in constant memory, with results in the stream's order."""

import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, wait
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

# One slow item must not let the other threads wait for something to do, nor the memory grow.
WAITING_PER_THREAD = 4


class Workers(Generic[Item, Result]):
    """`threads` threads that each do `work`, item by item.

    The threads are daemons: a process that was interrupted does not wait for what they wait for.
    """

    def __init__(self, work: Callable[[Item], Result], threads: int) -> None:
        self._work = work
        self._threads = threads
        self._todo: queue.SimpleQueue[tuple[Item, Future[Result]] | None] = queue.SimpleQueue()
        self._underway: deque[tuple[Item, Future[Result]]] = deque()
        for _ in range(threads):
            threading.Thread(target=self._run, daemon=True).start()

    def submit(self, item: Item) -> "Future[Result]":
        """Have `item` worked on; the future holds the result, or the exception that `work` raised."""
        future: Future[Result] = Future()
        self._todo.put((item, future))
        return future

    def in_order(self, items: Iterable[Item]) -> Iterator[tuple[Item, "Future[Result]"]]:
        """Each item with its finished future, in the order of `items`, which are read as they are needed."""
        for item in items:
            self._underway.append((item, self.submit(item)))
            if len(self._underway) >= self._threads * WAITING_PER_THREAD:
                yield self._next()
        while self._underway:
            yield self._next()

    def give_up(self, grace_seconds: float) -> Iterator[tuple[Item, "Future[Result]"]]:
        """What `in_order` still owes and what is finished within that time; nothing more is begun."""
        deadline = time.monotonic() + grace_seconds
        for _, future in self._underway:
            future.cancel()
        while self._underway:
            item, future = self._underway.popleft()
            done, _ = wait([future], max(0.0, deadline - time.monotonic()))
            if done and not future.cancelled():
                yield item, future

    def _next(self) -> tuple[Item, "Future[Result]"]:
        # Taken off only once it is finished: an interrupt while waiting must not lose it.
        self._underway[0][1].exception()
        return self._underway.popleft()

    def close(self) -> None:
        """Let the threads end once they have nothing left to do."""
        for _ in range(self._threads):
            self._todo.put(None)

    def _run(self) -> None:
        while (task := self._todo.get()) is not None:
            item, future = task
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(self._work(item))
            except BaseException as error:
                future.set_exception(error)
