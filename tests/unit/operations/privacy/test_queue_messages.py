"""Messages of an account are recognized in every form, and no others."""

import json
from typing import Any, cast

import pytest

from operations.monitoring.queues import Queue
from operations.monitoring.reader import Message
from operations.privacy.queue_messages import AccountPattern, delete_messages, find_messages
from tests.unit.functions.builders import inserted_event
from tests.unit.operations.fake_sqs import FakeSqs

ACCOUNT = "account-1"
EVENT = inserted_event(account_id={"S": ACCOUNT})


def matches(body: object) -> bool:
    text = body if isinstance(body, str) else json.dumps(body)
    return AccountPattern(ACCOUNT).matches(Message("m", text, "r", 0))


@pytest.mark.parametrize(
    "body",
    [
        {"account_id": ACCOUNT},
        EVENT,
        {"requestPayload": EVENT},
        {"body": json.dumps(EVENT)},
        {"body": json.dumps({"body": json.dumps(EVENT)})},
        json.dumps({"account_id": ACCOUNT}, indent=4),
        json.dumps(EVENT, separators=(",", ":")),
        '{"account_id": "account-1", and then it is cut off',
    ],
)
def test_message_of_the_account_is_recognized(body: object) -> None:
    assert matches(body)


@pytest.mark.parametrize(
    "body",
    [
        {"account_id": "account-12"},
        {"account_id": "account-1-2"},
        {"account_id": "my-account-1"},
        {"merchant_id": ACCOUNT, "account_id": "account-2"},
        {"account_id": None, "transaction_id": ACCOUNT},
        {"other_account_ids": ACCOUNT},
        inserted_event(account_id={"S": "account-2"}, merchant_id={"S": ACCOUNT}),
        "not JSON",
    ],
)
def test_message_of_another_account_is_not(body: object) -> None:
    assert not matches(body)


def test_account_with_the_name_of_a_type_is_not_confused_with_another() -> None:
    pattern = AccountPattern("S")
    assert pattern.matches(Message("m", json.dumps({"account_id": {"S": "S"}}), "r", 0))
    assert not pattern.matches(Message("m", json.dumps({"account_id": {"S": "account-2"}}), "r", 0))


def test_other_messages_are_visible_again_and_a_second_look_finds_none() -> None:
    sqs, queue = FakeSqs(), Queue("suspicious-dlq", "url")
    for number in range(25):
        sqs.add("url", json.dumps({"account_id": f"account-{number % 2}"}))
    client = cast(Any, sqs)
    assert len(find_messages(client, [queue], AccountPattern(ACCOUNT))["suspicious-dlq"]) == 12
    assert delete_messages(client, [queue], AccountPattern(ACCOUNT)) == {"suspicious-dlq": 12}
    assert len(sqs.bodies("url")) == 13
    assert sqs.hidden("url") == 0
    assert delete_messages(client, [queue], AccountPattern(ACCOUNT)) == {}


def test_message_that_sqs_does_not_delete_is_found_by_the_next_look() -> None:
    sqs, queue = FakeSqs(), Queue("suspicious-dlq", "url")
    body = json.dumps({"account_id": ACCOUNT})
    sqs.add("url", body)
    sqs.not_deleted.add(body)
    assert delete_messages(cast(Any, sqs), [queue], AccountPattern(ACCOUNT)) == {}
    assert sqs.hidden("url") == 0
    sqs.not_deleted.clear()
    assert delete_messages(cast(Any, sqs), [queue], AccountPattern(ACCOUNT)) == {"suspicious-dlq": 1}
