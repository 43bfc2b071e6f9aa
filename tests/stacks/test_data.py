"""The layer data as its program declares it: tables, queue with dead letters, topic."""

from collections.abc import Mapping
from typing import Any

import pytest
from msgspec import msgpack

from functions.api.items import guard_item, transaction_item
from functions.common.domain import decision as decisions
from functions.common.domain.decision import Decision
from functions.common.domain.features import NAMES, VERSION
from functions.common.domain.profiles import AccountProfile, MerchantProfile, observe
from functions.common.domain.suspicious_message import Reason
from stacks.data import tables
from tests.stacks.conftest import Programs
from tests.stacks.recording import Program
from tests.unit.functions.builders import NOW, inserted, transaction

FOURTEEN_DAYS_SECONDS = 14 * 24 * 60 * 60


TABLES = ("transactions", "profiles")
each_table = pytest.mark.parametrize("name", TABLES)


def test_R2_the_table_is_called_transactions_and_keyed_by_id_and_timestamp(data: Program) -> None:
    table = data.one("dynamodb/table:Table", "transactions")
    assert table["name"] == "transactions"
    assert (table["hashKey"], table["rangeKey"]) == ("transaction_id", "timestamp")
    assert {each["name"]: each["type"] for each in table["attributes"]} == {
        "transaction_id": "S",
        "timestamp": "N",
    }


def test_the_table_of_profiles_is_keyed_by_subject_and_part(data: Program) -> None:
    table = data.one("dynamodb/table:Table", "profiles")
    assert table["name"] == data.outputs["profiles_table_name"] == "profiles"
    assert (table["hashKey"], table["rangeKey"]) == ("subject", "part")
    assert {each["name"]: each["type"] for each in table["attributes"]} == {"subject": "S", "part": "S"}


def test_R4_the_table_of_transactions_streams_new_images(data: Program) -> None:
    table = data.one("dynamodb/table:Table", "transactions")
    assert (table["streamEnabled"], table["streamViewType"]) == (True, "NEW_IMAGE")


def test_profiles_go_into_no_stream(data: Program) -> None:
    table = data.one("dynamodb/table:Table", "profiles")
    assert table["streamEnabled"] is False
    assert "streamViewType" not in table.inputs


@each_table
def test_C7_every_table_is_on_demand(data: Program, name: str) -> None:
    table = data.one("dynamodb/table:Table", name)
    assert table["billingMode"] == "PAY_PER_REQUEST"
    assert not {"readCapacity", "writeCapacity"} & table.inputs.keys()


@pytest.mark.parametrize(
    ("name", "key"), [("transactions", "data_key_arn"), ("profiles", "profiles_key_arn")]
)
def test_C11_every_table_is_encrypted_with_our_key_for_it(
    data: Program, foundation: Program, name: str, key: str
) -> None:
    encryption = data.one("dynamodb/table:Table", name)["serverSideEncryption"]
    assert encryption == {"enabled": True, "kmsKeyArn": foundation.outputs[key]}


@each_table
def test_a_table_can_be_recovered_and_forgets_what_has_expired(data: Program, name: str) -> None:
    table = data.one("dynamodb/table:Table", name)
    assert table["pointInTimeRecovery"] == {"enabled": True}
    assert table["ttl"] == {"attributeName": "expires_at", "enabled": True}


@each_table
def test_aws_keeps_a_table_where_the_settings_say_so(data: Program, local: Programs, name: str) -> None:
    assert data.one("dynamodb/table:Table", name)["deletionProtectionEnabled"] is True
    assert local["data"].one("dynamodb/table:Table", name)["deletionProtectionEnabled"] is False


def test_C10_visibility_timeout_of_every_queue_is_exactly_six_minutes(prod: Programs) -> None:
    queues = [queue for program in prod.values() for queue in program.all("sqs/queue:Queue")]
    assert len(queues) >= 6
    assert {queue["visibilityTimeoutSeconds"] for queue in queues} == {360}


def test_R6_the_suspicious_queue_has_a_dead_letter_queue_of_its_own(data: Program) -> None:
    redrive = data.one("sqs/queue:Queue", "suspicious").document("redrivePolicy")
    allowed = data.one("sqs/redriveAllowPolicy:RedriveAllowPolicy")
    assert redrive == {
        "deadLetterTargetArn": data.outputs["suspicious_dlq_arn"],
        "maxReceiveCount": 5,
    }
    assert allowed["queueUrl"] == data.outputs["suspicious_dlq_url"]
    assert allowed.document("redriveAllowPolicy") == {
        "redrivePermission": "byQueue",
        "sourceQueueArns": [data.outputs["suspicious_queue_arn"]],
    }


def test_C1_every_queue_for_what_failed_keeps_messages_for_14_days(prod: Programs) -> None:
    queues = {
        queue.name: queue["messageRetentionSeconds"]
        for program in prod.values()
        for queue in program.all("sqs/queue:Queue")
        if "redrivePolicy" not in queue.inputs
    }
    assert {"suspicious-dlq", "pipe-failures", "events-failures", "fraud-failures"} <= set(queues)
    assert set(queues.values()) == {FOURTEEN_DAYS_SECONDS}


def test_C1_a_source_queue_keeps_messages_for_four_days_so_that_moved_ones_wait_ten_more(
    prod: Programs,
) -> None:
    sources = {
        queue.name: queue["messageRetentionSeconds"]
        for program in prod.values()
        for queue in program.all("sqs/queue:Queue")
        if "redrivePolicy" in queue.inputs
    }
    assert sources == {"suspicious": 345_600, "fraud-retry": 345_600}


def test_C11_queues_for_what_failed_have_a_key_of_their_own(prod: Programs) -> None:
    keys = {
        queue.name: queue["kmsMasterKeyId"]
        for layer in ("data", "processing")
        for queue in prod[layer].all("sqs/queue:Queue")
    }
    outputs = prod["foundation"].outputs
    assert keys.pop("suspicious") == outputs["data_key_arn"]
    assert set(keys.values()) == {outputs["failures_key_arn"]}
    assert outputs["failures_key_arn"] != outputs["data_key_arn"]


def test_every_queue_refuses_whatever_does_not_come_by_tls(prod: Programs) -> None:
    for program in prod.values():
        for queue in program.all("sqs/queue:Queue"):
            refuse = program.one("sqs/queuePolicy:QueuePolicy", queue.name).statements()["RefusePlainText"]
            assert (refuse["Effect"], refuse["Action"], refuse["Principal"]) == (
                "Deny",
                ["sqs:*"],
                {"AWS": "*"},
            )
            assert refuse["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_R9_the_topic_mails_every_address_in_the_settings(data: Program) -> None:
    subscription = data.one("sns/topicSubscription:TopicSubscription")
    assert subscription["topic"] == data.outputs["alerts_topic_arn"]
    assert (subscription["protocol"], subscription["endpoint"]) == ("email", "fraud-analysts@example.com")


def test_R9_a_subscription_keeps_its_name_and_does_not_show_the_address(data: Program) -> None:
    subscription = data.one("sns/topicSubscription:TopicSubscription")
    assert "analysts" not in subscription.name


def test_C11_the_topic_is_encrypted_with_our_key(data: Program, foundation: Program) -> None:
    assert data.one("sns/topic:Topic")["kmsMasterKeyId"] == foundation.outputs["data_key_arn"]


def test_the_topic_refuses_whatever_does_not_come_by_tls(data: Program) -> None:
    refuse = data.one("sns/topicPolicy:TopicPolicy").statements()["RefusePlainText"]
    assert (refuse["Effect"], refuse["Action"]) == ("Deny", ["sns:Publish"])
    assert refuse["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


@pytest.mark.parametrize("output", ["table_stream_arn", "suspicious_queue_url", "alerts_topic_arn"])
def test_S3_the_layer_exports_what_others_read(data: Program, output: str) -> None:
    assert data.outputs[output]


def units(size_bytes: int) -> int:
    """The write units of an item in a transaction: two for each KB begun."""
    return 2 * -(-size_bytes // 1024)


def item_bytes(item: Mapping[str, Mapping[str, Any]]) -> int:
    """The size of an item as DynamoDB counts it, rounded up."""
    return sum(
        len(name) + (21 if "N" in value else len(next(iter(value.values()))) if "NULL" not in value else 1)
        for name, value in item.items()
    )


def test_warm_throughput_covers_the_writes_of_a_large_transaction() -> None:
    longest = transaction(
        transaction_id="t" * 64, account_id="a" * 64, merchant_id="m" * 64, device_id="d" * 64
    )
    stored = transaction_item(longest, NOW, NOW)
    decision = Decision(
        score=1 / 3,
        suspicious=True,
        decided_by="rules and model",
        rules_score=1 / 3,
        probability=1 / 3,
        reasons=(Reason(rule_id="r" * 30, weight=1 / 3, text="t" * 80),) * 3,
        rules="0123456789ab",
        model="0123456789ab",
        features_version=VERSION,
        features=(1000 / 3,) * len(NAMES),
        decided_at=NOW,
        latency_ms=100,
    )
    with_decision = {**stored, "decision": {"S": decisions.to_text(decision)}}
    assert (
        units(item_bytes(guard_item(longest, NOW)))
        + units(item_bytes(stored))
        + units(item_bytes(with_decision))
        <= tables.WRITE_UNITS["transactions"]
    )


def test_warm_throughput_covers_the_writes_of_busy_profiles() -> None:
    account, merchant = AccountProfile(), MerchantProfile()
    for number in range(2000):
        observe(
            account, merchant, inserted(timestamp=NOW + number * 4_000_000, device_id=f"device-{number % 8}")
        )
    # Key, format, version, expiry and the alerts of an account.
    further = 300
    sizes = [len(msgpack.encode(profile)) + further for profile in (account, merchant)]
    assert sum(map(units, sizes)) <= tables.WRITE_UNITS["profiles"]
    assert all(size <= 4096 for size in sizes)


def test_new_tables_take_1000_transactions_a_second_from_the_start(data: Program) -> None:
    warm = {name: data.one("dynamodb/table:Table", name)["warmThroughput"] for name in TABLES}
    for name in TABLES:
        assert warm[name]["writeUnitsPerSecond"] >= 1000 * tables.WRITE_UNITS[name]
        assert warm[name]["readUnitsPerSecond"] >= max(1000 * tables.READ_UNITS[name], 12_000)


def test_a_small_environment_pays_for_no_warm_throughput(local: Programs) -> None:
    for name in TABLES:
        assert "warmThroughput" not in local["data"].one("dynamodb/table:Table", name).inputs
