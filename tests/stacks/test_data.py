"""The resources of the layer data: tables, queues, topic."""

from collections.abc import Mapping
from typing import Any

import pytest

from functions.api.transaction_store import build_guard_item, build_transaction_item
from functions.common.domain.account_profile import AccountProfile
from functions.common.domain.decision import Decision
from functions.common.domain.features import FEATURE_NAMES, FEATURES_VERSION
from functions.common.domain.merchant_profile import MerchantProfile
from functions.common.domain.profiles import count_transaction
from functions.common.domain.suspicious_message import Reason
from functions.common.dynamodb.decision_attribute import encode_decision
from functions.common.dynamodb.profile_items import encode_profile
from stacks.data import tables
from tests.stacks.conftest import Programs
from tests.stacks.recording import RecordedProgram
from tests.unit.functions.builders import NOW, inserted, transaction

FOURTEEN_DAYS_SECONDS = 14 * 24 * 60 * 60


TABLES = ("transactions", "profiles")
for_each_table = pytest.mark.parametrize("name", TABLES)


def test_R2_table_transactions_has_the_keys_id_and_timestamp(data: RecordedProgram) -> None:
    table = data.find_one("dynamodb/table:Table", "transactions")
    assert table["name"] == "transactions"
    assert (table["hashKey"], table["rangeKey"]) == ("transaction_id", "timestamp")
    assert {attribute["name"]: attribute["type"] for attribute in table["attributes"]} == {
        "transaction_id": "S",
        "timestamp": "N",
    }


def test_table_profiles_has_the_keys_subject_and_part(data: RecordedProgram) -> None:
    table = data.find_one("dynamodb/table:Table", "profiles")
    assert table["name"] == data.outputs["profiles_table_name"] == "profiles"
    assert (table["hashKey"], table["rangeKey"]) == ("subject", "part")
    assert {attribute["name"]: attribute["type"] for attribute in table["attributes"]} == {
        "subject": "S",
        "part": "S",
    }


def test_R4_table_transactions_streams_new_images(data: RecordedProgram) -> None:
    table = data.find_one("dynamodb/table:Table", "transactions")
    assert (table["streamEnabled"], table["streamViewType"]) == (True, "NEW_IMAGE")


def test_table_profiles_has_no_stream(data: RecordedProgram) -> None:
    table = data.find_one("dynamodb/table:Table", "profiles")
    assert table["streamEnabled"] is False
    assert "streamViewType" not in table.inputs


@for_each_table
def test_C7_every_table_has_on_demand_capacity(data: RecordedProgram, name: str) -> None:
    table = data.find_one("dynamodb/table:Table", name)
    assert table["billingMode"] == "PAY_PER_REQUEST"
    assert not {"readCapacity", "writeCapacity"} & table.inputs.keys()


@pytest.mark.parametrize(
    ("name", "key"), [("transactions", "data_key_arn"), ("profiles", "profiles_key_arn")]
)
def test_C11_every_table_is_encrypted_with_its_key(
    data: RecordedProgram, foundation: RecordedProgram, name: str, key: str
) -> None:
    encryption = data.find_one("dynamodb/table:Table", name)["serverSideEncryption"]
    assert encryption == {"enabled": True, "kmsKeyArn": foundation.outputs[key]}


@for_each_table
def test_table_has_point_in_time_recovery_and_time_to_live(data: RecordedProgram, name: str) -> None:
    table = data.find_one("dynamodb/table:Table", name)
    assert table["pointInTimeRecovery"] == {"enabled": True}
    assert table["ttl"] == {"attributeName": "expires_at", "enabled": True}


@for_each_table
def test_deletion_protection_of_a_table_follows_the_settings(
    data: RecordedProgram, local: Programs, name: str
) -> None:
    assert data.find_one("dynamodb/table:Table", name)["deletionProtectionEnabled"] is True
    assert local["data"].find_one("dynamodb/table:Table", name)["deletionProtectionEnabled"] is False


def test_C10_visibility_timeout_of_every_queue_is_six_minutes(prod: Programs) -> None:
    queues = [queue for program in prod.values() for queue in program.find_all("sqs/queue:Queue")]
    assert len(queues) >= 6
    assert {queue["visibilityTimeoutSeconds"] for queue in queues} == {360}


def test_R6_suspicious_queue_has_its_own_dead_letter_queue(data: RecordedProgram) -> None:
    redrive = data.find_one("sqs/queue:Queue", "suspicious").document("redrivePolicy")
    allowed = data.find_one("sqs/redriveAllowPolicy:RedriveAllowPolicy")
    assert redrive == {
        "deadLetterTargetArn": data.outputs["suspicious_dlq_arn"],
        "maxReceiveCount": 5,
    }
    assert allowed["queueUrl"] == data.outputs["suspicious_dlq_url"]
    assert allowed.document("redriveAllowPolicy") == {
        "redrivePermission": "byQueue",
        "sourceQueueArns": [data.outputs["suspicious_queue_arn"]],
    }


def test_C1_every_failure_queue_retains_messages_for_14_days(prod: Programs) -> None:
    queues = {
        queue.name: queue["messageRetentionSeconds"]
        for program in prod.values()
        for queue in program.find_all("sqs/queue:Queue")
        if "redrivePolicy" not in queue.inputs
    }
    assert {"suspicious-dlq", "pipe-failures", "events-failures", "fraud-failures"} <= set(queues)
    assert set(queues.values()) == {FOURTEEN_DAYS_SECONDS}


def test_C1_source_queue_retains_messages_ten_days_less_than_its_dead_letter_queue(
    prod: Programs,
) -> None:
    sources = {
        queue.name: queue["messageRetentionSeconds"]
        for program in prod.values()
        for queue in program.find_all("sqs/queue:Queue")
        if "redrivePolicy" in queue.inputs
    }
    assert sources == {"suspicious": 345_600, "fraud-retry": 345_600}


def test_C11_failure_queues_have_their_own_key(prod: Programs) -> None:
    keys = {
        queue.name: queue["kmsMasterKeyId"]
        for layer in ("data", "processing")
        for queue in prod[layer].find_all("sqs/queue:Queue")
    }
    outputs = prod["foundation"].outputs
    assert keys.pop("suspicious") == outputs["data_key_arn"]
    assert set(keys.values()) == {outputs["failures_key_arn"]}
    assert outputs["failures_key_arn"] != outputs["data_key_arn"]


def test_every_queue_denies_requests_without_tls(prod: Programs) -> None:
    for program in prod.values():
        for queue in program.find_all("sqs/queue:Queue"):
            denial = program.find_one("sqs/queuePolicy:QueuePolicy", queue.name).statements()[
                "RefusePlainText"
            ]
            assert (denial["Effect"], denial["Action"], denial["Principal"]) == (
                "Deny",
                ["sqs:*"],
                {"AWS": "*"},
            )
            assert denial["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_R9_topic_has_a_subscription_for_every_address_in_the_settings(data: RecordedProgram) -> None:
    subscription = data.find_one("sns/topicSubscription:TopicSubscription")
    assert subscription["topic"] == data.outputs["alerts_topic_arn"]
    assert (subscription["protocol"], subscription["endpoint"]) == ("email", "fraud-analysts@example.com")


def test_R9_logical_name_of_a_subscription_does_not_contain_the_address(data: RecordedProgram) -> None:
    subscription = data.find_one("sns/topicSubscription:TopicSubscription")
    assert "analysts" not in subscription.name


def test_C11_topic_is_encrypted_with_the_data_key(data: RecordedProgram, foundation: RecordedProgram) -> None:
    assert data.find_one("sns/topic:Topic")["kmsMasterKeyId"] == foundation.outputs["data_key_arn"]


def test_topic_denies_requests_without_tls(data: RecordedProgram) -> None:
    denial = data.find_one("sns/topicPolicy:TopicPolicy").statements()["RefusePlainText"]
    assert (denial["Effect"], denial["Action"]) == ("Deny", ["sns:Publish"])
    assert denial["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


@pytest.mark.parametrize("output", ["transactions_stream_arn", "suspicious_queue_url", "alerts_topic_arn"])
def test_S3_layer_exports_the_inputs_of_other_layers(data: RecordedProgram, output: str) -> None:
    assert data.outputs[output]


def count_write_units(size_bytes: int) -> int:
    """The write units of an item in a transaction: two for each KB or part of it."""
    return 2 * -(-size_bytes // 1024)


def count_plain_write_units(size_bytes: int) -> int:
    """The write units of an item that is written alone."""
    return -(-size_bytes // 1024)


def measure_item(item: Mapping[str, Mapping[str, Any]]) -> int:
    """The size of an item as DynamoDB counts it, rounded up."""
    return sum(
        len(name) + (21 if "N" in value else 1 if {"NULL", "BOOL"} & value.keys() else len(*value.values()))
        for name, value in item.items()
    )


def test_write_units_cover_a_large_transaction() -> None:
    longest = transaction(
        transaction_id="t" * 64, account_id="a" * 64, merchant_id="m" * 64, device_id="d" * 64
    )
    stored = build_transaction_item(longest, NOW, NOW)
    decision = Decision(
        score=1 / 3,
        suspicious=True,
        decided_by="rules and model",
        rules_score=1 / 3,
        probability=1 / 3,
        reasons=(Reason(rule_id="r" * 30, weight=1 / 3, text="t" * 80),) * 3,
        rules="0123456789ab",
        model="0123456789ab",
        features_version=FEATURES_VERSION,
        features=(1000 / 3,) * len(FEATURE_NAMES),
        decided_at=NOW,
        latency_ms=100,
    )
    with_decision = {**stored, "decision": encode_decision(decision)}
    assert (
        count_plain_write_units(measure_item(build_guard_item(longest, NOW)))
        + count_plain_write_units(measure_item(stored))
        + count_write_units(measure_item(with_decision))
        <= tables.WRITE_UNITS["transactions"]
    )


def test_typical_transaction_with_its_decision_takes_seven_tenths_of_a_kb() -> None:
    """As many integers, fractions and unknown values among the features as after 90 days of history."""
    typical = transaction(
        transaction_id="t" * 36, account_id="a" * 18, merchant_id="m" * 19, device_id="d" * 36
    )
    times = [90 * 86_400] * 5
    features = (*range(28), *times, *(1000 / (3 + number) for number in range(12)), *[None] * 5)
    assert len(features) == len(FEATURE_NAMES)
    decision = Decision(
        score=1 / 3,
        suspicious=False,
        decided_by="none",
        rules_score=0,
        probability=1 / 3,
        rules="0123456789ab",
        model="0123456789ab",
        features_version=FEATURES_VERSION,
        features=features,
        decided_at=NOW,
        latency_ms=100,
    )
    item = {**build_transaction_item(typical, NOW, NOW // 1000), "decision": encode_decision(decision)}
    assert count_write_units(measure_item(item)) == 2
    assert measure_item(item) <= 720


def test_write_units_cover_large_profiles() -> None:
    account, merchant = AccountProfile(), MerchantProfile()
    for number in range(2000):
        count_transaction(
            account, merchant, inserted(timestamp=NOW + number * 4_000_000, device_id=f"device-{number % 8}")
        )
    # Key, format, version, expiry and the alerts of an account.
    other_attributes = 300
    sizes = [len(encode_profile(profile)[1]) + other_attributes for profile in (account, merchant)]
    assert count_write_units(sizes[0]) == 2
    # The longest item of a suspicious decision.
    suspicious_item = 1024
    units = sum(map(count_write_units, [*sizes, suspicious_item]))
    assert units <= tables.WRITE_UNITS["profiles"]
    assert all(size <= 4096 for size in sizes)


def test_new_tables_accept_1000_transactions_a_second(data: RecordedProgram) -> None:
    warm = {name: data.find_one("dynamodb/table:Table", name)["warmThroughput"] for name in TABLES}
    for name in TABLES:
        assert warm[name]["writeUnitsPerSecond"] >= 1000 * tables.WRITE_UNITS[name]
        assert warm[name]["readUnitsPerSecond"] >= max(1000 * tables.READ_UNITS[name], 12_000)


def test_small_environment_has_no_warm_throughput(local: Programs) -> None:
    for name in TABLES:
        assert "warmThroughput" not in local["data"].find_one("dynamodb/table:Table", name).inputs
