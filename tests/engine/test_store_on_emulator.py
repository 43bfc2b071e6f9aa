"""The table's transactional write as DynamoDB answers it, not as a fake believes it does."""

import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from functions.api.dynamodb_store import DynamoDbStore
from functions.api.store import Outcome
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
def store(client: Any, table: str) -> DynamoDbStore:
    return DynamoDbStore(client, table, retention_days=30)


def _items(client: Any, table: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = client.scan(TableName=table)["Items"]
    return sorted(items, key=lambda item: int(item["timestamp"]["N"]))


def test_transaction_is_stored_exact_with_a_guard_beside_it(
    store: DynamoDbStore, client: Any, table: str
) -> None:
    assert store.add(transaction(amount="999999999999.9999", channel=None), NOW) is Outcome.STORED
    guard, item = _items(client, table)
    assert (item["amount"], item["channel"]) == ({"N": "999999999999.9999"}, {"NULL": True})
    assert (guard["timestamp"], "account_id" in guard) == ({"N": "0"}, False)


def test_replay_and_taken_id_are_told_apart(store: DynamoDbStore, client: Any, table: str) -> None:
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


def test_transaction_whose_guard_is_gone_is_still_recognised(
    store: DynamoDbStore, client: Any, table: str
) -> None:
    store.add(transaction(), NOW)
    client.delete_item(TableName=table, Key={"transaction_id": {"S": "tx-1"}, "timestamp": {"N": "0"}})
    assert store.add(transaction(), NOW) is Outcome.REPLAYED
    assert store.add(transaction(amount=13), NOW) is Outcome.ID_TAKEN


def test_of_twenty_simultaneous_writes_to_an_id_exactly_one_is_stored(
    store: DynamoDbStore, client: Any, table: str
) -> None:
    contenders = [transaction(transaction_id=f"tx-{n // 20}", amount=n % 2 + 1) for n in range(200)]
    with ThreadPoolExecutor(20) as threads:
        outcomes = Counter(threads.map(lambda contender: store.add(contender, NOW), contenders))
    assert outcomes == {Outcome.STORED: 10, Outcome.REPLAYED: 90, Outcome.ID_TAKEN: 100}
    assert len(_items(client, table)) == 20
