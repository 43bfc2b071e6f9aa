"""Posting a stream of records: counts, order, limits and early ends."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count, repeat

import pytest
from urllib3 import HTTPHeaderDict

from operations.ingest.api_client import ApiResponse
from operations.ingest.input_file import Record
from operations.ingest.ordered_workers import PENDING_PER_THREAD
from operations.ingest.poster import MAX_CONSECUTIVE_FAILURES, Poster, PostSummary
from operations.ingest.responses import (
    CallerRefusedError,
    PostOutcome,
    PostResult,
    describe_problem,
    read_transaction_response,
)
from terminal.errors import UserError

RECORD = Record(1, b"{}", b"{}")


def answer(status: int, problem: object = None) -> ApiResponse:
    return ApiResponse(status, json.dumps(problem).encode(), HTTPHeaderDict())


@dataclass
class FakePost:
    """Answers with the status of the body in `statuses`, else with `otherwise`."""

    statuses: dict[bytes, int] = field(default_factory=dict)
    otherwise: int = 201
    posts: list[bytes] = field(default_factory=list)

    def __call__(self, body: bytes) -> ApiResponse:
        self.posts.append(body)
        return answer(self.statuses.get(body, self.otherwise), {"detail": "because."})


@dataclass
class Observer:
    results: list[tuple[Record, PostResult]] = field(default_factory=list)

    def __call__(self, record: Record, result: PostResult) -> None:
        self.results.append((record, result))

    def lines(self) -> list[int]:
        return [record.line for record, _ in self.results]


def post(
    api: FakePost, records: Iterator[Record], observer: Observer | None = None, concurrency: int = 4
) -> PostSummary:
    stop = threading.Event()
    poster = Poster(api, concurrency=concurrency, stop=stop, observe=observer or Observer())
    summary = poster.run(records)
    assert stop.is_set()
    return summary


def record(number: int) -> Record:
    return Record(number, b"raw", str(number).encode())


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (201, "stored"),
        (200, "replayed"),
        (400, "rejected"),
        (409, "rejected"),
        (413, "rejected"),
        (415, "rejected"),
        (429, "failed"),
        (503, "failed"),
    ],
)
def test_status_decides_the_outcome(status: int, outcome: str) -> None:
    assert read_transaction_response(answer(status)).outcome == outcome


@pytest.mark.parametrize("status", [401, 403])
def test_refused_caller_is_an_error_and_not_a_result(status: int) -> None:
    with pytest.raises(CallerRefusedError) as raised:
        read_transaction_response(answer(status, {"message": "no token"}))
    assert "no token" in raised.value.message
    assert "execute-api:Invoke" in raised.value.hint


@pytest.mark.parametrize("status", [302, 404])
def test_unexpected_status_is_an_error_and_not_a_result(status: int) -> None:
    with pytest.raises(UserError) as raised:
        read_transaction_response(answer(status))
    assert str(status) in raised.value.message


@pytest.mark.parametrize(
    ("problem", "reason"),
    [
        ({"errors": [{"field": "a", "detail": "x"}, {"field": "b", "detail": "y"}]}, "a: x; b: y"),
        ({"title": "Bad", "detail": "It is\nbad."}, "It is bad"),
        ({"title": "Bad"}, "Bad"),
        ({"message": "Too many"}, "Too many"),
        ({"errors": "odd"}, "no reason given"),
        ({}, "no reason given"),
        ("text", "Conflict"),
    ],
)
def test_problem_is_described_on_one_line(problem: object, reason: str) -> None:
    assert describe_problem(answer(409, problem)) == reason


def test_response_without_json_is_described_by_its_status() -> None:
    assert describe_problem(ApiResponse(502, b"<html>", HTTPHeaderDict())) == "Bad Gateway"


def test_outcomes_are_counted() -> None:
    api = FakePost({b"1": 200, b"2": 400, b"3": 503})
    summary = post(api, iter([record(0), record(1), record(2), record(3)]))
    assert summary.counts == {"stored": 1, "replayed": 1, "rejected": 1, "failed": 1}
    assert not summary.is_complete


def test_replayed_records_complete_a_run() -> None:
    assert post(FakePost({b"1": 200}), iter([record(0), record(1)])).is_complete


def test_results_are_in_the_order_of_the_records() -> None:
    observer = Observer()
    post(FakePost(), map(record, range(500)), observer, concurrency=8)
    assert observer.lines() == list(range(500))


def test_invalid_record_is_rejected_without_a_request() -> None:
    observer = Observer()
    post(FakePost(otherwise=404), iter([Record(7, b"x", error="not JSON")]), observer)
    assert observer.results == [
        (Record(7, b"x", error="not JSON"), PostResult(PostOutcome.REJECTED, 0, "not JSON"))
    ]


def test_number_of_records_in_memory_is_limited() -> None:
    taken = count()
    observer = Observer()

    def records() -> Iterator[Record]:
        for number in range(1000):
            assert next(taken) - len(observer.results) <= 4 * PENDING_PER_THREAD
            yield record(number)

    assert post(FakePost(), records(), observer).counts[PostOutcome.STORED] == 1000


def test_refused_caller_ends_the_run() -> None:
    summary = post(FakePost(otherwise=403), map(record, count()))
    assert isinstance(summary.error, CallerRefusedError)
    assert not summary.is_complete


def test_responses_before_an_early_end_are_counted() -> None:
    summary = post(FakePost({b"50": 403}), map(record, count()))
    assert summary.counts[PostOutcome.STORED] >= 50


def test_run_ends_after_too_many_consecutive_failures() -> None:
    observer = Observer()
    summary = post(FakePost(otherwise=503), repeat(RECORD), observer)
    assert str(MAX_CONSECUTIVE_FAILURES) in str(summary.error)
    assert len(observer.results) <= MAX_CONSECUTIVE_FAILURES + 4 * PENDING_PER_THREAD


def test_failures_between_successes_do_not_end_the_run() -> None:
    failing = {str(number).encode(): 503 for number in range(0, 400, 2)}
    assert post(FakePost(failing), map(record, range(400))).error is None


def test_unreadable_rest_of_the_file_ends_the_run_after_the_earlier_records() -> None:
    def records() -> Iterator[Record]:
        yield from map(record, range(30))
        raise UserError("line 31 is too long")

    api = FakePost()
    summary = post(api, records())
    assert str(summary.error) == "line 31 is too long"
    assert summary.counts[PostOutcome.STORED] == len(api.posts) > 0


def test_ctrl_c_keeps_the_counts() -> None:
    def records() -> Iterator[Record]:
        yield from map(record, range(30))
        raise KeyboardInterrupt

    api = FakePost()
    summary = post(api, records())
    assert (summary.interrupted, summary.is_complete) == (True, False)
    assert summary.counts[PostOutcome.STORED] == len(api.posts) > 0
