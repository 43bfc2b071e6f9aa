"""Unreadable messages, duplicates and disorder on every hop."""

import json
import time
import uuid
from collections.abc import Callable

import msgspec
import pytest

from functions.common.domain.transaction_event import REQUIRED_FIELDS
from functions.common.dynamodb.decision_attribute import encode_decision
from operations.monitoring import queues
from tests.e2e import faults
from tests.faults.fault_scenario import TIMEOUT_SECONDS, FaultScenario
from tests.waiting import wait_for


def test_invalid_stream_record_does_not_delay_transactions(scenario: FaultScenario) -> None:
    key = {"transaction_id": {"S": f"poison-{uuid.uuid4().hex}"}, "timestamp": {"N": "1"}}
    scenario.client("dynamodb").put_item(
        TableName=scenario.pipeline.table_name, Item={**key, "account_id": {"S": "a-poison"}}
    )
    scenario.post()
    scenario.expect_nothing_lost()
    scenario.wait_until_healthy()


def test_unreadable_event_ends_in_the_failure_queue(scenario: FaultScenario) -> None:
    scenario.put_event({"event_name": "INSERT", "transaction": {"transaction_id": {"S": "poison"}}})
    scenario.wait_until_unhealthy("queue fraud-failures")
    scenario.purge_queue(queues.FRAUD)
    scenario.wait_until_healthy()
    scenario.expect_nothing_lost()


def test_unreadable_message_ends_in_the_dead_letter_queue_and_its_batch_does_not(
    scenario: FaultScenario,
) -> None:
    scenario.send_message(scenario.suspicious_url, "poison")
    for _ in range(3):
        scenario.post()
    scenario.wait_until_unhealthy("queue suspicious-dlq")
    scenario.purge_queue(queues.ALERTS)
    scenario.wait_until_healthy()
    scenario.expect_nothing_lost()


def post_again(scenario: FaultScenario) -> None:
    assert scenario.pipeline.post(scenario.posted[0]).status == 200


def announce_again(scenario: FaultScenario) -> None:
    scenario.put_event(scenario.build_event(scenario.posted[0]))


def retry_again(scenario: FaultScenario) -> None:
    event = {"detail": scenario.build_event(scenario.posted[0])}
    scenario.send_message(scenario.retry_url, json.dumps({"version": "1.0", "requestPayload": event}))


def alert_again(scenario: FaultScenario) -> None:
    scenario.send_message(scenario.suspicious_url, json.dumps(scenario.build_message(scenario.posted[0])))


@pytest.mark.parametrize("repeat", [post_again, announce_again, retry_again, alert_again])
def test_duplicate_is_decided_and_alerted_on_once(
    scenario: FaultScenario, repeat: Callable[[FaultScenario], None]
) -> None:
    transaction = scenario.post()
    before = scenario.pipeline.wait_for_decision(transaction)
    scenario.pipeline.wait_for_mail_about(transaction)
    repeat(scenario)
    repeat(scenario)
    scenario.expect_nothing_lost()
    assert scenario.pipeline.wait_for_decision(transaction) == before
    scenario.wait_until_healthy()


def test_events_of_one_account_in_disorder_are_all_counted(scenario: FaultScenario) -> None:
    account, now = f"a-{uuid.uuid4().hex[:12]}", int(time.time() * 1000)
    with faults.disable_rule(scenario.pipeline):
        for age_ms in (0, 1000, 2000):
            scenario.post(account_id=account, timestamp=now - age_ms)
        events = [scenario.build_event(body) for body in scenario.posted]
    for event in events:
        scenario.put_event(event)
    for body in scenario.posted:
        scenario.pipeline.wait_for_decision(body)
    assert int(scenario.pipeline.read_profile("account", account)["version"]["N"]) == len(scenario.posted)
    scenario.wait_until_healthy()


@pytest.mark.parametrize("shift_ms", [3_600_000, -3_600_000])
def test_clock_skew_does_not_prevent_a_decision(scenario: FaultScenario, shift_ms: int) -> None:
    with faults.disable_rule(scenario.pipeline):
        transaction = scenario.post()
        event = scenario.build_event(transaction)
    received_at = int(event["transaction"]["received_at"]["N"])
    event["transaction"]["received_at"] = {"N": str(received_at + shift_ms)}
    scenario.put_event(event)
    assert scenario.pipeline.wait_for_decision(transaction).latency_ms >= 0
    scenario.pipeline.wait_for_mail_about(transaction)
    scenario.wait_until_healthy()


def test_profile_of_a_newer_version_waits_for_that_version(scenario: FaultScenario) -> None:
    """A rolled back function cannot read a newer profile. It decides when the newer version is back."""
    account = f"a-{uuid.uuid4().hex[:12]}"
    first = scenario.post(account_id=account)
    scenario.pipeline.wait_for_decision(first)
    profile = scenario.pipeline.read_profile("account", account)
    key = {name: profile[name] for name in ("subject", "part")}

    def set_format(number: str) -> None:
        scenario.client("dynamodb").update_item(
            TableName="profiles",
            Key=key,
            UpdateExpression="SET #format = :format",
            ExpressionAttributeNames={"#format": "format"},
            ExpressionAttributeValues={":format": {"N": number}},
        )

    set_format("999")
    try:
        second = scenario.post(account_id=account)
        wait_for(
            lambda: faults.count_messages_in(scenario.pipeline, queues.RETRY),
            seconds=TIMEOUT_SECONDS,
            what="a message to retry",
        )
        scenario.wait_until_unhealthy("transactions")
    finally:
        set_format(profile["format"]["N"])
    assert scenario.pipeline.wait_for_decision(second).suspicious
    scenario.wait_until_healthy()


def test_item_of_an_older_version_without_later_fields_is_decided(scenario: FaultScenario) -> None:
    transaction = scenario.post()
    scenario.expect_nothing_lost()
    item = scenario.pipeline.read_item(transaction)
    older = {name: item[name] for name in REQUIRED_FIELDS} | {
        "transaction_id": {"S": f"older-{uuid.uuid4().hex}"},
        "account_id": {"S": f"a-{uuid.uuid4().hex[:12]}"},
    }
    scenario.client("dynamodb").put_item(TableName=scenario.pipeline.table_name, Item=older)
    scenario.posted.append({"transaction_id": older["transaction_id"]["S"]})
    scenario.expect_nothing_lost()
    scenario.wait_until_healthy()


def test_items_and_messages_of_a_newer_version_are_readable(scenario: FaultScenario) -> None:
    transaction = scenario.post()
    item = scenario.pipeline.read_item(transaction)
    scenario.pipeline.wait_for_mail_about(transaction)
    packed = encode_decision(scenario.pipeline.wait_for_decision(transaction))["B"]
    newer = msgspec.msgpack.encode([*msgspec.msgpack.decode(packed), "of a newer version"])
    scenario.client("dynamodb").update_item(
        TableName=scenario.pipeline.table_name,
        Key={name: item[name] for name in ("transaction_id", "timestamp")},
        UpdateExpression="SET decision = :newer, of_a_newer_version = :newer",
        ExpressionAttributeValues={":newer": {"B": newer}},
    )
    scenario.put_event(scenario.build_event(transaction))
    scenario.send_message(
        scenario.suspicious_url, json.dumps({**scenario.build_message(transaction), "of_a_newer_version": 1})
    )
    scenario.expect_nothing_lost()
    scenario.wait_until_healthy()
