"""A run against a posting process in memory: schedule, results, errors and interruptions."""

import json
import threading
import time
from collections.abc import Iterator, Mapping
from queue import SimpleQueue
from typing import cast

import pytest
from botocore.credentials import Credentials

from operations.api_target import ApiTarget
from operations.ingest.responses import CallerRefusedError
from operations.load import run as run_module
from operations.load.locust_process import LocustProcess, PostedRequest
from operations.load.run import LoadRun, count_connections
from operations.load.traffic import Traffic
from terminal.errors import UserError

TARGET = ApiTarget(
    "http://127.0.0.1:1/transactions", "eu-north-1", Credentials("AKIDEXAMPLE", "not-a-secret")
)
TRAFFIC = Traffic(rate=500, minutes=0.002)


class FakeProcess:
    """Answers each request at once with `status`; without responses, only after `stop`.

    The input is full from the request number `full_from` until the end of the traffic.
    """

    def __init__(self, status: int = 201, *, responds: bool = True, exit_status: int = 0) -> None:
        self.full_from: int | None = None
        self.bodies: list[dict[str, object]] = []
        self.headers: list[Mapping[str, str]] = []
        self.stopped = self.killed = False
        self._status, self._responds, self._exit_status = status, responds, exit_status
        self._results: SimpleQueue[PostedRequest | None] = SimpleQueue()

    def send(self, number: int, at: float, until: float, headers: Mapping[str, str], body: bytes) -> None:
        if self.stopped:
            raise BrokenPipeError
        self.bodies.append(json.loads(body))
        self.headers.append(headers)
        if number == self.full_from:
            threading.Event().wait(max(0.0, until - time.monotonic()))
        if self._responds:
            self._results.put(PostedRequest(number, self._status, 0.0, 0.01, "{}"))

    def close_input(self) -> None:
        if self._responds:
            self._results.put(None)

    def results(self) -> Iterator[PostedRequest]:
        return iter(self._results.get, None)

    def wait(self) -> int:
        return self._exit_status

    def stop(self) -> None:
        self.stopped = True
        self._results.put(None)

    def kill(self) -> None:
        self.killed = True

    def error(self) -> UserError:
        return UserError("locust failed: reason")


def ignore(_: LoadRun) -> None:
    pass


def make_run(process: FakeProcess) -> LoadRun:
    return LoadRun(TRAFFIC, TARGET, cast(LocustProcess, process), "r", ignore)


def test_every_arrival_is_posted_signed_and_sampled() -> None:
    process = FakeProcess()
    run = make_run(process)
    run.execute()
    statistics = run.statistics
    assert statistics.scheduled == statistics.posted == len(process.bodies) > 0
    assert statistics.kept_schedule
    assert len({body["transaction_id"] for body in process.bodies}) == statistics.posted
    assert all("Authorization" in headers for headers in process.headers)
    sampled = {row.transaction_id for row in run.sample.transactions}
    assert sampled == {body["transaction_id"] for body in process.bodies}
    assert not run.interrupted
    assert process.killed


def test_arrivals_that_find_no_place_until_the_end_are_not_posted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_module, "_LEAD_SECONDS", 0.01)
    monkeypatch.setattr(run_module, "LATE_SECONDS", 0.01)
    process = FakeProcess()
    process.full_from = 3
    run = make_run(process)
    run.execute()
    assert run.statistics.posted == 4
    assert run.statistics.not_posted == run.statistics.scheduled - 4 > 0
    assert not run.statistics.kept_schedule


@pytest.mark.parametrize("status", [400, 429, 500, 0])
def test_refused_transactions_are_counted_and_not_sampled(status: int) -> None:
    run = make_run(FakeProcess(status))
    run.execute()
    assert run.statistics.failed == run.statistics.scheduled
    assert run.sample.transactions == []
    assert run.error is None


def test_refused_caller_ends_the_run() -> None:
    run = make_run(FakeProcess(403))
    run.execute()
    assert isinstance(run.error, CallerRefusedError)


def test_failed_process_is_an_error() -> None:
    run = make_run(FakeProcess(exit_status=1))
    run.execute()
    assert run.error is not None
    assert run.error.message == "locust failed: reason"


def test_interrupted_run_stops_the_process_and_keeps_the_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: LoadRun) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(run_module, "PROGRESS_SECONDS", 0.001)
    process = FakeProcess(responds=False)
    run = make_run(process)
    run.progress = interrupt
    run.execute()
    assert run.interrupted
    assert process.stopped
    assert process.killed
    assert run.statistics.posted == 0


@pytest.mark.parametrize(("rate", "connections"), [(0.1, 50), (20, 100), (1000, 1000)])
def test_connections_grow_with_the_rate_within_limits(rate: float, connections: int) -> None:
    assert count_connections(rate) == connections


def test_embedded_aws_gets_few_connections() -> None:
    assert count_connections(1000, local=True) == count_connections(1, local=True) < 50
