"""Threads that process a stream of items in bounded memory and return results in the order of the stream.

`ThreadPoolExecutor` does not fit: the interpreter waits for its threads at exit, so that Ctrl-C would last as
long as the slowest request, and it cannot keep the order of the items of one account.
"""

import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, wait
from typing import Generic, TypeAlias, TypeVar
from zlib import crc32

Item = TypeVar("Item")
Result = TypeVar("Result")
_Task: TypeAlias = "tuple[str | None, Item, Future[Result]]"
_Queue: TypeAlias = "queue.SimpleQueue[_Task[Item, Result] | None]"

# Keeps every thread busy while one item is slow, and limits the items in memory.
PENDING_PER_THREAD = 4


class OrderedWorkers(Generic[Item, Result]):
    """Runs `work` for up to `batch_size` items at once on one of `threads` daemon threads.

    `work` returns a result for each item, in their order. A batch has the items that wait for the thread: it
    does not wait for more. Items with the same `order_key` run one after another, in their order and in
    different batches. Without order keys, an item runs on the first free thread.
    """

    def __init__(
        self,
        work: Callable[[Sequence[Item]], Sequence[Result]],
        threads: int,
        order_key: Callable[[Item], str] | None = None,
        batch_size: int = 1,
    ) -> None:
        self._work = work
        self._threads = threads
        self._order_key = order_key
        self._batch_size = batch_size
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
        key = self._order_key(item) if self._order_key else None
        number = 0 if key is None else crc32(key.encode("utf-8", "surrogatepass"))
        self._queues[number % len(self._queues)].put((key, item, future))
        return future

    def map_in_order(self, items: Iterable[Item]) -> Iterator[tuple[Item, "Future[Result]"]]:
        """Yield each item with its finished future, in the order of `items`, which are read on demand."""
        for item in items:
            self._pending.append((item, self.submit(item)))
            while self._pending and (self._pending[0][1].done() or len(self._pending) >= self._max_pending):
                yield self._wait_for_next()
        while self._pending:
            yield self._wait_for_next()

    @property
    def _max_pending(self) -> int:
        return self._threads * self._batch_size * PENDING_PER_THREAD

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
        held: deque[_Task[Item, Result]] = deque()
        while tasks := self._take_batch(todo, held):
            started = [task for task in tasks if task[2].set_running_or_notify_cancel()]
            if started:
                self._process(started)

    def _take_batch(
        self, todo: "_Queue[Item, Result]", held: "deque[_Task[Item, Result]]"
    ) -> "list[_Task[Item, Result]]":
        """Wait for a task and take those that wait, with different keys; none at the end of the queue.

        `held` are tasks that were taken before and whose keys were in that batch.
        """
        batch: list[_Task[Item, Result]] = []
        repeated: list[_Task[Item, Result]] = []
        keys: set[str] = set()
        while len(batch) < self._batch_size:
            try:
                task = held.popleft() if held else todo.get(block=not batch)
            except queue.Empty:
                break
            if task is None:
                if batch:
                    # For the next call.
                    todo.put(None)
                break
            if task[0] in keys:
                repeated.append(task)
                continue
            batch.append(task)
            if task[0] is not None:
                keys.add(task[0])
        held.extendleft(reversed(repeated))
        return batch

    def _process(self, tasks: "Sequence[_Task[Item, Result]]") -> None:
        futures = [future for _, _, future in tasks]
        try:
            results = self._work([item for _, item, _ in tasks])
            for future, result in zip(futures, results, strict=True):
                future.set_result(result)
        except BaseException as error:
            for future in futures:
                if not future.done():
                    future.set_exception(error)
