"""Posts a stream of records concurrently and counts the outcomes."""

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

from operations.ingest.api_client import ApiResponse
from operations.ingest.input_file import Record
from operations.ingest.ordered_workers import OrderedWorkers
from operations.ingest.record_kinds import TRANSACTIONS, RecordKind
from operations.ingest.responses import PostOutcome, PostResult
from terminal.errors import UserError

# The wait for requests under way after Ctrl-C. A lost response does no harm: the API is idempotent.
GRACE_SECONDS = 2.0
MAX_CONSECUTIVE_FAILURES = 50

Post = Callable[[bytes], ApiResponse]
"""Sends one body and returns the final response."""

PostBatch = Callable[[Sequence[bytes]], Sequence[ApiResponse]]
"""Sends bodies together and returns the final response to each of them."""


@dataclass
class PostSummary:
    """The number of records by outcome, and the reason if the run ended early."""

    counts: Counter[PostOutcome] = field(default_factory=Counter)
    interrupted: bool = False
    error: UserError | None = None

    @property
    def is_complete(self) -> bool:
        """Whether every record is stored."""
        refused = self.counts[PostOutcome.REJECTED] + self.counts[PostOutcome.FAILED]
        return not (refused or self.interrupted or self.error)


@dataclass
class Poster:
    """Posts records with `post`; `observe` gets each record and its result in the order of the records.

    With `post_batch`, records that wait for a thread are posted together, `batch_size` at most. Records with
    the same order key are in different batches: the API may store the entries of a batch in any order.
    The poster sets `stop` at its end. `post` must use the same event to end its waits between attempts.
    """

    post: Post
    concurrency: int
    stop: threading.Event
    observe: Callable[[Record, PostResult], None]
    kind: RecordKind = TRANSACTIONS
    post_batch: PostBatch | None = None
    batch_size: int = 1
    summary: PostSummary = field(default_factory=PostSummary, init=False)
    _consecutive_failures: int = field(default=0, init=False)

    def run(self, records: Iterable[Record]) -> PostSummary:
        """Post all records. Ends early on Ctrl-C, and on an error that every further record would meet."""
        workers: OrderedWorkers[Record, PostResult] = OrderedWorkers(
            self._post_records, self.concurrency, self.kind.order_key, self.batch_size
        )
        try:
            for record, future in workers.map_in_order(records):
                self._count(record, future)
                self._check_failures(future.result())
        except KeyboardInterrupt:
            self.summary.interrupted = True
        except UserError as error:
            self.summary.error = error
        finally:
            self.stop.set()
            for record, future in workers.drain(GRACE_SECONDS):
                if future.exception() is None:
                    self._count(record, future)
            workers.close()
        return self.summary

    def _post_records(self, records: Sequence[Record]) -> list[PostResult]:
        bodies = [record.body for record in records if not record.error]
        if self.post_batch and len(bodies) > 1:
            responses = iter(self.post_batch(bodies))
        else:
            responses = map(self.post, bodies)
        return [
            PostResult(PostOutcome.REJECTED, reason=record.error)
            if record.error
            else self.kind.read_response(next(responses))
            for record in records
        ]

    def _count(self, record: Record, future: Future[PostResult]) -> None:
        result = future.result()
        self.summary.counts[result.outcome] += 1
        self.observe(record, result)

    def _check_failures(self, result: PostResult) -> None:
        failed = result.outcome is PostOutcome.FAILED
        self._consecutive_failures = self._consecutive_failures + 1 if failed else 0
        if self._consecutive_failures >= MAX_CONSECUTIVE_FAILURES:
            raise UserError(
                f"The last {MAX_CONSECUTIVE_FAILURES} {self.kind.plural} failed: {result.reason}.",
                "Send the file again later. Stored records are not stored twice.",
            )
