"""Several threads working on a stream of items, in constant memory, with results in the stream's order."""

import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, wait
from typing import Generic, TypeAlias, TypeVar
from zlib import crc32

Item = TypeVar("Item")
Result = TypeVar("Result")
_Queue: TypeAlias = "queue.SimpleQueue[tuple[Item, Future[Result]] | None]"

# One slow item must not let the other threads wait for something to do, nor the memory grow.
WAITING_PER_THREAD = 4


class Workers(Generic[Item, Result]):
    """`threads` threads that each do `work`, item by item.

    Items of one `lane` are worked on one after another, in their order; without lanes, whenever a thread
    is free. The threads are daemons: a process that was interrupted does not wait for what they wait for.
    """

    def __init__(
        self, work: Callable[[Item], Result], threads: int, lane: Callable[[Item], str] | None = None
    ) -> None:
        self._work = work
        self._threads = threads
        self._lane = lane
        # One for all threads, or one for each: a lane is always the same one's.
        self._todo: list[_Queue[Item, Result]] = [queue.SimpleQueue() for _ in range(threads if lane else 1)]
        self._underway: deque[tuple[Item, Future[Result]]] = deque()
        for number in range(threads):
            todo = self._todo[number % len(self._todo)]
            threading.Thread(target=self._run, args=(todo,), daemon=True).start()

    def submit(self, item: Item) -> "Future[Result]":
        """Have `item` worked on; the future holds the result, or the exception that `work` raised."""
        future: Future[Result] = Future()
        number = crc32(self._lane(item).encode("utf-8", "surrogatepass")) if self._lane else 0
        self._todo[number % len(self._todo)].put((item, future))
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
        for number in range(self._threads):
            self._todo[number % len(self._todo)].put(None)

    def _run(self, todo: "_Queue[Item, Result]") -> None:
        while (task := todo.get()) is not None:
            item, future = task
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(self._work(item))
            except BaseException as error:
                future.set_exception(error)
