import pytest

from functions.api.items import build_guard_item, build_transaction_item, compute_fingerprint
from functions.common.domain.transaction_event import EVENT_FIELDS
from tests.unit.functions.builders import NOW, transaction


def test_item_has_every_field_and_null_for_missing_ones() -> None:
    item = dict(build_transaction_item(transaction(channel=None, amount="12.5000"), NOW + 40, 99))
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


def test_item_has_every_field_of_the_event() -> None:
    assert set(EVENT_FIELDS) <= build_transaction_item(transaction(), NOW, 99).keys()


def test_guard_has_no_account_so_that_the_pipe_ignores_it() -> None:
    guard = build_guard_item(transaction(), 99)
    assert guard == {
        "transaction_id": {"S": "tx-1"},
        "timestamp": {"N": "0"},
        "claimed_timestamp": {"N": str(NOW)},
        "fingerprint": {"S": compute_fingerprint(transaction())},
        "expires_at": {"N": "99"},
    }


def test_fingerprint_ignores_the_notation_of_the_amount() -> None:
    assert len({compute_fingerprint(transaction(amount=amount)) for amount in ("12.5", "12.50", 12.5)}) == 1


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
def test_fingerprint_differs_for_different_transactions(change: dict[str, object]) -> None:
    assert compute_fingerprint(transaction(**change)) != compute_fingerprint(transaction())
