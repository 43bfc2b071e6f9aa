"""The writes of the API function, tested with DynamoDB instead of a fake."""

import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from functions.api.transaction_store import TransactionStore, WriteResult
from local.embedded import EmbeddedAws
from tests.unit.functions.builders import NOW, transaction

KEY = [("transaction_id", "S", "HASH"), ("timestamp", "N", "RANGE")]


@pytest.fixture
def client(aws: EmbeddedAws) -> Any:
    return aws.client("dynamodb")


@pytest.fixture
def table(client: Any) -> Iterator[str]:
    name = f"transactions-{uuid.uuid4().hex[:8]}"
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": kind} for name, kind, _ in KEY],
        KeySchema=[{"AttributeName": name, "KeyType": role} for name, _, role in KEY],
    )
    yield name
    client.delete_table(TableName=name)


@pytest.fixture
def store(client: Any, table: str) -> TransactionStore:
    return TransactionStore(client, table, retention_days=30)


def _items(client: Any, table: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = client.scan(TableName=table)["Items"]
    return sorted(items, key=lambda item: int(item["timestamp"]["N"]))


def test_transaction_is_stored_exactly_and_with_a_guard_item(
    store: TransactionStore, client: Any, table: str
) -> None:
    assert store.add(transaction(amount="999999999999.9999", channel=None), NOW) is WriteResult.STORED
    guard, item = _items(client, table)
    assert (item["amount"], item["channel"]) == ({"N": "999999999999.9999"}, {"NULL": True})
    assert (guard["timestamp"], "account_id" in guard) == ({"N": "0"}, False)


def test_replay_and_taken_id_have_different_results(store: TransactionStore, client: Any, table: str) -> None:
    attempts = [{}, {}, {"amount": "12.50"}, {"amount": 13}, {"timestamp": NOW - 1}]
    outcomes = [store.add(transaction(**change), NOW) for change in attempts]
    assert [outcome.name for outcome in outcomes] == [
        "STORED",
        "REPLAYED",
        "REPLAYED",
        "ID_TAKEN",
        "ID_TAKEN",
    ]
    assert len(_items(client, table)) == 2


def test_replay_is_detected_without_the_guard_item(store: TransactionStore, client: Any, table: str) -> None:
    store.add(transaction(), NOW)
    client.delete_item(TableName=table, Key={"transaction_id": {"S": "tx-1"}, "timestamp": {"N": "0"}})
    assert store.add(transaction(), NOW) is WriteResult.REPLAYED
    assert store.add(transaction(amount=13), NOW) is WriteResult.ID_TAKEN


def test_replay_completes_what_a_crash_left_between_the_two_writes(
    store: TransactionStore, client: Any, table: str
) -> None:
    store.add(transaction(), NOW)
    client.delete_item(TableName=table, Key={"transaction_id": {"S": "tx-1"}, "timestamp": {"N": str(NOW)}})
    assert store.add(transaction(amount=13), NOW) is WriteResult.ID_TAKEN
    assert store.add(transaction(), NOW) is WriteResult.STORED
    assert len(_items(client, table)) == 2


def test_one_of_twenty_simultaneous_writes_with_the_same_id_is_stored(
    store: TransactionStore, client: Any, table: str
) -> None:
    contenders = [transaction(transaction_id=f"tx-{n // 20}", amount=n % 2 + 1) for n in range(200)]
    with ThreadPoolExecutor(20) as threads:
        outcomes = Counter(threads.map(lambda contender: store.add(contender, NOW), contenders))
    assert outcomes == {WriteResult.STORED: 10, WriteResult.REPLAYED: 90, WriteResult.ID_TAKEN: 100}
    assert len(_items(client, table)) == 20
