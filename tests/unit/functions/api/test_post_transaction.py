import io
import json
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
from botocore.exceptions import NoCredentialsError

from functions.api.post_transaction import create_endpoint, parse_transaction
from functions.api.transaction_store import TransactionStore
from functions.common.http.problem import ProblemError
from functions.common.runtime.telemetry import Telemetry
from tests.unit.functions.builders import NOW, posted, request, transaction
from tests.unit.functions.fakes import FakeTransactionStore, busy_store, client_error

FIVE_MINUTES_MS = 300_000


class ApiFixture:
    """An endpoint with its own store and log."""

    def __init__(self, store: TransactionStore | None = None) -> None:
        self.log = io.StringIO()
        self._telemetry = Telemetry("api", self.log)
        self._endpoint = create_endpoint(store or FakeTransactionStore(), self._telemetry, lambda: NOW)

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
    endpoint = create_endpoint(FakeTransactionStore(), Telemetry("api", io.StringIO()), lambda: NOW)
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
    endpoint = create_endpoint(FakeTransactionStore(), Telemetry("api", io.StringIO()), lambda: NOW)
    with ThreadPoolExecutor(20) as threads:
        responses = list(threads.map(endpoint.respond, [request()] * 20 + [request(posted(amount=1))] * 20))
    statuses = [response["statusCode"] for response in responses]
    assert statuses.count(201) == 1
    assert sorted({*statuses}) == [200, 201, 409]
    assert statuses.count(409) == 20


def _find_errors(body: str | dict[str, Any]) -> dict[str, str]:
    """The error details by field."""
    text = body if isinstance(body, str) else json.dumps(body)
    with pytest.raises(ProblemError) as raised:
        parse_transaction(text, NOW)
    assert raised.value.problem.status == 400
    return {error.field: error.detail for error in raised.value.problem.errors}


def _parse_amount(written: str) -> Decimal:
    """Parse a transaction whose amount has this JSON notation."""
    text = json.dumps(posted(amount="AMOUNT")).replace('"AMOUNT"', written)
    return parse_transaction(text, NOW).amount


def test_complete_transaction_is_accepted_unchanged() -> None:
    assert parse_transaction(json.dumps(posted()), NOW) == transaction()


def test_optional_fields_may_be_missing_or_null() -> None:
    optional = ("channel", "country", "device_id", "ip_address", "merchant_category")
    without = {name: value for name, value in posted().items() if name not in optional}
    nulls = posted(**dict.fromkeys(optional))
    assert parse_transaction(json.dumps(without), NOW) == parse_transaction(json.dumps(nulls), NOW)


def test_response_names_every_invalid_field() -> None:
    body = posted(
        amount=-1, currency="usd", timestamp="now", country="UK", channel="pigeon", colour="red", ip="x"
    )
    del body["transaction_id"]
    assert list(_find_errors(body)) == [
        "transaction_id",
        "amount",
        "currency",
        "timestamp",
        "channel",
        "country",
        "colour",
        "ip",
    ]


def test_error_describes_the_valid_values() -> None:
    body = posted(currency="EURO", extra=1)
    del body["account_id"]
    assert _find_errors(body) == {
        "account_id": "is missing",
        "currency": "must be an ISO 4217 currency code in capital letters",
        "extra": "is not a field of a transaction",
    }


@pytest.mark.parametrize("name", ["transaction_id", "account_id", "merchant_id"])
@pytest.mark.parametrize("value", ["", "a" * 65, "a b", "é", "a\n", "a/b", 7, True, None, ["a"], {"a": 1}])
def test_identifier_is_1_to_64_plain_characters(name: str, value: object) -> None:
    assert list(_find_errors(posted(**{name: value}))) == [name]


@pytest.mark.parametrize("value", ["a", "Z" * 64, "A-z_0-9", "-", "007"])
def test_identifier_may_be_any_plain_characters(value: str) -> None:
    assert parse_transaction(json.dumps(posted(transaction_id=value)), NOW).transaction_id == value


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("12.50", "12.50"),
        ('"12.50"', "12.50"),
        ("0.1", "0.1"),
        ("1e3", "1000"),
        ("1.5E-3", "0.0015"),
        ("999999999999.9999", "999999999999.9999"),
        ('"999999999999.9999"', "999999999999.9999"),
        ("999999999999", "999999999999"),
        ("0.0001", "0.0001"),
        ('"007.5"', "7.5"),
    ],
)
def test_amount_is_kept_exact(written: str, amount: str) -> None:
    assert _parse_amount(written) == Decimal(amount)


@pytest.mark.parametrize(
    "written",
    [
        *("0", "-1", "0.0", "-0.01", '"0"', '"-1"', '"+1"', '"0.0000"'),
        *("1000000000000", "1e12", "1e400", "1e-5", "0.00001", "1.00000", '"1000000000000"', '"1.00000"'),
        *("1e99999999999999999999", "1e-99999999999999999999", "9" * 5000, "0." + "9" * 5000),
        *(
            '"1e3"',
            '".5"',
            '"5."',
            '" 5"',
            '"5\\n"',
            '"1,000"',
            '"0x10"',
            '"NaN"',
            '"Infinity"',
            '"١٢"',
            '""',
        ),
        *("true", "false", "null", "[1]", '{"amount": 1}'),
    ],
)
def test_invalid_amount_is_rejected(written: str) -> None:
    text = json.dumps(posted(amount="AMOUNT")).replace('"AMOUNT"', written)
    assert list(_find_errors(text)) == ["amount"]


@pytest.mark.parametrize("value", [1, NOW, NOW + FIVE_MINUTES_MS])
def test_timestamp_may_be_up_to_five_minutes_ahead(value: int) -> None:
    assert parse_transaction(json.dumps(posted(timestamp=value)), NOW).timestamp == value


@pytest.mark.parametrize("value", [0, -1, NOW + FIVE_MINUTES_MS + 1, 1.5, 1e3, True, "1", None, 10**30])
def test_timestamp_is_a_positive_integer_not_far_ahead(value: object) -> None:
    assert list(_find_errors(posted(timestamp=value))) == ["timestamp"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("currency", value) for value in ("usd", "XYZ", "US", 840, None, "USD ")),
        *(("country", value) for value in ("us", "UK", "USA", "", 1, False)),
        *(("channel", value) for value in ("ATM", "phone", "", 1, False)),
        *(("device_id", value) for value in ("", "a" * 129, "a\x00", "a\nb", "\ud800", "\uffff", 5, True)),
        *(("merchant_category", value) for value in ("", "\ufffe", "\x85", 5967)),
        *(("ip_address", value) for value in ("", "a\tb", 1.5)),
    ],
)
def test_invalid_value_is_rejected(name: str, value: object) -> None:
    assert list(_find_errors(posted(**{name: value}))) == [name]


@pytest.mark.parametrize("value", ["Café 🍰", "a" * 128, "5967"])
def test_category_may_be_any_readable_text(value: str) -> None:
    assert parse_transaction(json.dumps(posted(merchant_category=value)), NOW).merchant_category == value


def test_repeated_field_is_an_error() -> None:
    text = json.dumps(posted())[:-1] + ', "amount": 1, "colour": 1, "colour": 2}'
    assert _find_errors(text) == {
        "amount": "is given more than once",
        "colour": "is not a field of a transaction",
    }


def test_unknown_field_with_a_lone_surrogate_is_named() -> None:
    assert list(_find_errors(json.dumps(posted())[:-1] + ', "\\ud800": 1}')) == ["?"]


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
    with pytest.raises(ProblemError) as raised:
        parse_transaction(text, NOW)
    assert raised.value.problem.type.endswith("malformed-body")
