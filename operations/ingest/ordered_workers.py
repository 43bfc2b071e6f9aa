"""Threads that process a stream of items in bounded memory and return results in the order of the stream.

`ThreadPoolExecutor` does not fit: the interpreter waits for its threads at exit, so that Ctrl-C would last as
long as the slowest request, and it cannot keep the order of the items of one account.
"""

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

# Keeps every thread busy while one item is slow, and limits the items in memory.
PENDING_PER_THREAD = 4


class OrderedWorkers(Generic[Item, Result]):
    """Runs `work` for each item on one of `threads` daemon threads.

    Items with the same `order_key` run one after another, in their order. Without order keys, an item runs on
    the first free thread.
    """

    def __init__(
        self,
        work: Callable[[Item], Result],
        threads: int,
        order_key: Callable[[Item], str] | None = None,
    ) -> None:
        self._work = work
        self._threads = threads
        self._order_key = order_key
        # One queue per thread, so that a key always has the same thread; one for all threads without keys.
        self._queues: list[_Queue[Item, Result]] = [
            queue.SimpleQueue() for _ in range(threads if order_key else 1)
        ]
        self._pending: deque[tuple[Item, Future[Result]]] = deque()
        for number in range(threads):
            todo = self._queues[number % len(self._queues)]
            threading.Thread(target=self._run, args=(todo,), daemon=True).start()

    def submit(self, item: Item) -> "Future[Result]":
        """Queue `item`; the future holds the result or the exception of `work`."""
        future: Future[Result] = Future()
        number = crc32(self._order_key(item).encode("utf-8", "surrogatepass")) if self._order_key else 0
        self._queues[number % len(self._queues)].put((item, future))
        return future

    def map_in_order(self, items: Iterable[Item]) -> Iterator[tuple[Item, "Future[Result]"]]:
        """Yield each item with its finished future, in the order of `items`, which are read on demand."""
        for item in items:
            self._pending.append((item, self.submit(item)))
            if len(self._pending) >= self._threads * PENDING_PER_THREAD:
                yield self._wait_for_next()
        while self._pending:
            yield self._wait_for_next()

    def drain(self, grace_seconds: float) -> Iterator[tuple[Item, "Future[Result]"]]:
        """Cancel queued items, and yield the remaining ones of `map_in_order` that finish within the time."""
        deadline = time.monotonic() + grace_seconds
        for _, future in self._pending:
            future.cancel()
        while self._pending:
            item, future = self._pending.popleft()
            done, _ = wait([future], max(0.0, deadline - time.monotonic()))
            if done and not future.cancelled():
                yield item, future

    def close(self) -> None:
        """End each thread when its queue is empty."""
        for number in range(self._threads):
            self._queues[number % len(self._queues)].put(None)

    def _wait_for_next(self) -> tuple[Item, "Future[Result]"]:
        # Removed only when it is finished: Ctrl-C during the wait must not lose it.
        self._pending[0][1].exception()
        return self._pending.popleft()

    def _run(self, todo: "_Queue[Item, Result]") -> None:
        while (task := todo.get()) is not None:
            item, future = task
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(self._work(item))
            except BaseException as error:
                future.set_exception(error)
