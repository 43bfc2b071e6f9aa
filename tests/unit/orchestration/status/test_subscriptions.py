from typing import Any

from orchestration.status.subscriptions import (
    SUBSCRIPTION_TYPE,
    Reason,
    Unconfirmed,
    declared_addresses,
    find_unconfirmed,
)
from tests.unit.operations.monitoring.fake_sns import FakeSns

TOPIC = "arn:aws:sns:eu-west-1:111111111111:fraud-alerts"
OPERATIONS = "arn:aws:sns:eu-west-1:111111111111:fraud-operations"
ANN, BOB = "ann@example.com", "bob@example.com"


def subscription(topic: str, address: str, protocol: str = "email") -> dict[str, Any]:
    return {
        "type": SUBSCRIPTION_TYPE,
        "inputs": {"topic": topic, "endpoint": address, "protocol": protocol},
    }


def test_confirmed_address_is_not_listed() -> None:
    sns = FakeSns({TOPIC: [(ANN, f"{TOPIC}:1")]})
    assert find_unconfirmed(sns, {TOPIC: frozenset([ANN])}) == []


def test_address_that_has_not_confirmed_is_pending() -> None:
    sns = FakeSns({TOPIC: [(BOB, f"{TOPIC}:1"), (ANN, "PendingConfirmation")]})
    assert find_unconfirmed(sns, {TOPIC: frozenset([ANN, BOB])}) == [Unconfirmed(TOPIC, ANN, Reason.PENDING)]


def test_address_whose_request_expired_is_missing() -> None:
    assert find_unconfirmed(FakeSns({TOPIC: []}), {TOPIC: frozenset([ANN])}) == [
        Unconfirmed(TOPIC, ANN, Reason.MISSING)
    ]


def test_unsubscribed_address_is_missing_until_it_confirms_again() -> None:
    declared = {TOPIC: frozenset([ANN])}
    assert find_unconfirmed(FakeSns({TOPIC: [(ANN, "Deleted")]}), declared)[0].reason is Reason.MISSING
    again = FakeSns({TOPIC: [(ANN, "Deleted"), (ANN, f"{TOPIC}:2")]})
    assert find_unconfirmed(again, declared) == []


def test_every_topic_is_read_in_its_own_region() -> None:
    sns = FakeSns({TOPIC: [], OPERATIONS: []})
    found = find_unconfirmed(sns, {TOPIC: frozenset([ANN]), OPERATIONS: frozenset([BOB])})
    assert [(entry.topic, entry.address) for entry in found] == [
        ("fraud-alerts", ANN),
        ("fraud-operations", BOB),
    ]
    assert set(sns.regions) == {"eu-west-1"}


def test_email_subscriptions_of_all_layers_are_read_from_their_states() -> None:
    data = {"resources": [subscription(TOPIC, ANN), subscription(TOPIC, "arn:aws:sqs:x", "sqs")]}
    other = {"resources": [subscription(OPERATIONS, BOB), subscription(TOPIC, BOB), {"type": "other"}]}
    assert declared_addresses([data, other, {}]) == {
        TOPIC: frozenset([ANN, BOB]),
        OPERATIONS: frozenset([BOB]),
    }
