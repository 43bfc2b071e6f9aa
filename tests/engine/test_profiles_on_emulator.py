"""Counting and deciding as DynamoDB does it: once, together, and with as few requests as promised."""

import io
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import pytest

from functions.api.items import transaction_item
from functions.common.domain import decision as decisions
from functions.common.domain.decision import Decision
from functions.common.domain.features import NAMES
from functions.common.domain.lists_and_snoozes import Listing
from functions.common.domain.profiles import AccountProfile, MerchantProfile
from functions.common.dynamodb import profile_items
from functions.common.dynamodb.profile_items import Kept
from functions.common.runtime.telemetry import Telemetry
from functions.fraud.profile_store import DynamoDbProfileStore
from functions.fraud.scoring.decider import Judge
from functions.fraud.scoring.rules import RuleSet
from functions.fraud.scoring.scorer import Scorer
from functions.fraud.service import FraudDetector
from functions.labels.dynamodb_store import DynamoDbLabelStore
from functions.labels.label import Label
from functions.labels.store import Outcome, UnknownTransactionError
from local.embedded import EmbeddedAws
from tests.unit.functions.builders import NOW, inserted_event, transaction
from tests.unit.functions.fakes import InMemoryQueue

DAY_MS = 86_400_000
NOTHING_IS_SUSPICIOUS = RuleSet(threshold=0.5)
KEYS = {
    "transactions": [("transaction_id", "S", "HASH"), ("timestamp", "N", "RANGE")],
    "profiles": [("subject", "S", "HASH"), ("part", "S", "RANGE")],
}


class World:
    """Two tables of this test's own, and the functions' code on them."""

    def __init__(self, aws: EmbeddedAws) -> None:
        self.client = aws.client("dynamodb")
        self.requests: list[str] = []
        self.client.meta.events.register("before-call.dynamodb", self._note)
        self.names = {table: f"{table}-{uuid.uuid4().hex[:8]}" for table in KEYS}
        for table, keys in KEYS.items():
            self.client.create_table(
                TableName=self.names[table],
                BillingMode="PAY_PER_REQUEST",
                AttributeDefinitions=[
                    {"AttributeName": name, "AttributeType": kind} for name, kind, _ in keys
                ],
                KeySchema=[{"AttributeName": name, "KeyType": role} for name, _, role in keys],
            )
        self.queue = InMemoryQueue()
        self.labels = DynamoDbLabelStore(self.client, self.names["transactions"], self.names["profiles"])

    def close(self) -> None:
        for name in self.names.values():
            self.client.delete_table(TableName=name)

    def detector(self, ruleset: RuleSet = NOTHING_IS_SUSPICIOUS) -> FraudDetector:
        """A function with what it knows, as a process of its own has it."""
        return FraudDetector(
            judge=Judge(Scorer(ruleset)),
            profiles=DynamoDbProfileStore(self.client, self.names["transactions"], self.names["profiles"]),
            queue=self.queue,
            telemetry=Telemetry("fraud", io.StringIO()),
            clock=lambda: NOW + 140,
        )

    def store(self, transaction_id: str, **changes: Any) -> dict[str, Any]:
        """A transaction in the table; returns its event."""
        stored = transaction(transaction_id=transaction_id, **changes)
        item = transaction_item(stored, NOW + 40, NOW // 1000 + 86_400)
        self.client.put_item(TableName=self.names["transactions"], Item=item)
        return inserted_event(**{name: value for name, value in item.items() if name in EVENT_ATTRIBUTES})

    def item(self, transaction_id: str, timestamp: int = NOW) -> dict[str, Any]:
        key = {"transaction_id": {"S": transaction_id}, "timestamp": {"N": str(timestamp)}}
        found = self.client.get_item(TableName=self.names["transactions"], Key=key, ConsistentRead=True)
        return dict(found.get("Item", {}))

    def decision(self, transaction_id: str) -> Decision:
        return decisions.from_text(self.item(transaction_id)["decision"]["S"])

    def account(self, account_id: str = "account-123456789") -> Kept[AccountProfile]:
        return profile_items.read_account(account_id, self._profile("account", account_id))

    def merchant(self, merchant_id: str = "merchant_1") -> Kept[MerchantProfile]:
        return profile_items.read_merchant(merchant_id, self._profile("merchant", merchant_id))

    def counts(self) -> tuple[int, int, int]:
        """Transactions of the account, of the merchant, and confirmed frauds at the merchant."""
        account, merchant = self.account().profile, self.merchant().profile
        return (
            sum(account.days.counts),
            sum(merchant.half_days.counts),
            sum(merchant.half_days.frauds),
        )

    def _profile(self, kind: Any, identifier: str) -> dict[str, Any] | None:
        key = profile_items.profile_key(profile_items.profile_subject(kind, identifier))
        found = self.client.get_item(TableName=self.names["profiles"], Key=key, ConsistentRead=True)
        return found.get("Item")

    def _note(self, model: Any, **_: Any) -> None:
        self.requests.append(model.name)


EVENT_ATTRIBUTES = frozenset(inserted_event()["detail"]["transaction"])


@pytest.fixture
def world(aws: EmbeddedAws) -> Iterator[World]:
    made = World(aws)
    yield made
    made.close()


def _label(transaction_id: str = "tx-1", label: Any = "fraud") -> Label:
    return Label(transaction_id=transaction_id, timestamp=NOW, label=label)


def test_transaction_costs_one_reading_and_one_writing_request_however_long_the_history(world: World) -> None:
    detector = world.detector()
    events = [world.store(f"tx-{number}", timestamp=NOW - number * DAY_MS) for number in range(40)]
    world.requests.clear()
    for event in events:
        detector.inspect(event)
    assert world.requests == ["BatchGetItem", "TransactWriteItems"] * 40


def test_same_event_again_counts_once_and_sends_the_same_message(world: World) -> None:
    event = world.store("tx-1")
    _block_account(world)
    first, second = (world.detector().inspect(event) for _ in range(2))
    assert first == second == world.decision("tx-1")
    assert world.counts() == (1, 1, 0)
    assert world.queue.sent[0] == world.queue.sent[1]


def test_entry_on_a_list_counts_at_once_and_takes_no_further_request(world: World) -> None:
    event = world.store("tx-1")
    _block_account(world)
    world.requests.clear()
    decision = world.detector().inspect(event)
    assert decision is not None
    assert (decision.suspicious, decision.decided_by) == (True, "block-list")
    assert world.requests == ["BatchGetItem", "TransactWriteItems"]
    assert world.account().listing is not None


def test_events_of_one_account_and_merchant_at_once_lose_nothing(world: World) -> None:
    events = [world.store(f"tx-{number}", amount=number + 1) for number in range(24)]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda event: world.detector().inspect(event), events))
    assert world.counts() == (24, 24, 0)
    assert sum(world.account().profile.days.totals) == pytest.approx(300 / 1.15)


def test_decision_counts_only_what_came_before(world: World) -> None:
    detector = world.detector()
    for number in range(3):
        detector.inspect(world.store(f"tx-{number}"))
    counts = [_feature(world.decision(f"tx-{number}"), "account_count_30d") for number in range(3)]
    assert counts == [0, 1, 2]


def test_transaction_that_is_gone_is_neither_counted_nor_brought_back(world: World) -> None:
    event = world.store("tx-1")
    key = {"transaction_id": {"S": "tx-1"}, "timestamp": {"N": str(NOW)}}
    world.client.delete_item(TableName=world.names["transactions"], Key=key)
    assert world.detector().inspect(event) is None
    assert world.item("tx-1") == {}
    assert world.counts() == (0, 0, 0)


def test_label_counts_once_and_what_was_counted_follows_a_change(world: World) -> None:
    world.detector().inspect(world.store("tx-1"))
    assert [world.labels.put(_label(), NOW) for _ in range(2)] == [Outcome.STORED, Outcome.UNCHANGED]
    assert world.counts() == (1, 1, 1)
    assert world.labels.put(_label(label="genuine"), NOW) is Outcome.CHANGED
    assert world.counts() == (1, 1, 0)
    assert world.labels.put(_label(), NOW) is Outcome.CHANGED
    assert world.counts() == (1, 1, 1)
    assert world.item("tx-1")["label"] == {"S": "fraud"}


def test_label_of_an_unknown_transaction_is_refused_and_counts_nothing(world: World) -> None:
    world.store("tx-1")
    with pytest.raises(UnknownTransactionError):
        world.labels.put(Label(transaction_id="tx-1", timestamp=NOW - 1, label="fraud"), NOW)
    with pytest.raises(UnknownTransactionError):
        world.labels.put(_label("tx-2"), NOW)
    assert world.counts() == (0, 0, 0)


def test_label_that_comes_before_the_decision_is_counted_once(world: World) -> None:
    event = world.store("tx-1")
    assert [world.labels.put(_label(), NOW) for _ in range(2)] == [Outcome.STORED, Outcome.UNCHANGED]
    assert world.counts() == (0, 0, 0)
    for _ in range(2):
        world.detector().inspect(event)
    assert world.counts() == (1, 1, 1)


def test_labels_and_transactions_at_once_lose_nothing(world: World) -> None:
    events = [world.store(f"tx-{number}") for number in range(12)]

    def handle(number: int) -> None:
        world.detector().inspect(events[number])

    with ThreadPoolExecutor(4) as threads:
        scored = [threads.submit(handle, number) for number in range(12)]
        labelled = [threads.submit(world.labels.put, _label(f"tx-{number}"), NOW) for number in range(12)]
        for done in (*scored, *labelled):
            done.result()
    assert world.counts() == (12, 12, 12)


def _feature(decision: Decision, name: str) -> float | None:
    return decision.features[NAMES.index(name)]


def _block_account(world: World) -> None:
    listing = Listing(
        list="block", kind="account", id="a", reason="stolen", author="me", added_at=NOW, until=NOW + DAY_MS
    )
    world.client.update_item(
        TableName=world.names["profiles"],
        Key=profile_items.profile_key(profile_items.profile_subject("account", "account-123456789")),
        UpdateExpression="SET listing = :listing, #version = if_not_exists(#version, :zero) + :one",
        ExpressionAttributeNames={"#version": "version"},
        ExpressionAttributeValues={
            ":listing": {"S": msgspec.json.encode(listing).decode()},
            ":zero": {"N": "0"},
            ":one": {"N": "1"},
        },
    )
