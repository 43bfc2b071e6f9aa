from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

from functions.api.dynamodb_store import DynamoDbStore
from functions.api.store import Outcome
from functions.common.dynamodb.client import StoreBusyError
from tests.unit.functions.builders import NOW, transaction
from tests.unit.functions.fakes import FakeDynamoDb, cancelled, client_error

CONFLICT = {"Code": "TransactionConflict"}


def _store(table: FakeDynamoDb, pauses: list[float] | None = None) -> DynamoDbStore:
    record = ([] if pauses is None else pauses).append
    return DynamoDbStore(cast(Any, table), "transactions", retention_days=30, sleep=record)


def test_transaction_and_guard_are_stored_together_and_expire_together() -> None:
    table = FakeDynamoDb()
    assert _store(table).add(transaction(), NOW) is Outcome.STORED
    assert set(table.items) == {("tx-1", "0"), ("tx-1", str(NOW))}
    assert {item["expires_at"]["N"] for item in table.items.values()} == {str(NOW // 1000 + 30 * 86_400)}


def test_same_transaction_again_is_a_replay_and_keeps_the_first_item() -> None:
    store = _store(table := FakeDynamoDb())
    store.add(transaction(), NOW)
    assert store.add(transaction(), NOW + 9) is Outcome.REPLAYED
    assert table.items["tx-1", str(NOW)]["received_at"] == {"N": str(NOW)}


@pytest.mark.parametrize("change", [{"amount": 1}, {"timestamp": NOW - 1}])
def test_other_transaction_does_not_get_a_taken_id(change: dict[str, object]) -> None:
    store = _store(table := FakeDynamoDb())
    store.add(transaction(), NOW)
    assert store.add(transaction(**change), NOW) is Outcome.ID_TAKEN
    assert len(table.items) == 2


@pytest.mark.parametrize(("change", "outcome"), [({}, Outcome.REPLAYED), ({"amount": 1}, Outcome.ID_TAKEN)])
def test_transaction_whose_guard_expired_first_is_still_recognised(
    change: dict[str, object], outcome: Outcome
) -> None:
    store = _store(table := FakeDynamoDb())
    store.add(transaction(), NOW)
    del table.items["tx-1", "0"]
    assert store.add(transaction(**change), NOW) is outcome


def test_id_that_was_claimed_anew_is_not_given_back_to_its_first_transaction() -> None:
    store = _store(table := FakeDynamoDb())
    store.add(transaction(), NOW)
    del table.items["tx-1", "0"]
    assert store.add(transaction(timestamp=NOW + 1), NOW) is Outcome.STORED
    assert store.add(transaction(), NOW) is Outcome.ID_TAKEN


def test_conflict_is_tried_again_with_growing_bounded_pauses() -> None:
    table, pauses = FakeDynamoDb(*[cancelled(CONFLICT, CONFLICT)] * 3), list[float]()
    assert _store(table, pauses).add(transaction(), NOW) is Outcome.STORED
    assert table.calls == 4
    assert all(0 <= pause <= 0.02 * 2**number for number, pause in enumerate(pauses))


def test_conflict_that_lasts_is_busy_within_a_second() -> None:
    table, pauses = FakeDynamoDb(*[cancelled(CONFLICT)] * 100), list[float]()
    with pytest.raises(StoreBusyError):
        _store(table, pauses).add(transaction(), NOW)
    assert table.calls == 6
    assert sum(pauses) < 1


@pytest.mark.parametrize(
    "refusal",
    [
        client_error("ThrottlingException"),
        client_error("ProvisionedThroughputExceededException"),
        client_error("InternalServerError"),
        cancelled({"Code": "ThrottlingError"}, {"Code": "None"}),
        ReadTimeoutError(endpoint_url="https://example.invalid"),
        EndpointConnectionError(endpoint_url="https://example.invalid"),
    ],
)
def test_overloaded_or_unreachable_table_is_busy(refusal: Exception) -> None:
    with pytest.raises(StoreBusyError):
        _store(FakeDynamoDb(refusal)).add(transaction(), NOW)


@pytest.mark.parametrize(
    "refusal",
    [client_error("AccessDeniedException"), cancelled({"Code": "ValidationError"}, {"Code": "None"})],
)
def test_refusal_that_would_repeat_is_raised(refusal: ClientError) -> None:
    table = FakeDynamoDb(refusal)
    with pytest.raises(ClientError):
        _store(table).add(transaction(), NOW)
    assert table.calls == 1


def test_item_without_a_fingerprint_holds_the_id() -> None:
    refusal = cancelled({"Code": "ConditionalCheckFailed", "Item": {}}, {"Code": "None"})
    assert _store(FakeDynamoDb(refusal)).add(transaction(), NOW) is Outcome.ID_TAKEN


def test_of_simultaneous_writes_exactly_one_is_stored() -> None:
    table = FakeDynamoDb()
    store = DynamoDbStore(cast(Any, table), "transactions", retention_days=30)
    contenders = [transaction(amount=number % 2 + 1) for number in range(20)]
    with ThreadPoolExecutor(20) as threads:
        outcomes = Counter(threads.map(lambda contender: store.add(contender, NOW), contenders))
    assert outcomes == {Outcome.STORED: 1, Outcome.REPLAYED: 9, Outcome.ID_TAKEN: 10}
    assert len(table.items) == 2
