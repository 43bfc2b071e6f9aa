"""Poison, duplicates and disorder on every hop."""

import json
import time
import uuid
from collections.abc import Callable

import pytest

from functions.common.domain import decision as decisions
from operations.monitoring import queues
from tests.e2e import faults
from tests.faults.bench import SECONDS, Bench
from tests.waiting import wait_for


def test_stream_record_that_is_no_transaction_does_not_hold_up_others(bench: Bench) -> None:
    key = {"transaction_id": {"S": f"poison-{uuid.uuid4().hex}"}, "timestamp": {"N": "1"}}
    bench.client("dynamodb").put_item(
        TableName=bench.pipeline.table, Item={**key, "account_id": {"S": "a-poison"}}
    )
    bench.post()
    bench.expect_nothing_lost()
    bench.wait_green()


def test_event_that_cannot_be_read_ends_in_the_failure_queue(bench: Bench) -> None:
    bench.put_event({"event_name": "INSERT", "transaction": {"transaction_id": {"S": "poison"}}})
    bench.wait_red("queue fraud-failures")
    bench.empty(queues.FRAUD)
    bench.wait_green()
    bench.expect_nothing_lost()


def test_message_that_cannot_be_read_ends_in_the_dead_letter_queue_and_its_batch_does_not(
    bench: Bench,
) -> None:
    bench.send(bench.suspicious_url, "poison")
    for _ in range(3):
        bench.post()
    bench.wait_red("queue suspicious-dlq")
    bench.empty(queues.ALERTS)
    bench.wait_green()
    bench.expect_nothing_lost()


def post_again(bench: Bench) -> None:
    assert bench.pipeline.post(bench.sent[0]).status == 200


def announce_again(bench: Bench) -> None:
    bench.put_event(bench.event(bench.sent[0]))


def retry_again(bench: Bench) -> None:
    event = {"detail": bench.event(bench.sent[0])}
    bench.send(bench.retry_url, json.dumps({"version": "1.0", "requestPayload": event}))


def alert_again(bench: Bench) -> None:
    bench.send(bench.suspicious_url, json.dumps(bench.message(bench.sent[0])))


@pytest.mark.parametrize("repeat", [post_again, announce_again, retry_again, alert_again])
def test_duplicate_is_decided_and_alerted_on_once(bench: Bench, repeat: Callable[[Bench], None]) -> None:
    sent = bench.post()
    before = bench.pipeline.decision(sent)
    bench.pipeline.mail_about(sent)
    repeat(bench)
    repeat(bench)
    bench.expect_nothing_lost()
    assert bench.pipeline.decision(sent) == before
    bench.wait_green()


def test_events_of_one_account_in_disorder_are_all_counted(bench: Bench) -> None:
    account, now = f"a-{uuid.uuid4().hex[:12]}", int(time.time() * 1000)
    with faults.rule_disabled(bench.pipeline):
        for age_ms in (0, 1000, 2000):
            bench.post(account_id=account, timestamp=now - age_ms)
        events = [bench.event(body) for body in bench.sent]
    for event in events:
        bench.put_event(event)
    for body in bench.sent:
        bench.pipeline.decision(body)
    assert int(bench.pipeline.profile("account", account)["version"]["N"]) == len(bench.sent)
    bench.wait_green()


@pytest.mark.parametrize("shift_ms", [3_600_000, -3_600_000])
def test_clock_of_another_machine_ahead_or_behind_decides_all_the_same(bench: Bench, shift_ms: int) -> None:
    with faults.rule_disabled(bench.pipeline):
        sent = bench.post()
        event = bench.event(sent)
    received_at = int(event["transaction"]["received_at"]["N"])
    event["transaction"]["received_at"] = {"N": str(received_at + shift_ms)}
    bench.put_event(event)
    assert bench.pipeline.decision(sent).latency_ms >= 0
    bench.pipeline.mail_about(sent)
    bench.wait_green()


def test_profile_that_a_newer_function_wrote_waits_for_that_function(bench: Bench) -> None:
    """After a rollback the function cannot read the profile; it decides once the newer one is back."""
    account = f"a-{uuid.uuid4().hex[:12]}"
    first = bench.post(account_id=account)
    bench.pipeline.decision(first)
    profile = bench.pipeline.profile("account", account)
    key = {name: profile[name] for name in ("subject", "part")}

    def set_format(number: str) -> None:
        bench.client("dynamodb").update_item(
            TableName="profiles",
            Key=key,
            UpdateExpression="SET #format = :format",
            ExpressionAttributeNames={"#format": "format"},
            ExpressionAttributeValues={":format": {"N": number}},
        )

    set_format("999")
    try:
        second = bench.post(account_id=account)
        wait_for(
            lambda: faults.messages(bench.pipeline, queues.RETRY), seconds=SECONDS, what="a message to retry"
        )
        bench.wait_red("transactions")
    finally:
        set_format(profile["format"]["N"])
    assert bench.pipeline.decision(second).suspicious
    bench.wait_green()


def test_items_and_messages_of_a_newer_version_are_understood(bench: Bench) -> None:
    sent = bench.post()
    item = bench.pipeline.item(sent)
    bench.pipeline.mail_about(sent)
    newer = {**json.loads(decisions.to_text(bench.pipeline.decision(sent))), "of_a_newer_version": 1}
    bench.client("dynamodb").update_item(
        TableName=bench.pipeline.table,
        Key={name: item[name] for name in ("transaction_id", "timestamp")},
        UpdateExpression="SET decision = :newer, of_a_newer_version = :newer",
        ExpressionAttributeValues={":newer": {"S": json.dumps(newer)}},
    )
    bench.put_event(bench.event(sent))
    bench.send(bench.suspicious_url, json.dumps({**bench.message(sent), "of_a_newer_version": 1}))
    bench.expect_nothing_lost()
    bench.wait_green()
