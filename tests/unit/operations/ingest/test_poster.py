"""Posting a stream: counting, order, bounds, and everything that ends it early."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count, repeat

import pytest
from urllib3 import HTTPHeaderDict

from operations.ingest.api_client import Answer
from operations.ingest.input_file import Record
from operations.ingest.ordered_workers import WAITING_PER_THREAD
from operations.ingest.poster import FAILURES_IN_A_ROW, Posting, Summary
from operations.ingest.responses import Outcome, RefusedCallerError, Verdict, explain, judge
from terminal.errors import UserError

RECORD = Record(1, b"{}", b"{}")


def answer(status: int, problem: object = None) -> Answer:
    return Answer(status, json.dumps(problem).encode(), HTTPHeaderDict())


@dataclass
class Api:
    """Answers 201, or for a body `statuses` knows, that."""

    statuses: dict[bytes, int] = field(default_factory=dict)
    otherwise: int = 201
    posts: list[bytes] = field(default_factory=list)

    def post(self, body: bytes) -> Answer:
        self.posts.append(body)
        return answer(self.statuses.get(body, self.otherwise), {"detail": "because."})


@dataclass
class Seen:
    verdicts: list[tuple[Record, Verdict]] = field(default_factory=list)

    def __call__(self, record: Record, verdict: Verdict) -> None:
        self.verdicts.append((record, verdict))

    def lines(self) -> list[int]:
        return [record.line for record, _ in self.verdicts]


def post(api: Api, records: Iterator[Record], seen: Seen | None = None, concurrency: int = 4) -> Summary:
    stop = threading.Event()
    posting = Posting(api, concurrency=concurrency, stop=stop, observe=seen or Seen())
    summary = posting.run(records)
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
def test_an_answer_is_judged_by_whether_sending_again_helps(status: int, outcome: str) -> None:
    assert judge(answer(status)).outcome == outcome


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_caller_is_no_verdict_on_a_transaction(status: int) -> None:
    with pytest.raises(RefusedCallerError, match=r"no token.*execute-api:Invoke"):
        judge(answer(status, {"message": "no token"}))


@pytest.mark.parametrize("status", [302, 404])
def test_what_is_not_the_api_is_no_verdict_on_a_transaction(status: int) -> None:
    with pytest.raises(UserError, match=str(status)):
        judge(answer(status))


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
def test_a_problem_is_explained_on_one_line(problem: object, reason: str) -> None:
    assert explain(answer(409, problem)) == reason


def test_a_problem_that_is_no_json_is_explained_by_its_status() -> None:
    assert explain(Answer(502, b"<html>", HTTPHeaderDict())) == "Bad Gateway"


def test_each_outcome_is_counted() -> None:
    api = Api({b"1": 200, b"2": 400, b"3": 503})
    summary = post(api, iter([record(0), record(1), record(2), record(3)]))
    assert summary.counts == {"stored": 1, "replayed": 1, "rejected": 1, "failed": 1}
    assert not summary.complete


def test_replays_are_as_good_as_stored_ones() -> None:
    assert post(Api({b"1": 200}), iter([record(0), record(1)])).complete


def test_verdicts_come_in_the_order_of_the_records() -> None:
    seen = Seen()
    post(Api(), map(record, range(500)), seen, concurrency=8)
    assert seen.lines() == list(range(500))


def test_a_record_without_a_body_is_not_posted() -> None:
    seen = Seen()
    post(Api(otherwise=404), iter([Record(7, b"x", problem="not JSON")]), seen)
    assert seen.verdicts == [(Record(7, b"x", problem="not JSON"), Verdict(Outcome.REJECTED, 0, "not JSON"))]


def test_few_records_are_in_memory_at_a_time() -> None:
    taken = count()
    seen = Seen()

    def records() -> Iterator[Record]:
        for number in range(1000):
            assert next(taken) - len(seen.verdicts) <= 4 * WAITING_PER_THREAD
            yield record(number)

    assert post(Api(), records(), seen).counts[Outcome.STORED] == 1000


def test_a_refused_caller_ends_it_at_once_with_the_reason() -> None:
    summary = post(Api(otherwise=403), map(record, count()))
    assert isinstance(summary.error, RefusedCallerError)
    assert not summary.complete


def test_what_was_answered_before_the_end_is_still_counted() -> None:
    summary = post(Api({b"50": 403}), map(record, count()))
    assert summary.counts[Outcome.STORED] >= 50


def test_an_api_that_fails_all_the_time_is_not_tried_with_everything() -> None:
    seen = Seen()
    summary = post(Api(otherwise=503), repeat(RECORD), seen)
    assert str(FAILURES_IN_A_ROW) in str(summary.error)
    assert len(seen.verdicts) <= FAILURES_IN_A_ROW + 4 * WAITING_PER_THREAD


def test_failures_between_successes_do_not_end_it() -> None:
    failing = {str(number).encode(): 503 for number in range(0, 400, 2)}
    assert post(Api(failing), map(record, range(400))).error is None


def test_an_unreadable_rest_of_the_file_ends_it_with_what_was_sent() -> None:
    def records() -> Iterator[Record]:
        yield from map(record, range(30))
        raise UserError("line 31 is too long")

    api = Api()
    summary = post(api, records())
    assert str(summary.error) == "line 31 is too long"
    assert summary.counts[Outcome.STORED] == len(api.posts) > 0


def test_ctrl_c_keeps_what_was_counted() -> None:
    def records() -> Iterator[Record]:
        yield from map(record, range(30))
        raise KeyboardInterrupt

    api = Api()
    summary = post(api, records())
    assert (summary.interrupted, summary.complete) == (True, False)
    assert summary.counts[Outcome.STORED] == len(api.posts) > 0
