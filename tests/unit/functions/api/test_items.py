import pytest

from functions.api.items import fingerprint, guard_item, transaction_item
from functions.common.domain.transaction_event import EVENT_FIELDS
from tests.unit.functions.builders import NOW, transaction


def test_item_holds_every_field_and_null_for_what_is_left_out() -> None:
    item = transaction_item(transaction(channel=None, amount="12.5000"), NOW + 40, 99)
    assert item.pop("fingerprint")["S"]
    assert item == {
        "transaction_id": {"S": "tx-1"},
        "timestamp": {"N": str(NOW)},
        "account_id": {"S": "account-123456789"},
        "merchant_id": {"S": "merchant_1"},
        "amount": {"N": "12.5"},
        "currency": {"S": "USD"},
        "channel": {"NULL": True},
        "country": {"S": "US"},
        "device_id": {"S": "device 7"},
        "ip_address": {"S": "192.0.2.1"},
        "merchant_category": {"S": "groceries"},
        "received_at": {"N": str(NOW + 40)},
        "expires_at": {"N": "99"},
    }


def test_item_holds_every_field_of_the_event() -> None:
    assert set(EVENT_FIELDS) <= transaction_item(transaction(), NOW, 99).keys()


def test_guard_has_no_account_so_that_the_pipe_leaves_it_out() -> None:
    guard = guard_item(transaction(), 99)
    assert guard == {
        "transaction_id": {"S": "tx-1"},
        "timestamp": {"N": "0"},
        "claimed_timestamp": {"N": str(NOW)},
        "fingerprint": {"S": fingerprint(transaction())},
        "expires_at": {"N": "99"},
    }


def test_fingerprint_is_of_the_amount_not_of_how_it_is_written() -> None:
    assert len({fingerprint(transaction(amount=written)) for written in ("12.5", "12.50", 12.5)}) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"amount": 12.51},
        {"currency": "EUR"},
        {"timestamp": NOW + 1},
        {"device_id": None},
        {"account_id": "merchant_1", "merchant_id": "account-123456789"},
    ],
)
def test_fingerprint_differs_where_the_transaction_does(change: dict[str, object]) -> None:
    assert fingerprint(transaction(**change)) != fingerprint(transaction())
