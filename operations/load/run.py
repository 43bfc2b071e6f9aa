"""Posts the traffic of a load test at its rate, whatever the responses (open loop)."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil

from urllib3 import HTTPHeaderDict

from functions.common.domain.transaction import Transaction
from operations.api_target import ApiTarget
from operations.ingest.api_client import ApiResponse, sign_post
from operations.ingest.payloads import encode_payload
from operations.ingest.responses import describe_problem, read_transaction_response
from operations.load.decisions import Sample
from operations.load.locust_process import STOP_SECONDS, LocustProcess
from operations.load.post_statistics import LATE_SECONDS, PostStatistics
from operations.load.traffic import Traffic, TransactionGenerator, generate_arrivals
from terminal.errors import UserError

# Enough for an API that takes five seconds. More would only move the queue from here into the API.
CONNECTION_SECONDS = 5
MIN_CONNECTIONS, MAX_CONNECTIONS = 50, 1000
# The embedded AWS starts a process for each concurrent request: with 500, it stores one transaction a second.
LOCAL_CONNECTIONS = 8
PROGRESS_SECONDS = 5.0
# Requests are signed and handed over this long before their time.
_LEAD_SECONDS = 1.0


def count_connections(rate: float, *, local: bool = False) -> int:
    """Return the maximum number of requests in flight."""
    if local:
        return LOCAL_CONNECTIONS
    return min(max(ceil(rate * CONNECTION_SECONDS), MIN_CONNECTIONS), MAX_CONNECTIONS)


@dataclass
class LoadRun:
    """One run of `traffic` through a posting process.

    `statistics` and `sample` (of the stored transactions) are valid at any time. `error` is the reason why
    every further request would fail. `progress` is called about every PROGRESS_SECONDS.
    """

    traffic: Traffic
    target: ApiTarget
    process: LocustProcess
    run_name: str
    progress: Callable[["LoadRun"], None]
    statistics: PostStatistics = field(default_factory=PostStatistics)
    sample: Sample = field(default_factory=Sample)
    interrupted: bool = False
    error: UserError | None = None
    started: float = field(default_factory=time.monotonic)
    _pending: dict[int, Transaction] = field(default_factory=dict)
    _stop: threading.Event = field(default_factory=threading.Event)

    def execute(self) -> None:
        """Post everything and wait for the responses. Ctrl-C ends the run early and sets `interrupted`."""
        feeder = threading.Thread(target=self._feed, daemon=True)
        collector = threading.Thread(target=self._collect, daemon=True)
        self.started = time.monotonic() + _LEAD_SECONDS
        feeder.start()
        collector.start()
        try:
            while collector.is_alive():
                collector.join(PROGRESS_SECONDS)
                if self._stop.is_set():
                    self._end(collector)
                elif collector.is_alive():
                    self.progress(self)
        except KeyboardInterrupt:
            self.interrupted = True
            self._end(collector)
        finally:
            self._stop.set()
            self.process.kill()
        feeder.join(STOP_SECONDS)

    def _end(self, collector: threading.Thread) -> None:
        """Post nothing more, and wait for the responses of the last seconds."""
        self._stop.set()
        self.process.stop()
        collector.join(STOP_SECONDS)

    def _feed(self) -> None:
        """Sign each request shortly before its time and hand it over; count the arrivals of the run."""
        transactions = TransactionGenerator(self.traffic, self.run_name)
        epoch_ms = round((time.time() + self.started - time.monotonic()) * 1000)
        end = self.started + self.traffic.seconds + LATE_SECONDS
        try:
            for number, seconds in enumerate(generate_arrivals(self.traffic)):
                at = self.started + seconds
                if self._stop.wait(max(0.0, at - _LEAD_SECONDS - time.monotonic())):
                    break
                self.statistics.scheduled += 1
                # After the end, the arrivals that are left are counted only.
                if time.monotonic() < end:
                    transaction = transactions.generate(number, epoch_ms + round(seconds * 1000))
                    self._send(number, at, end, transaction)
        except (UserError, BrokenPipeError) as error:
            if isinstance(error, UserError):
                self._fail(error)
        finally:
            self.process.close_input()

    def _send(self, number: int, at: float, until: float, transaction: Transaction) -> None:
        body = encode_payload(transaction)
        self._pending[number] = transaction
        self.process.send(number, at, until, sign_post(self.target, body), body)

    def _collect(self) -> None:
        for request in self.process.results():
            transaction = self._pending.pop(request.number)
            response = ApiResponse(request.status, request.reason.encode(), HTTPHeaderDict())
            self.statistics.seconds = time.monotonic() - self.started
            self.statistics.add(request, describe_problem(response) if request.status else request.reason)
            try:
                if request.status and read_transaction_response(response).accepted:
                    self.sample.add(transaction)
            except UserError as error:
                self._fail(error)
        if self.process.wait() and not self._stop.is_set():
            self._fail(self.process.error())

    def _fail(self, error: UserError) -> None:
        self.error = self.error or error
        self._stop.set()
