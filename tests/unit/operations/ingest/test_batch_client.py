"""Posting in batches: limits, results, repeated entries and refused batches."""

import json
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.credentials import Credentials
from urllib3 import HTTPHeaderDict

from operations.api_target import ApiTarget
from operations.ingest.api_client import ApiClient, ApiResponse, RetryPolicy, StoppedError
from operations.ingest.batch_client import BatchClient
from operations.ingest.input_file import Record
from operations.ingest.ordered_workers import OrderedWorkers
from operations.ingest.poster import Poster
from operations.ingest.responses import PostResult
from terminal.errors import UserError

TARGET = ApiTarget(
    "http://127.0.0.1:1/transactions", "eu-north-1", Credentials("AKIDEXAMPLE", "not-a-secret")
)


@dataclass
class FakeRoutes:
    """Both routes of the API. `statuses`: the statuses of an entry by its id, one for each attempt, then 201.

    With `refusal`, each batch is refused with that status. `waits`: the number of waits between attempts.
    """

    statuses: dict[int, list[int]] = field(default_factory=dict)
    refusal: int = 0
    batches: list[list[int]] = field(default_factory=list)
    singles: list[int] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    waits: int = 0
    stop: bool = False

    def client(self) -> BatchClient:
        return BatchClient(_FakeClient(self, is_batch=True), _FakeClient(self, is_batch=False))

    def post_single(self, body: bytes) -> ApiResponse:
        number = json.loads(body)["n"]
        self.singles.append(number)
        return _response(self._next_status(number), {"n": number})

    def post_batch(self, body: bytes) -> ApiResponse:
        self.sizes.append(len(body))
        numbers = [entry["n"] for entry in json.loads(body)["transactions"]]
        self.batches.append(numbers)
        if self.refusal:
            return _response(self.refusal, {"detail": "no"})
        results = [self._build_result(number) for number in numbers]
        return _response(200, {"results": results})

    def _build_result(self, number: int) -> dict[str, Any]:
        status = self._next_status(number)
        name = "body" if status in (200, 201) else "problem"
        return {"status": status, name: {"n": number, "detail": f"because {number}"}}

    def _next_status(self, number: int) -> int:
        waiting = self.statuses.get(number)
        return waiting.pop(0) if waiting else 201


class _FakeClient(ApiClient):
    def __init__(self, routes: FakeRoutes, *, is_batch: bool) -> None:
        super().__init__(TARGET, retries=RetryPolicy(attempts=3), wait=self._count_wait)
        self._routes, self._is_batch = routes, is_batch

    def post(self, body: bytes, _content_type: str = "") -> ApiResponse:
        return self._routes.post_batch(body) if self._is_batch else self._routes.post_single(body)

    def _count_wait(self, _seconds: float) -> bool:
        self._routes.waits += 1
        return self._routes.stop


def _response(status: int, body: object) -> ApiResponse:
    return ApiResponse(status, json.dumps(body).encode(), HTTPHeaderDict())


def _bodies(count: int, padding: int = 0) -> list[bytes]:
    return [json.dumps({"n": number, "text": "x" * padding}).encode() for number in range(count)]


def _statuses(responses: Sequence[ApiResponse]) -> list[int]:
    return [response.status for response in responses]


def test_each_transaction_gets_its_own_response() -> None:
    routes = FakeRoutes({1: [200], 2: [400]})
    responses = routes.client().post(_bodies(3))
    assert _statuses(responses) == [201, 200, 400]
    assert [json.loads(response.body)["n"] for response in responses] == [0, 1, 2]
    assert (routes.batches, routes.singles) == ([[0, 1, 2]], [])


def test_only_failed_entries_are_repeated() -> None:
    routes = FakeRoutes({1: [503], 3: [503, 429], 4: [400]})
    assert _statuses(routes.client().post(_bodies(5))) == [201, 201, 201, 201, 400]
    assert (routes.batches, routes.singles, routes.waits) == ([[0, 1, 2, 3, 4], [1, 3]], [3], 2)


def test_entry_that_fails_at_every_attempt_keeps_its_last_response() -> None:
    routes = FakeRoutes({0: [503, 429, 500]})
    assert _statuses(routes.client().post(_bodies(2))) == [500, 201]
    assert routes.waits == 2


def test_stopped_client_does_not_repeat_entries() -> None:
    with pytest.raises(StoppedError):
        FakeRoutes({0: [503]}, stop=True).client().post(_bodies(2))


@pytest.mark.parametrize("status", [400, 413])
def test_refused_batch_is_posted_singly(status: int) -> None:
    routes = FakeRoutes({1: [400]}, refusal=status)
    assert _statuses(routes.client().post(_bodies(3))) == [201, 400, 201]
    assert routes.singles == [0, 1, 2]


@pytest.mark.parametrize("status", [403, 404])
def test_refused_caller_is_the_response_to_each_transaction(status: int) -> None:
    routes = FakeRoutes(refusal=status)
    assert _statuses(routes.client().post(_bodies(2))) == [status, status]
    assert not routes.singles


def test_route_for_batches_only_gets_a_single_transaction_as_a_batch() -> None:
    routes = FakeRoutes({0: [400]})
    client = BatchClient(_FakeClient(routes, is_batch=True), None)
    assert _statuses(client.post(_bodies(1))) == [400]
    assert (routes.batches, routes.singles) == ([[0]], [])


def test_refused_batch_of_a_route_for_batches_only_is_posted_one_by_one() -> None:
    routes = FakeRoutes(refusal=400)
    client = BatchClient(_FakeClient(routes, is_batch=True), None)
    assert _statuses(client.post(_bodies(2))) == [400, 400]
    assert (routes.batches, routes.singles) == ([[0, 1], [0], [1]], [])


def test_batches_are_within_the_limits_of_the_api() -> None:
    routes = FakeRoutes()
    assert set(_statuses(routes.client().post(_bodies(60, padding=4_000)))) == {201}
    assert max(routes.sizes) <= 65_536
    assert all(len(batch) <= 25 for batch in routes.batches)
    assert sorted(number for batch in routes.batches for number in batch) == list(range(60))


def test_transaction_above_the_limit_of_the_single_route_is_posted_alone() -> None:
    bodies = [*_bodies(3), json.dumps({"n": 3, "text": "x" * 17_000}).encode()]
    routes = FakeRoutes({3: [413]})
    assert _statuses(routes.client().post(bodies)) == [201, 201, 201, 413]
    assert (routes.batches, routes.singles) == ([[0, 1, 2]], [3])


@pytest.mark.parametrize("body", [{}, {"results": []}, {"results": [{"status": 201}]}, "text"])
def test_response_that_does_not_answer_each_transaction_is_an_error(body: object) -> None:
    class OtherRoutes(FakeRoutes):
        def post_batch(self, _body: bytes) -> ApiResponse:
            return _response(200, body)

    with pytest.raises(UserError):
        OtherRoutes().client().post(_bodies(2))


def test_waiting_records_of_different_accounts_are_posted_together_in_the_order_of_each_account() -> None:
    """One thread: the others are queued while it posts the first record."""
    posts: list[list[str]] = []
    first_is_posted, all_are_queued = threading.Event(), threading.Event()

    def post_batch(bodies: Sequence[bytes]) -> list[ApiResponse]:
        posts.append([json.loads(body)["account_id"] for body in bodies])
        return [_response(201, {})] * len(bodies)

    def post(body: bytes) -> ApiResponse:
        first_is_posted.set()
        assert all_are_queued.wait(30)
        return post_batch([body])[0]

    def records() -> Iterator[Record]:
        for line, account in enumerate("zabacab"):
            yield Record(line, b"", json.dumps({"account_id": account}).encode())
            assert first_is_posted.wait(30)
        all_are_queued.set()

    results: list[tuple[int, PostResult]] = []
    poster = Poster(
        post,
        concurrency=1,
        stop=threading.Event(),
        observe=lambda record, result: results.append((record.line, result)),
        post_batch=post_batch,
        batch_size=3,
    )
    summary = poster.run(records())
    assert posts == [["z"], ["a", "b", "c"], ["a", "b"], ["a"]]
    assert summary.is_complete
    assert [line for line, _ in results] == list(range(7))


def test_failed_work_is_the_result_of_each_item_of_its_batch() -> None:
    def work(_: Sequence[int]) -> list[int]:
        raise ValueError("failed")

    workers: OrderedWorkers[int, int] = OrderedWorkers(work, 1, str, batch_size=5)
    futures = [future for _, future in workers.map_in_order(range(10))]
    workers.close()
    assert all(isinstance(future.exception(), ValueError) for future in futures)
