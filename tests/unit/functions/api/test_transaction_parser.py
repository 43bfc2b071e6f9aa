import json
from decimal import Decimal
from typing import Any

import pytest

from functions.api.transaction_parser import TransactionParser
from functions.common.domain.time_buckets import DAY_MS
from functions.common.domain.transaction import TRANSACTION_FIELDS, Transaction
from functions.common.http.body import read_object
from functions.common.http.problem import ProblemError
from tests.unit.functions.builders import NOW, posted, transaction

FIVE_MINUTES_MS = 300_000
PARSER = TransactionParser(max_age_days=30, extra_decimals="refuse")
HISTORIC = PARSER._replace(historic=True)


def _read(body: str | dict[str, Any], parser: TransactionParser = PARSER) -> Transaction:
    return parser.parse(read_object(body if isinstance(body, str) else json.dumps(body)), NOW)


def _find_errors(body: str | dict[str, Any], parser: TransactionParser = PARSER) -> dict[str, str]:
    """The error details by field."""
    with pytest.raises(ProblemError) as raised:
        _read(body, parser)
    assert raised.value.problem.status == 400
    return {error.field: error.detail for error in raised.value.problem.errors}


def _parse_amount(written: str) -> Decimal:
    """Parse a transaction whose amount has this JSON notation."""
    text = json.dumps(posted(amount="AMOUNT")).replace('"AMOUNT"', written)
    return _read(text, PARSER._replace(extra_decimals="accept")).amount


def test_complete_transaction_is_accepted_unchanged() -> None:
    assert _read(posted()) == transaction()


def test_optional_fields_may_be_missing_or_null() -> None:
    optional = [field.name for field in TRANSACTION_FIELDS if not field.required]
    without = {name: value for name, value in posted().items() if name not in optional}
    nulls = posted(**dict.fromkeys(optional))
    assert _read(without) == _read(nulls)


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
    assert _read(posted(transaction_id=value)).transaction_id == value


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


@pytest.mark.parametrize("written", ["-1", '"-12.50"'])
def test_negative_amount_names_the_type_of_refunds(written: str) -> None:
    text = json.dumps(posted(amount="AMOUNT")).replace('"AMOUNT"', written)
    assert "refund" in _find_errors(text)["amount"]


@pytest.mark.parametrize("value", [NOW - 30 * DAY_MS, NOW, NOW + FIVE_MINUTES_MS])
def test_timestamp_may_be_30_days_ago_to_five_minutes_ahead(value: int) -> None:
    assert _read(posted(timestamp=value)).timestamp == value


@pytest.mark.parametrize("value", [0, -1, NOW + FIVE_MINUTES_MS + 1, 1.5, 1e3, True, "1", None, 10**30])
def test_timestamp_is_a_positive_integer_not_far_ahead(value: object) -> None:
    assert list(_find_errors(posted(timestamp=value))) == ["timestamp"]


def test_timestamp_may_not_be_older() -> None:
    errors = _find_errors(posted(timestamp=NOW - 30 * DAY_MS - 1))
    assert "30 days" in errors["timestamp"]
    assert "/transactions/historic" in errors["timestamp"]
    year = PARSER._replace(max_age_days=365)
    assert _read(posted(timestamp=NOW - 365 * DAY_MS), year).timestamp == NOW - 365 * DAY_MS


@pytest.mark.parametrize("parser", [PARSER, HISTORIC])
@pytest.mark.parametrize(
    ("value", "unit"),
    [
        (NOW // 1000, "in seconds"),
        (1, "in seconds"),
        (NOW * 1000, "in microseconds"),
        (NOW * 10**6, "in nanoseconds"),
        (NOW / 1000, "in seconds"),
        (str(NOW // 1000), "in seconds"),
        (f"{NOW / 1000}", "in seconds"),
        (str(NOW * 10**6), "in nanoseconds"),
        (0, "1970"),
        (-NOW, "1970"),
        (float(NOW), "an integer"),
        (str(NOW), "an integer"),
        (True, "an integer"),
    ],
)
def test_timestamp_in_another_unit_is_recognized(value: object, unit: str, parser: TransactionParser) -> None:
    assert unit in _find_errors(posted(timestamp=value), parser)["timestamp"]


def test_past_transaction_may_have_any_age_and_a_withdrawn_currency() -> None:
    past = posted(timestamp=1_000_000_000_000, currency="DEM")
    assert list(_find_errors(past)) == ["currency", "timestamp"]
    assert _read(past, HISTORIC).currency == "DEM"
    assert list(_find_errors(posted(timestamp=NOW + FIVE_MINUTES_MS + 1), HISTORIC)) == ["timestamp"]


@pytest.mark.parametrize(
    ("written", "currency", "accepted"),
    [
        ("10", "JPY", True),
        ("10.0", "JPY", True),
        ('"10.00"', "JPY", True),
        ("10.5", "JPY", False),
        ("0.1234", "USD", False),
        ("1.125", "USD", False),
        ("1.10", "USD", True),
        ("1.125", "KWD", True),
        ("1.1255", "KWD", False),
        ("0.1234", "CLF", True),
        ("0.1234", "XAU", True),
    ],
)
def test_amount_has_the_decimals_of_its_currency(written: str, currency: str, accepted: bool) -> None:
    text = json.dumps(posted(currency=currency, amount="AMOUNT")).replace('"AMOUNT"', written)
    assert _read(text, PARSER._replace(extra_decimals="accept")).currency == currency
    if accepted:
        assert _read(text).currency == currency
    else:
        assert currency in _find_errors(text)["amount"]


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"type": "purchase"}, []),
        ({"type": "refund", "original_transaction_id": "tx-0"}, []),
        ({"type": "refund"}, ["original_transaction_id"]),
        ({"type": "refund", "original_transaction_id": "tx-1"}, ["original_transaction_id"]),
        ({"type": "purchase", "original_transaction_id": "tx-0"}, ["original_transaction_id"]),
        ({"original_transaction_id": "tx-0"}, ["original_transaction_id"]),
        ({"type": "refund", "original_transaction_id": "a b"}, ["original_transaction_id"]),
        ({"type": "reversal"}, ["type"]),
        ({"type": "refund", "original_transaction_id": "tx-0", "amount": -1}, ["amount"]),
    ],
)
def test_only_a_refund_has_an_original_transaction(changes: dict[str, Any], fields: list[str]) -> None:
    body = posted(**changes)
    if fields:
        assert list(_find_errors(body)) == fields
    else:
        assert _read(body) == transaction(**changes)


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
    assert _read(posted(merchant_category=value)).merchant_category == value


def test_repeated_field_is_an_error() -> None:
    text = json.dumps(posted())[:-1] + ', "amount": 1, "colour": 1, "colour": 2}'
    assert _find_errors(text) == {
        "amount": "is given more than once",
        "colour": "is not a field of a transaction",
    }


def test_unknown_field_with_a_lone_surrogate_is_named() -> None:
    assert list(_find_errors(json.dumps(posted())[:-1] + ', "\\ud800": 1}')) == ["?"]
