from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

from functions.api.transaction_store import (
    TransactionStore,
    WriteResult,
    build_guard_item,
    build_transaction_item,
    compute_fingerprint,
)
from functions.common.domain.transaction import Transaction
from functions.common.domain.transaction_event import EVENT_FIELDS, REQUIRED_FIELDS, decode_transaction
from functions.common.dynamodb.client import StoreBusyError
from tests.unit.functions.builders import NOW, inserted, transaction
from tests.unit.functions.fakes import FakeDynamoDb, client_error, failed_condition_error

RETENTION_MS = 30 * 86_400_000
CONFLICT = client_error("TransactionConflictException")


def _store(table: FakeDynamoDb, delays: list[float] | None = None) -> TransactionStore:
    record = ([] if delays is None else delays).append
    return TransactionStore(cast(Any, table), "transactions", retention_days=30, sleep=record)


def test_transaction_and_guard_are_stored_with_one_request_each_and_expire_together() -> None:
    table = FakeDynamoDb()
    assert _store(table).add(transaction(), NOW) is WriteResult.STORED
    assert table.calls == 2
    assert set(table.items) == {("tx-1", "0"), ("tx-1", str(NOW))}
    assert {item["expires_at"]["N"] for item in table.items.values()} == {str(NOW // 1000 + 30 * 86_400)}


def test_repeated_transaction_is_replayed_and_keeps_the_first_item() -> None:
    store = _store(table := FakeDynamoDb())
    store.add(transaction(), NOW)
    assert store.add(transaction(), NOW + 9) is WriteResult.REPLAYED
    assert table.items["tx-1", str(NOW)]["received_at"] == {"N": str(NOW)}


@pytest.mark.parametrize("change", [{"amount": 1}, {"timestamp": NOW - 1}])
def test_different_transaction_cannot_take_a_used_id(change: dict[str, object]) -> None:
    store = _store(table := FakeDynamoDb())
    store.add(transaction(), NOW)
    assert store.add(transaction(**change), NOW) is WriteResult.ID_TAKEN
    assert len(table.items) == 2


def test_replay_completes_what_a_crash_left_between_the_two_writes() -> None:
    store = _store(table := FakeDynamoDb(None, KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        store.add(transaction(), NOW)
    assert set(table.items) == {("tx-1", "0")}
    assert store.add(transaction(amount=1), NOW) is WriteResult.ID_TAKEN
    assert store.add(transaction(), NOW + 9) is WriteResult.STORED
    assert table.items["tx-1", str(NOW)]["received_at"] == {"N": str(NOW + 9)}
    assert store.add(transaction(), NOW) is WriteResult.REPLAYED


def test_transaction_that_the_ttl_deleted_is_not_stored_again() -> None:
    store = _store(table := FakeDynamoDb())
    store.add(transaction(), NOW)
    del table.items["tx-1", str(NOW)]
    expired_at = NOW + RETENTION_MS
    assert store.add(transaction(), expired_at) is WriteResult.REPLAYED
    assert set(table.items) == {("tx-1", "0")}
    assert store.add(transaction(), expired_at - 1000) is WriteResult.STORED


@pytest.mark.parametrize(
    ("change", "result"), [({}, WriteResult.REPLAYED), ({"amount": 1}, WriteResult.ID_TAKEN)]
)
def test_transaction_is_recognized_after_its_guard_was_deleted(
    change: dict[str, object], result: WriteResult
) -> None:
    store = _store(table := FakeDynamoDb())
    store.add(transaction(), NOW)
    del table.items["tx-1", "0"]
    assert store.add(transaction(**change), NOW) is result


def test_reused_id_is_taken_for_its_first_transaction() -> None:
    store = _store(table := FakeDynamoDb())
    store.add(transaction(), NOW)
    del table.items["tx-1", "0"]
    assert store.add(transaction(timestamp=NOW + 1), NOW) is WriteResult.STORED
    assert store.add(transaction(), NOW) is WriteResult.ID_TAKEN


@pytest.mark.parametrize("errors", [[CONFLICT] * 3, [None, CONFLICT, CONFLICT, CONFLICT]])
def test_conflict_is_retried_with_exponential_back_off(errors: list[Exception | None]) -> None:
    table, delays = FakeDynamoDb(*errors), list[float]()
    assert _store(table, delays).add(transaction(), NOW) is WriteResult.STORED
    assert table.calls == 5
    assert all(0 <= delay <= 0.02 * 2**number for number, delay in enumerate(delays))


def test_persistent_conflict_is_busy_within_a_second() -> None:
    table, delays = FakeDynamoDb(*[CONFLICT] * 100), list[float]()
    with pytest.raises(StoreBusyError):
        _store(table, delays).add(transaction(), NOW)
    assert table.calls == 6
    assert sum(delays) < 1


@pytest.mark.parametrize(
    "error",
    [
        client_error("ThrottlingException"),
        client_error("ProvisionedThroughputExceededException"),
        client_error("InternalServerError"),
        ReadTimeoutError(endpoint_url="https://example.invalid"),
        EndpointConnectionError(endpoint_url="https://example.invalid"),
    ],
)
@pytest.mark.parametrize("successful_calls", [0, 1])
def test_overloaded_or_unreachable_table_is_busy(error: Exception, successful_calls: int) -> None:
    table = FakeDynamoDb(*[None] * successful_calls, error)
    with pytest.raises(StoreBusyError):
        _store(table).add(transaction(), NOW)
    assert _store(table).add(transaction(), NOW) is WriteResult.STORED


@pytest.mark.parametrize(
    "error", [client_error("AccessDeniedException"), client_error("ValidationException")]
)
def test_permanent_error_is_raised_without_a_retry(error: ClientError) -> None:
    table = FakeDynamoDb(error)
    with pytest.raises(ClientError):
        _store(table).add(transaction(), NOW)
    assert table.calls == 1


def test_item_without_a_fingerprint_reserves_the_id() -> None:
    assert _store(FakeDynamoDb(failed_condition_error({}))).add(transaction(), NOW) is WriteResult.ID_TAKEN


def test_exactly_one_of_concurrent_writes_is_stored() -> None:
    table = FakeDynamoDb()
    store = TransactionStore(cast(Any, table), "transactions", retention_days=30)
    contenders = [transaction(amount=number % 2 + 1) for number in range(20)]
    with ThreadPoolExecutor(20) as threads:
        results = Counter(threads.map(lambda contender: store.add(contender, NOW), contenders))
    assert results == {WriteResult.STORED: 1, WriteResult.REPLAYED: 9, WriteResult.ID_TAKEN: 10}
    assert len(table.items) == 2


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
        "type": {"NULL": True},
        "original_transaction_id": {"NULL": True},
        "channel": {"NULL": True},
        "country": {"S": "US"},
        "device_id": {"S": "device 7"},
        "ip_address": {"S": "192.0.2.1"},
        "merchant_category": {"S": "groceries"},
        "received_at": {"N": str(NOW + 40)},
        "historic": {"BOOL": False},
        "expires_at": {"N": "99"},
        "format": {"N": "2"},
    }


def test_item_has_every_field_of_the_event() -> None:
    """A path of the pipe's template that the item does not have is left to AWS."""
    nothing = {name: None for name in Transaction.__struct_fields__ if name not in REQUIRED_FIELDS}
    assert set(EVENT_FIELDS) <= build_transaction_item(transaction(**nothing), NOW, 99).keys()


def test_item_is_read_from_its_event() -> None:
    item = build_transaction_item(transaction(channel=None), NOW + 40, 99)
    assert decode_transaction(item) == inserted(channel=None)
    historic = build_transaction_item(transaction(), NOW + 40, 99, historic=True)
    assert decode_transaction(historic) == inserted(historic=True)


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


@pytest.mark.parametrize(
    ("missing", "fingerprint"),
    [
        ((), "375db0151b41b175491e2bfd9f38a0c79553793fa255abfcd00712b565ab5929"),
        (
            ("device_id", "merchant_category"),
            "df9343451ee83679755bf4e7e24512f18df976c3f382926ecfa8f8a5c2845f16",
        ),
    ],
)
def test_fingerprint_is_that_of_older_versions_without_the_fields_that_they_lack(
    missing: tuple[str, ...], fingerprint: str
) -> None:
    """Otherwise, repeated transactions would be refused after an upgrade, or after a rollback.

    The older versions computed the literals. They did not know `type` and `original_transaction_id`.
    """
    assert compute_fingerprint(transaction(**dict.fromkeys(missing))) == fingerprint


def test_newer_field_counts_in_the_fingerprint() -> None:
    refund = transaction(type="refund", original_transaction_id="tx-0")
    assert compute_fingerprint(refund) != compute_fingerprint(transaction())


@pytest.mark.parametrize("types", [("purchase", None), (None, "purchase")])
def test_purchase_is_the_same_transaction_with_and_without_its_type(types: tuple[str | None, ...]) -> None:
    store = _store(FakeDynamoDb())
    results = [store.add(transaction(type=given), NOW) for given in types]
    assert results == [WriteResult.STORED, WriteResult.REPLAYED]


@pytest.mark.parametrize("given", [None, "purchase"])
def test_fingerprint_of_an_older_version_may_contain_the_type_of_a_purchase(given: str | None) -> None:
    table = FakeDynamoDb()
    former = "f1ccde2968ea3725cae91f448747c570ad310feb3d8d0f27ac36b0a3c8e0ed46"
    for item in (build_guard_item(transaction(), 2**40), build_transaction_item(transaction(), NOW, 2**40)):
        key = ("tx-1", item["timestamp"]["N"])
        table.items[key] = {**item, "fingerprint": {"S": former}}
    assert _store(table).add(transaction(type=given), NOW) is WriteResult.REPLAYED
    assert _store(table).add(transaction(amount=1, type=given), NOW) is WriteResult.ID_TAKEN


def test_fingerprint_of_an_older_version_contains_no_newer_field() -> None:
    table = FakeDynamoDb()
    guard = build_guard_item(transaction(), 2**40)
    former = "375db0151b41b175491e2bfd9f38a0c79553793fa255abfcd00712b565ab5929"
    table.items["tx-1", "0"] = {**guard, "fingerprint": {"S": former}}
    refund = transaction(type="refund", original_transaction_id="tx-0")
    assert _store(table).add(refund, NOW) is WriteResult.ID_TAKEN
