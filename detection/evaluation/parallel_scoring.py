"""Scores chunks of transactions in several processes, whose number does not change the results."""

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice

from detection.data.columns import TransactionBatch
from detection.errors import DetectionError
from detection.evaluation.batch_model import Floats
from detection.evaluation.batch_scorer import BatchScorer, ScoredBatch
from functions.fraud.scoring.model import FraudModel
from functions.fraud.scoring.rules import RuleSet

# Processes take a second to start, as long as scoring so many chunks.
_MIN_CHUNKS = 16
# Memory holds the features of so many chunks.
_PENDING_PER_WORKER = 4
# The replay, in one process, does not feed more.
_MAX_WORKERS = 4


@dataclass(frozen=True)
class Chunk:
    """Transactions with their features, one row each.

    `frauds`: account and time of the frauds since the previous chunk.
    """

    batch: TransactionBatch
    values: Floats
    frauds: list[tuple[str, int]]


def count_cores() -> int:
    """The number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class ParallelScorer:
    """Scores in `workers` processes, by default on all cores. One worker is this process."""

    def __init__(self, rules: RuleSet, model: FraudModel | None, workers: int | None = None) -> None:
        self._rules, self._model = rules, model
        self._workers = min(count_cores(), _MAX_WORKERS) if workers is None else workers
        self._batch_scorer = BatchScorer(rules, model)
        self.scorer = self._batch_scorer.scorer

    def score(self, chunks: Iterable[Chunk], *, explains_model: bool) -> Generator[tuple[Chunk, ScoredBatch]]:
        """The chunks in the same order with their results. A few chunks are scored in this process.

        Raises DetectionError if a worker process ends.
        """
        remaining = iter(chunks)
        first = [] if self._workers == 1 else list(islice(remaining, _MIN_CHUNKS))
        if len(first) == _MIN_CHUNKS:
            yield from self._score_in_workers(chain(first, remaining), explains_model=explains_model)
            return
        for chunk in chain(first, remaining):
            scored = self._batch_scorer.score(chunk.batch, chunk.values, explains_model=explains_model)
            yield chunk, scored

    def _score_in_workers(
        self, chunks: Iterable[Chunk], *, explains_model: bool
    ) -> Generator[tuple[Chunk, ScoredBatch]]:
        pending: deque[tuple[Chunk, Future[ScoredBatch]]] = deque()
        with _open_workers(self._workers, self._rules, self._model) as submit:
            for chunk in chunks:
                pending.append((chunk, submit(chunk.batch, chunk.values, explains_model)))
                if len(pending) == _PENDING_PER_WORKER * self._workers:
                    yield _await_first(pending)
            while pending:
                yield _await_first(pending)


def _await_first(pending: deque[tuple[Chunk, Future[ScoredBatch]]]) -> tuple[Chunk, ScoredBatch]:
    chunk, future = pending.popleft()
    return chunk, future.result()


_Submit = Callable[[TransactionBatch, Floats, bool], "Future[ScoredBatch]"]


@contextmanager
def _open_workers(workers: int, rules: RuleSet, model: FraudModel | None) -> Iterator[_Submit]:
    # A process that is forked while threads run may hang.
    context = multiprocessing.get_context("spawn")
    executor = ProcessPoolExecutor(workers, context, initializer=_start_worker, initargs=(rules, model))
    try:
        _start_processes(executor, workers)
        yield partial(_submit_chunk, executor)
    except BrokenProcessPool as error:
        raise DetectionError(
            "A process that scores transactions ended unexpectedly.",
            "Free memory, or use one core: taskset --cpu-list 0",
        ) from error
    finally:
        executor.shutdown(cancel_futures=True)


def _start_processes(executor: ProcessPoolExecutor, workers: int) -> None:
    """Start all workers. Ctrl-C interrupts this process only, which ends them."""
    # The workers inherit the mask.
    with _delay_interrupts():
        for _ in range(workers):
            executor.submit(int)


def _submit_chunk(
    executor: ProcessPoolExecutor, batch: TransactionBatch, values: Floats, explains_model: bool
) -> "Future[ScoredBatch]":
    # An executor that is interrupted within `submit` may never end.
    with _delay_interrupts():
        return executor.submit(_score_in_worker, batch, values, explains_model)


@contextmanager
def _delay_interrupts() -> Iterator[None]:
    """Deliver Ctrl-C after the context."""
    earlier = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, earlier)


_worker_scorer: BatchScorer


def _start_worker(rules: RuleSet, model: FraudModel | None) -> None:
    global _worker_scorer  # noqa: PLW0603  # the state of a worker process
    threading.Thread(target=_exit_with_parent, daemon=True).start()
    _worker_scorer = BatchScorer(rules, model)


def _exit_with_parent() -> None:
    """End this process if the parent is killed, which closes no pipe that the worker waits for."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _score_in_worker(batch: TransactionBatch, values: Floats, explains_model: bool) -> ScoredBatch:
    return _worker_scorer.score(batch, values, explains_model=explains_model)
