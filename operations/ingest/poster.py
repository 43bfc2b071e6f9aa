"""Posts a stream of transactions or labels, several at a time, and counts what became of them."""

import threading
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Protocol

from operations.ingest.api_client import Answer
from operations.ingest.input_file import Record
from operations.ingest.ordered_workers import Workers
from operations.ingest.record_kinds import TRANSACTIONS, Kind
from operations.ingest.responses import Outcome, Verdict
from terminal.errors import UserError

# Answers to what is under way when it is stopped are worth this wait, no more: sending again is safe.
GRACE_SECONDS = 2.0
FAILURES_IN_A_ROW = 50


class Client(Protocol):
    """What posting needs of the API's client."""

    def post(self, body: bytes) -> Answer:
        """The final answer to one transaction or label."""


@dataclass
class Summary:
    """What became of what was posted, and whether anything ended it early."""

    counts: Counter[Outcome] = field(default_factory=Counter)
    interrupted: bool = False
    error: UserError | None = None

    @property
    def complete(self) -> bool:
        """Whether everything is in the table now."""
        refused = self.counts[Outcome.REJECTED] + self.counts[Outcome.FAILED]
        return not (refused or self.interrupted or self.error)


class Posting:
    """Posts through `client` and gives `observe` each record's verdict, in the records' order.

    `stop` is set when it ends: it is the one that `client` waits on between attempts.
    """

    def __init__(
        self,
        client: Client,
        kind: Kind = TRANSACTIONS,
        *,
        concurrency: int,
        stop: threading.Event,
        observe: Callable[[Record, Verdict], None],
    ) -> None:
        self._client = client
        self._kind = kind
        self._concurrency = concurrency
        self._stop = stop
        self._observe = observe
        self._failures_in_a_row = 0
        self.summary = Summary()

    def run(self, records: Iterable[Record]) -> Summary:
        """Post all records. Ends early on Ctrl-C, and on what every further record would meet, too."""
        workers: Workers[Record, Verdict] = Workers(self._post, self._concurrency, self._kind.lane)
        try:
            for record, future in workers.in_order(records):
                self._count(record, future)
                self._check_that_any_arrives(future.result())
        except KeyboardInterrupt:
            self.summary.interrupted = True
        except UserError as error:
            self.summary.error = error
        finally:
            self._stop.set()
            for record, future in workers.give_up(GRACE_SECONDS):
                if future.exception() is None:
                    self._count(record, future)
            workers.close()
        return self.summary

    def _post(self, record: Record) -> Verdict:
        if record.problem:
            return Verdict(Outcome.REJECTED, reason=record.problem)
        return self._kind.judge(self._client.post(record.body))

    def _count(self, record: Record, future: Future[Verdict]) -> None:
        verdict = future.result()
        self.summary.counts[verdict.outcome] += 1
        self._observe(record, verdict)

    def _check_that_any_arrives(self, verdict: Verdict) -> None:
        self._failures_in_a_row = self._failures_in_a_row + 1 if verdict.outcome is Outcome.FAILED else 0
        if self._failures_in_a_row >= FAILURES_IN_A_ROW:
            raise UserError(
                f"The last {FAILURES_IN_A_ROW} {self._kind.many} failed: {verdict.reason}.",
                "Send the file again later: what is stored is not stored twice.",
            )
