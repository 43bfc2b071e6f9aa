import io
import json
import threading
from collections import Counter
from typing import Any, cast

import pytest

from functions.api.post_batch import LONGEST_STORE_MS, create_batch_endpoint
from functions.api.post_transaction import create_endpoint
from functions.api.transaction_parser import TransactionParser
from functions.api.transaction_store import TransactionStore, WriteResult
from functions.common.domain.time_buckets import DAY_MS
from functions.common.domain.transaction import Transaction
from functions.common.dynamodb.client import StoreBusyError
from functions.common.http.batch_schema import MAX_BATCH_BYTES
from functions.common.runtime.telemetry import Telemetry
from tests.unit.functions.builders import NOW, posted, request
from tests.unit.functions.fakes import FakeDynamoDb, FakeTransactionStore, client_error

PARSER = TransactionParser(max_age_days=30, extra_decimals="refuse")


class BatchFixture:
    """A batch endpoint with its own store and log. `remaining_ms` are the times until the invocation ends."""

    def __init__(
        self, store: TransactionStore | None = None, *remaining_ms: int, historic: bool = False
    ) -> None:
        self._parser = PARSER._replace(historic=historic)
        self.store = store or FakeTransactionStore()
        self.log = io.StringIO()
        self._times = iter(remaining_ms)
        self._telemetry = Telemetry("api", self.log)

    def post_text(self, text: str) -> tuple[int, dict[str, Any]]:
        endpoint = create_batch_endpoint(
            self.store, self._parser, self._telemetry, lambda: NOW, lambda: next(self._times, 25_000)
        )
        response = endpoint.respond(request(text))
        return response["statusCode"], json.loads(response["body"])

    def post(self, *entries: Any) -> list[dict[str, Any]]:
        status, body = self.post_text(json.dumps({"transactions": entries}))
        assert status == 200
        results: list[dict[str, Any]] = body["results"]
        assert len(results) == len(entries)
        return results

    def post_singly(self, entry: Any) -> tuple[int, dict[str, Any]]:
        """Post one transaction to the single route of the same store."""
        endpoint = create_endpoint(self.store, PARSER, Telemetry("api", io.StringIO()), lambda: NOW)
        response = endpoint.respond(request(entry))
        return response["statusCode"], json.loads(response["body"])

    def lines(self) -> list[dict[str, Any]]:
        self._telemetry.flush()
        return [json.loads(line) for line in self.log.getvalue().splitlines()]


class FaultyStore(FakeTransactionStore):
    """Raises an error for the transactions with these IDs, and counts the others."""

    def __init__(self, **errors: Exception) -> None:
        super().__init__()
        self._faults = errors
        self.attempts: Counter[str] = Counter()

    def add(self, transaction: Transaction, received_at: int, *, historic: bool = False) -> WriteResult:
        self.attempts[transaction.transaction_id] += 1
        if error := self._faults.get(transaction.transaction_id):
            raise error
        return super().add(transaction, received_at)


def _statuses(results: list[dict[str, Any]]) -> list[int]:
    return [result["status"] for result in results]


def test_each_transaction_is_answered_as_by_the_single_route_in_order() -> None:
    entries = [posted(), posted(amount=0, extra=1), posted(transaction_id="tx-2"), posted(amount=1), {}]
    batch, singles = BatchFixture(), BatchFixture()
    results = batch.post(*entries)
    assert _statuses(results) == [201, 400, 201, 409, 400]
    for entry, result in zip(entries, results, strict=True):
        body = result.get("problem") or result["body"]
        assert (result["status"], body) == singles.post_singly(entry)


def test_equal_transactions_in_a_batch_are_stored_once_by_the_first() -> None:
    for _ in range(20):
        entries = [posted(transaction_id=f"tx-{number % 5}") for number in range(25)]
        results = BatchFixture().post(*entries)
        assert [result["body"]["status"] for result in results] == ["stored"] * 5 + ["replayed"] * 20


def test_different_transactions_with_one_id_are_decided_by_their_order() -> None:
    results = BatchFixture().post(posted(amount=2), posted(amount=1), posted(amount=2))
    assert _statuses(results) == [201, 409, 200]


@pytest.mark.parametrize(
    ("error", "status", "type_"),
    [
        (StoreBusyError(), 503, "busy"),
        (client_error("AccessDeniedException"), 503, "unavailable"),
        (ValueError("about account-1"), 500, "internal-error"),
    ],
)
def test_failed_transaction_does_not_stop_the_others(error: Exception, status: int, type_: str) -> None:
    batch = BatchFixture(FaultyStore(**{"tx-1": error}))
    results = batch.post(*(posted(transaction_id=f"tx-{number}") for number in range(3)))
    assert _statuses(results) == [201, status, 201]
    assert results[1]["problem"]["type"].endswith(type_)
    assert "account-1" not in json.dumps(results)


def test_repeated_batch_completes_what_a_crash_left() -> None:
    table = FakeDynamoDb(*[None] * 5, KeyboardInterrupt())
    store = TransactionStore(cast(Any, table), "transactions", retention_days=30)
    entries = [posted(transaction_id=f"tx-{number}") for number in range(25)]
    with pytest.raises(KeyboardInterrupt):
        BatchFixture(store).post(*entries)
    results = BatchFixture(store).post(*entries)
    assert set(_statuses(results)) <= {200, 201}
    assert len(table.items) == 50
    assert set(_statuses(BatchFixture(store).post(*entries))) == {200}


def test_transactions_are_stored_concurrently() -> None:
    barrier = threading.Barrier(8, timeout=30)

    class WaitingStore(FakeTransactionStore):
        def add(self, transaction: Transaction, received_at: int, *, historic: bool = False) -> WriteResult:
            barrier.wait()
            return super().add(transaction, received_at)

    entries = [posted(transaction_id=f"tx-{number}") for number in range(24)]
    assert set(_statuses(BatchFixture(WaitingStore()).post(*entries))) == {201}


def test_transaction_that_cannot_begin_in_time_is_busy() -> None:
    store = FaultyStore()
    batch = BatchFixture(store, LONGEST_STORE_MS + 900, LONGEST_STORE_MS, LONGEST_STORE_MS - 1, 9_000)
    # Entries with the same ID are stored one after another.
    results = batch.post(*[posted()] * 4)
    assert _statuses(results) == [201, 200, 503, 503]
    assert store.attempts == {"tx-1": 2}


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        "{}",
        json.dumps(posted()),
        '{"transactions": {}}',
        '{"transactions": null}',
        '{"transactions": []}',
        '{"transactions": [1]}',
        '{"transactions": [{}, null]}',
        '{"transactions": [{}], "more": 1}',
        '{"transactions": [{}], "transactions": [{}]}',
        '{"transactions": [{"amount": NaN}]}',
        json.dumps({"transactions": [{}] * 26}),
    ],
)
def test_body_that_is_not_a_batch_is_one_problem(text: str) -> None:
    status, body = BatchFixture().post_text(text)
    assert (status, body["status"]) == (400, 400)
    assert body["type"].endswith("malformed-body")


def test_too_large_batch_is_refused() -> None:
    status, body = BatchFixture().post_text(" " * (MAX_BATCH_BYTES + 1))
    assert (status, body["type"]) == (413, "urn:fraud-pipeline:problem:body-too-large")


def test_past_transactions_are_stored_as_historic_by_their_own_route_only() -> None:
    old = posted(timestamp=NOW - 400 * DAY_MS)
    table = FakeDynamoDb()
    store = TransactionStore(cast(Any, table), "transactions", retention_days=30)
    assert _statuses(BatchFixture(store).post(old, posted(transaction_id="tx-2"))) == [400, 201]
    assert _statuses(BatchFixture(store, historic=True).post(old)) == [201]
    marks = {key: item.get("historic") for key, item in table.items.items() if "account_id" in item}
    assert marks == {("tx-1", str(old["timestamp"])): {"BOOL": True}, ("tx-2", str(NOW)): {"BOOL": False}}


def test_25_of_the_longest_transactions_in_utf_8_fit_into_a_batch() -> None:
    text, identifier = "🍰" * 128, "a" * 62
    longest = posted(
        account_id="a" * 64,
        merchant_id="m" * 64,
        amount="999999999999.99",
        channel="card_present",
        device_id=text,
        ip_address=text,
        merchant_category=text,
        type="refund",
        original_transaction_id="a" * 64,
    )
    entries = [{**longest, "transaction_id": f"{identifier}{number:02}"} for number in range(25)]
    status, body = BatchFixture().post_text(json.dumps({"transactions": entries}, ensure_ascii=False))
    assert status == 200
    assert set(_statuses(body["results"])) == {201}


def test_repeated_field_is_an_error_of_its_entry() -> None:
    entry = json.dumps(posted())[:-1] + ', "amount": 1}'
    status, body = BatchFixture().post_text(f'{{"transactions": [{entry}, {json.dumps(posted())}]}}')
    assert (status, _statuses(body["results"])) == (200, [400, 201])


def test_batch_is_logged_in_one_line_with_ids_and_counts() -> None:
    batch = BatchFixture()
    batch.post(posted(), posted(), posted(amount=1), posted(transaction_id="tx-2"), posted(amount=0))
    (line,) = batch.lines()
    assert (line["stored"], line["replayed"], line["id_taken"]) == (["tx-1", "tx-2"], ["tx-1"], ["tx-1"])
    assert line["invalid"] == 1
    assert (line["TransactionsAccepted"], line["TransactionsReplayed"]) == (2, 1)
    assert line["RequestsRefused"] == [1, 1]
    for personal in ("account-123456789", "device 7", "192.0.2.1"):
        assert personal not in batch.log.getvalue()


def test_error_of_a_transaction_is_logged_with_its_id() -> None:
    batch = BatchFixture(FaultyStore(**{"tx-2": StoreBusyError()}))
    batch.post(posted(), posted(transaction_id="tx-2"))
    failure = next(line for line in batch.lines() if line["level"] == "ERROR")
    assert failure["correlation_id"] == "tx-2"
