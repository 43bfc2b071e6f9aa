"""Profiles and decisions in DynamoDB: counted once, written in one transaction, with two requests each."""

import io
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from functions.api.transaction_store import build_transaction_item
from functions.common.domain.account_profile import AccountProfile
from functions.common.domain.currencies import convert_to_cents
from functions.common.domain.decision import Decision
from functions.common.domain.features import FEATURE_NAMES
from functions.common.domain.merchant_profile import MerchantProfile
from functions.common.domain.overrides import ListEntry
from functions.common.domain.profile_record import ProfileRecord
from functions.common.domain.time_buckets import DAY_MS
from functions.common.dynamodb import profile_items
from functions.common.dynamodb.client import TransactionNotFoundError
from functions.common.dynamodb.decision_attribute import decode_decision
from functions.common.runtime.telemetry import Telemetry
from functions.fraud.profile_store import ProfileStore
from functions.fraud.scoring.decider import Decider
from functions.fraud.scoring.rules import RuleSet
from functions.fraud.scoring.scorer import Scorer
from functions.fraud.service import FraudDetector, read_event
from functions.labels.label import Label
from functions.labels.label_store import LabelStore, LabelWriteResult
from local.embedded import EmbeddedAws
from tests.unit.functions.builders import NOW, inserted_event, transaction
from tests.unit.functions.fakes import FakeRetrySender, FakeSender

NO_RULES = RuleSet(threshold=0.5)
KEYS = {
    "transactions": [("transaction_id", "S", "HASH"), ("timestamp", "N", "RANGE")],
    "profiles": [("subject", "S", "HASH"), ("part", "S", "RANGE")],
}


class ProfileFixtures:
    """Two tables of one test, and the functions' code that uses them."""

    def __init__(self, aws: EmbeddedAws) -> None:
        self.client = aws.client("dynamodb")
        self.requests: list[str] = []
        self.client.meta.events.register("before-call.dynamodb", self._record_request)
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
        self.queue = FakeSender()
        self.retries = FakeRetrySender()
        self.labels = LabelStore(self.client, self.names["transactions"], self.names["profiles"])

    def close(self) -> None:
        for name in self.names.values():
            self.client.delete_table(TableName=name)

    def detector(self, ruleset: RuleSet = NO_RULES) -> FraudDetector:
        """A new fraud function, as in a new process."""
        return FraudDetector(
            decider=Decider(Scorer(ruleset)),
            profiles=ProfileStore(self.client, self.names["transactions"], self.names["profiles"]),
            sender=self.queue,
            retries=self.retries,
            telemetry=Telemetry("fraud", io.StringIO()),
            clock=lambda: NOW + 140,
        )

    def store_transaction(self, transaction_id: str, **changes: Any) -> dict[str, Any]:
        """Store a transaction; returns its event."""
        stored = transaction(transaction_id=transaction_id, **changes)
        item = build_transaction_item(stored, NOW + 40, NOW // 1000 + 86_400)
        self.client.put_item(TableName=self.names["transactions"], Item=item)
        return inserted_event(**{name: value for name, value in item.items() if name in EVENT_ATTRIBUTES})

    def item(self, transaction_id: str, timestamp: int = NOW) -> dict[str, Any]:
        key = {"transaction_id": {"S": transaction_id}, "timestamp": {"N": str(timestamp)}}
        response = self.client.get_item(TableName=self.names["transactions"], Key=key, ConsistentRead=True)
        return dict(response.get("Item", {}))

    def decision(self, transaction_id: str) -> Decision:
        return decode_decision(self.item(transaction_id)["decision"])

    def account(self, account_id: str = "account-123456789") -> ProfileRecord[AccountProfile]:
        return profile_items.decode_account(account_id, self._profile("account", account_id))

    def merchant(self, merchant_id: str = "merchant_1") -> ProfileRecord[MerchantProfile]:
        return profile_items.decode_merchant(merchant_id, self._profile("merchant", merchant_id))

    def counts(self) -> tuple[int, int]:
        """Transactions of the account, and confirmed frauds at the merchant."""
        return (
            sum(self.account().profile.days.counts),
            sum(self.merchant().profile.half_days.frauds),
        )

    def decide_waiting(self) -> None:
        """Decide on the events that wait because their account is busy, as a batch of the retry queue."""
        waiting = [read_event(event) for event in self.retries.events]
        if waiting:
            self.detector().decide_group(waiting)

    def _profile(self, kind: Any, identifier: str) -> dict[str, Any] | None:
        key = profile_items.profile_key(profile_items.profile_subject(kind, identifier))
        response = self.client.get_item(TableName=self.names["profiles"], Key=key, ConsistentRead=True)
        return response.get("Item")

    def _record_request(self, model: Any, **_: Any) -> None:
        self.requests.append(model.name)


EVENT_ATTRIBUTES = frozenset(inserted_event()["detail"]["transaction"])


@pytest.fixture
def fixtures(aws: EmbeddedAws) -> Iterator[ProfileFixtures]:
    fixtures = ProfileFixtures(aws)
    yield fixtures
    fixtures.close()


def _label(transaction_id: str = "tx-1", label: Any = "fraud") -> Label:
    return Label(transaction_id=transaction_id, label=label)


@pytest.mark.parametrize(
    ("changes", "requests"),
    [
        ({"device_id": None, "ip_address": None}, ["BatchGetItem", "TransactWriteItems"]),
        ({}, ["UpdateItem", "BatchGetItem", "TransactWriteItems"]),
    ],
)
def test_number_of_requests_does_not_depend_on_the_length_of_the_history(
    fixtures: ProfileFixtures, changes: dict[str, None], requests: list[str]
) -> None:
    """One read and one write, and one more write for a device."""
    detector = fixtures.detector()
    events = [
        fixtures.store_transaction(f"tx-{number}", timestamp=NOW - number * DAY_MS, **changes)
        for number in range(40)
    ]
    fixtures.requests.clear()
    for event in events:
        detector.process_event(event)
    assert fixtures.requests == requests * 40


def test_device_counts_its_other_accounts_in_any_order(fixtures: ProfileFixtures) -> None:
    """DynamoDB returns the device as it was, whether or not the condition of the update holds."""
    detector = fixtures.detector()
    ages_minutes = (0, 50, 10, 0)
    decisions = [
        detector.process_event(
            fixtures.store_transaction(
                f"tx-{number}", account_id=f"account-{number}", timestamp=NOW - age * 60_000
            )
        )
        for number, age in enumerate(ages_minutes)
    ]
    counts = [_feature(decision, "origin_accounts_1h") for decision in decisions if decision]
    assert counts == [0, 0, 1, 3]
    # An earlier use by an account with a later one is refused, and still returns the device.
    event = fixtures.store_transaction("tx-again", account_id="account-0", timestamp=NOW - 60_000)
    again = detector.process_event(event)
    assert again is not None
    assert _feature(again, "origin_accounts_1h") == 2


def test_repeated_event_is_counted_once_and_sends_the_same_message(fixtures: ProfileFixtures) -> None:
    event = fixtures.store_transaction("tx-1")
    _block_account(fixtures)
    first, second = (fixtures.detector().process_event(event) for _ in range(2))
    assert first == second == fixtures.decision("tx-1")
    assert fixtures.counts() == (1, 0)
    assert fixtures.queue.sent[0] == fixtures.queue.sent[1]


def test_list_entry_applies_immediately_and_needs_no_additional_request(fixtures: ProfileFixtures) -> None:
    event = fixtures.store_transaction("tx-1")
    _block_account(fixtures)
    fixtures.requests.clear()
    decision = fixtures.detector().process_event(event)
    assert decision is not None
    assert (decision.suspicious, decision.decided_by) == (True, "block-list")
    assert fixtures.requests == ["UpdateItem", "BatchGetItem", "TransactWriteItems"]
    assert fixtures.account().list_entry is not None


def test_simultaneous_events_of_one_account_are_all_counted(fixtures: ProfileFixtures) -> None:
    events = [fixtures.store_transaction(f"tx-{number}", amount=number + 1) for number in range(24)]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda event: fixtures.detector().process_event(event), events))
    fixtures.decide_waiting()
    assert fixtures.counts() == (24, 0)
    cents = [convert_to_cents(Decimal(number + 1), "USD") or 0 for number in range(24)]
    assert fixtures.account().profile.days.totals == [sum(cents)]


def test_decision_counts_only_earlier_transactions(fixtures: ProfileFixtures) -> None:
    detector = fixtures.detector()
    for number in range(3):
        detector.process_event(fixtures.store_transaction(f"tx-{number}"))
    counts = [_feature(fixtures.decision(f"tx-{number}"), "account_count_30d") for number in range(3)]
    assert counts == [0, 1, 2]


def test_deleted_transaction_is_neither_counted_nor_restored(fixtures: ProfileFixtures) -> None:
    event = fixtures.store_transaction("tx-1")
    key = {"transaction_id": {"S": "tx-1"}, "timestamp": {"N": str(NOW)}}
    fixtures.client.delete_item(TableName=fixtures.names["transactions"], Key=key)
    assert fixtures.detector().process_event(event) is None
    assert fixtures.item("tx-1") == {}
    assert fixtures.counts() == (0, 0)


def test_label_is_counted_once_and_the_count_follows_a_change_of_the_label(fixtures: ProfileFixtures) -> None:
    fixtures.detector().process_event(fixtures.store_transaction("tx-1"))
    assert [fixtures.labels.put(_label(), NOW, NOW) for _ in range(2)] == [
        LabelWriteResult.STORED,
        LabelWriteResult.UNCHANGED,
    ]
    assert fixtures.counts() == (1, 1)
    assert fixtures.labels.put(_label(label="genuine"), NOW, NOW) is LabelWriteResult.CHANGED
    assert fixtures.counts() == (1, 0)
    assert fixtures.labels.put(_label(), NOW, NOW) is LabelWriteResult.CHANGED
    assert fixtures.counts() == (1, 1)
    assert fixtures.item("tx-1")["label"] == {"S": "fraud"}


def test_label_of_an_unknown_transaction_is_rejected_and_not_counted(fixtures: ProfileFixtures) -> None:
    fixtures.store_transaction("tx-1")
    with pytest.raises(TransactionNotFoundError):
        fixtures.labels.put(_label(), NOW - 1, NOW)
    with pytest.raises(TransactionNotFoundError):
        fixtures.labels.put(_label("tx-2"), NOW, NOW)
    assert fixtures.counts() == (0, 0)


def test_label_before_the_decision_is_counted_once(fixtures: ProfileFixtures) -> None:
    event = fixtures.store_transaction("tx-1")
    assert [fixtures.labels.put(_label(), NOW, NOW) for _ in range(2)] == [
        LabelWriteResult.STORED,
        LabelWriteResult.UNCHANGED,
    ]
    assert fixtures.counts() == (0, 0)
    for _ in range(2):
        fixtures.detector().process_event(event)
    assert fixtures.counts() == (1, 1)


def test_simultaneous_labels_and_transactions_are_all_counted(fixtures: ProfileFixtures) -> None:
    events = [fixtures.store_transaction(f"tx-{number}") for number in range(12)]

    def handle(number: int) -> None:
        fixtures.detector().process_event(events[number])

    with ThreadPoolExecutor(4) as threads:
        scored = [threads.submit(handle, number) for number in range(12)]
        labelled = [
            threads.submit(fixtures.labels.put, _label(f"tx-{number}"), NOW, NOW) for number in range(12)
        ]
        for future in (*scored, *labelled):
            future.result()
    fixtures.decide_waiting()
    assert fixtures.counts() == (12, 12)


def _feature(decision: Decision, name: str) -> float | None:
    return decision.features[FEATURE_NAMES.index(name)]


def _block_account(fixtures: ProfileFixtures) -> None:
    listing = ListEntry(
        list="block", kind="account", id="a", reason="stolen", author="me", added_at=NOW, until=NOW + DAY_MS
    )
    fixtures.client.update_item(
        TableName=fixtures.names["profiles"],
        Key=profile_items.profile_key(profile_items.profile_subject("account", "account-123456789")),
        UpdateExpression="SET listing = :listing, #version = if_not_exists(#version, :zero) + :one",
        ExpressionAttributeNames={"#version": "version"},
        ExpressionAttributeValues={
            ":listing": {"S": msgspec.json.encode(listing).decode()},
            ":zero": {"N": "0"},
            ":one": {"N": "1"},
        },
    )
