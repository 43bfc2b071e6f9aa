from decimal import Decimal
from typing import Any

import pytest

from functions.common.domain.transaction import TRANSACTION_FIELDS
from functions.fraud.service import UnreadableEventError, read_event
from tests.unit.functions.builders import NOW, attributes, inserted, inserted_event


def test_event_is_read_into_a_transaction() -> None:
    assert read_event(inserted_event()) == inserted()


def test_numbers_stay_exact() -> None:
    transaction = read_event(inserted_event(amount={"N": "999999999999.9999"}))
    assert transaction.amount == Decimal("999999999999.9999")
    assert transaction.timestamp == NOW


@pytest.mark.parametrize("name", [field.name for field in TRANSACTION_FIELDS if not field.required])
def test_optional_field_may_be_null_or_missing(name: str) -> None:
    event = inserted_event(**{name: {"NULL": True}})
    assert getattr(read_event(event), name) is None
    del event["detail"]["transaction"][name]
    assert getattr(read_event(event), name) is None


@pytest.mark.parametrize("missing", ["", None])
def test_pipe_may_put_nothing_for_a_field_of_a_newer_version(missing: str | None) -> None:
    event = inserted_event()
    event["detail"]["transaction"] |= {"historic": missing, "country": missing}
    assert read_event(event) == inserted(country=None)
    event["detail"]["transaction"] |= {"currency": missing}
    with pytest.raises(UnreadableEventError, match="currency"):
        read_event(event)


@pytest.mark.parametrize("value", [{"S": "gold"}, {"L": [{"S": "gold"}]}, {"BOOL": True}])
def test_unknown_field_is_ignored(value: dict[str, Any]) -> None:
    assert read_event(inserted_event(loyalty=value)) == inserted()


def test_past_transaction_is_marked_and_may_have_a_withdrawn_currency() -> None:
    transaction = read_event(inserted_event(historic={"BOOL": True}, currency={"S": "DEM"}))
    assert (transaction.historic, transaction.currency) == (True, "DEM")
    assert not read_event(inserted_event()).historic


def test_refund_has_its_original_transaction() -> None:
    transaction = read_event(inserted_event(type={"S": "refund"}, original_transaction_id={"S": "tx-0"}))
    assert (transaction.is_refund, transaction.original_transaction_id) == (True, "tx-0")
    assert not read_event(inserted_event()).is_refund


def test_text_that_looks_like_a_number_stays_text() -> None:
    assert read_event(inserted_event(merchant_category={"S": "5967"})).merchant_category == "5967"


@pytest.mark.parametrize(
    "event",
    [
        None,
        [],
        {},
        {"detail": {}},
        {"detail": {"event_name": "MODIFY", "transaction": attributes()}},
        {"detail": {"event_name": "REMOVE", "transaction": attributes()}},
        {"detail": {"event_name": "INSERT"}},
        {"detail": {"event_name": "INSERT", "transaction": "tx-1"}},
        {"detail": {"event_name": "INSERT", "transaction": {"transaction_id": "tx-1"}}},
    ],
)
def test_event_with_a_different_structure_is_unreadable(event: object) -> None:
    with pytest.raises(UnreadableEventError):
        read_event(event)


@pytest.mark.parametrize(
    "name", ["transaction_id", "timestamp", "account_id", "amount", "currency", "received_at"]
)
def test_event_without_a_required_field_is_unreadable(name: str) -> None:
    event = inserted_event()
    del event["detail"]["transaction"][name]
    with pytest.raises(UnreadableEventError, match=name):
        read_event(event)


@pytest.mark.parametrize(
    "change",
    [
        {"amount": {"S": "12.5"}},
        {"amount": {"N": "NaN"}},
        {"amount": {"N": "much"}},
        {"amount": {"NULL": True}},
        {"timestamp": {"N": "1.5"}},
        {"currency": {"N": "840"}},
        {"currency": {"S": "USD", "N": "840"}},
        {"currency": {}},
        {"country": {"NULL": False}},
        {"channel": {"BOOL": True}},
        {"channel": {"L": []}},
        {"historic": {"S": "true"}},
        {"historic": {"NULL": True}},
    ],
)
def test_value_of_a_wrong_type_is_unreadable(change: dict[str, Any]) -> None:
    with pytest.raises(UnreadableEventError):
        read_event(inserted_event(**change))


@pytest.mark.parametrize(
    "change",
    [
        {"amount": {"N": "1E+400"}},
        {"amount": {"N": "1000000000000"}},
        {"amount": {"N": "0.00001"}},
        {"amount": {"N": "0"}},
        {"amount": {"N": "-1"}},
        {"timestamp": {"N": "0"}},
        {"timestamp": {"N": "1" * 20}},
        {"received_at": {"N": "1" * 20}},
        {"received_at": {"N": "0"}},
        {"transaction_id": {"S": "a b"}},
        {"account_id": {"S": ""}},
        {"merchant_id": {"S": "m" * 65}},
        {"channel": {"S": "fax"}},
        {"merchant_category": {"S": "a\nb"}},
        {"device_id": {"S": "d" * 129}},
        {"currency": {"S": "ZZZ"}},
        {"currency": {"S": "usd"}},
        {"country": {"S": "USA"}},
        {"amount": {"N": "1_000"}},
        {"amount": {"N": " 1"}},
        {"timestamp": {"N": "1e3"}},
        {"timestamp": {"N": "1_000"}},
    ],
)
def test_value_that_the_api_refuses_is_unreadable(change: dict[str, Any]) -> None:
    with pytest.raises(UnreadableEventError):
        read_event(inserted_event(**change))


def test_error_contains_no_personal_data() -> None:
    # Lambda logs the text of the error.
    with pytest.raises(UnreadableEventError) as raised:
        read_event(inserted_event(account_id={"N": "account-123456789"}))
    assert "123456789" not in str(raised.value)
    assert raised.value.__cause__ is None
