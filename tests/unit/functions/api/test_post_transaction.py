import io
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import NoCredentialsError

from functions.api.post_transaction import create_endpoint
from functions.api.transaction_parser import TransactionParser
from functions.api.transaction_store import TransactionStore
from functions.common.runtime.telemetry import Telemetry
from tests.unit.functions.builders import NOW, posted, request
from tests.unit.functions.fakes import FakeTransactionStore, busy_store, client_error

PARSER = TransactionParser(max_age_days=30, extra_decimals="refuse")


class ApiFixture:
    """An endpoint with its own store and log."""

    def __init__(self, store: TransactionStore | None = None) -> None:
        self.log = io.StringIO()
        self._telemetry = Telemetry("api", self.log)
        self._endpoint = create_endpoint(
            store or FakeTransactionStore(), PARSER, self._telemetry, lambda: NOW
        )

    def post(self, body: str | dict[str, Any] | None = None, **changes: Any) -> tuple[int, dict[str, Any]]:
        response = self._endpoint.respond(request(body, **changes))
        assert response["isBase64Encoded"] is False
        self.headers = response["headers"]
        return response["statusCode"], json.loads(response["body"])

    def lines(self) -> list[dict[str, Any]]:
        self._telemetry.flush()
        return [json.loads(line) for line in self.log.getvalue().splitlines()]


def test_new_transaction_is_stored() -> None:
    api = ApiFixture()
    assert api.post() == (201, {"transaction_id": "tx-1", "timestamp": NOW, "status": "stored"})
    assert api.headers == {"Content-Type": "application/json"}


def test_repeated_transaction_is_replayed() -> None:
    api = ApiFixture()
    api.post()
    repeated = json.dumps(posted()).replace("12.5", '"12.500"')
    assert api.post(repeated) == (200, {"transaction_id": "tx-1", "timestamp": NOW, "status": "replayed"})


@pytest.mark.parametrize("change", [{"amount": 12.51}, {"timestamp": NOW - 1}, {"device_id": None}])
def test_different_transaction_with_a_used_id_is_a_conflict(change: dict[str, Any]) -> None:
    api = ApiFixture()
    api.post()
    status, body = api.post(posted(**change))
    assert status == 409
    assert api.headers["Content-Type"] == "application/problem+json"
    assert body["type"] == "urn:fraud-pipeline:problem:transaction-id-taken"


def test_invalid_fields_are_reported_as_problem_json() -> None:
    api = ApiFixture()
    status, body = api.post(posted(amount=0, extra=1))
    assert status == 400
    assert api.headers["Content-Type"] == "application/problem+json"
    assert body.pop("errors") == [
        {
            "field": "amount",
            "detail": "must be a number, or a string with a decimal, greater than 0,"
            " with at most 12 digits before and 4 after the point",
        },
        {"field": "extra", "detail": "is not a field of a transaction"},
    ]
    assert body == {
        "type": "urn:fraud-pipeline:problem:invalid-transaction",
        "title": "The transaction is not valid",
        "status": 400,
        "detail": "At fault: amount, extra",
    }


@pytest.mark.parametrize(
    ("changes", "status"),
    [({"body": "{"}, 400), ({"body": "a" * 20_000}, 413), ({"headers": {}}, 415)],
)
def test_unreadable_request_is_reported_as_problem_json(changes: dict[str, Any], status: int) -> None:
    api = ApiFixture()
    response_status, body = api.post(**changes)
    assert (response_status, body["status"]) == (status, status)
    assert "errors" not in body


def test_busy_store_is_503_with_retry_after() -> None:
    api = ApiFixture(busy_store())
    status, body = api.post()
    assert (status, body["status"]) == (503, 503)
    assert api.headers["Retry-After"] == "1"


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (client_error("AccessDeniedException"), 503),
        (client_error("ResourceNotFoundException"), 503),
        (NoCredentialsError(), 503),
        (ValueError("about account-1"), 500),
    ],
)
def test_unexpected_error_is_logged_and_not_returned(error: Exception, expected: int) -> None:
    api = ApiFixture(FakeTransactionStore(error))
    status, body = api.post()
    assert status == expected
    assert ("Retry-After" in api.headers) is (expected == 503)
    assert type(error).__name__ not in json.dumps(body)
    assert "account-1" not in json.dumps(body)
    failure = next(line for line in api.lines() if line.get("level") == "ERROR")
    assert failure["error"] == type(error).__name__
    assert failure["correlation_id"] == "tx-1"


def test_log_has_the_code_of_an_aws_error() -> None:
    api = ApiFixture(FakeTransactionStore(client_error("AccessDeniedException")))
    api.post()
    failure = next(line for line in api.lines() if line.get("level") == "ERROR")
    assert failure["code"] == "AccessDeniedException"


def test_invalid_event_gets_a_response() -> None:
    endpoint = create_endpoint(FakeTransactionStore(), PARSER, Telemetry("api", io.StringIO()), lambda: NOW)
    assert endpoint.respond(request() | {"body": 7})["statusCode"] == 500


def test_log_has_the_transaction_id_and_no_personal_data() -> None:
    api = ApiFixture()
    api.post()
    api.post(posted(amount=1))
    api.post(posted(amount=0, **{"account-123456789": 1}))
    assert [line.get("correlation_id") for line in api.lines()][:2] == ["tx-1", "tx-1"]
    for personal in ("account-123456789", "device 7", "192.0.2.1"):
        assert personal not in api.log.getvalue()


def test_each_result_is_counted() -> None:
    api = ApiFixture()
    api.post()
    api.post()
    api.post("{")
    metrics = api.lines()[-1]
    names = ("TransactionsAccepted", "TransactionsReplayed", "RequestsRefused")
    assert [metrics[name] for name in names] == [1, 1, 1]


def test_one_of_concurrent_requests_is_stored() -> None:
    endpoint = create_endpoint(FakeTransactionStore(), PARSER, Telemetry("api", io.StringIO()), lambda: NOW)
    with ThreadPoolExecutor(20) as threads:
        responses = list(threads.map(endpoint.respond, [request()] * 20 + [request(posted(amount=1))] * 20))
    statuses = [response["statusCode"] for response in responses]
    assert statuses.count(201) == 1
    assert sorted({*statuses}) == [200, 201, 409]
    assert statuses.count(409) == 20


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "{",
            "[]",
            "null",
            "7",
            '"text"',
            "[" * 10_000,
            '{"a":' * 3_000,
            "{'a': 1}",
            "{} {}",
            '{"a": 01}',
        ),
        *('{"amount": NaN}', '{"amount": Infinity}', '{"amount": -Infinity}', '{"a": "\n"}', "\ufeff{}"),
    ],
)
def test_body_that_is_not_a_json_object_is_malformed(text: str) -> None:
    status, body = ApiFixture().post(text)
    assert (status, body["type"]) == (400, "urn:fraud-pipeline:problem:malformed-body")
