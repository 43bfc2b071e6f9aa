"""The function `merchants`: its event source mapping, AWS's limits on it, its role and its alarm."""

import json
from fnmatch import fnmatchcase
from typing import Any

import pytest
from botocore.loaders import Loader

from functions.api.transaction_store import build_transaction_item
from functions.common.domain.merchant_profile import MerchantProfile
from functions.common.domain.profile_record import ProfileRecord
from functions.common.dynamodb.profile_items import SubjectKind, build_update, profile_subject
from local.delivery.emulated_services import matches_pattern
from stacks.processing.alarms import ITERATOR_AGE_SECONDS
from stacks.processing.merchants_function import counted_filter
from tests.stacks.conftest import Programs
from tests.stacks.mocked_aws import REGION
from tests.stacks.recording import RecordedProgram, RecordedResource
from tests.stacks.tables import read_alarms
from tests.unit.functions.builders import NOW, transaction

KINDS: tuple[SubjectKind, ...] = ("account", "merchant", "category", "device", "address")
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html
STREAM_RETENTION_SECONDS = 24 * 60 * 60
LIMITED = (
    "batchSize",
    "maximumBatchingWindowInSeconds",
    "maximumRecordAgeInSeconds",
    "maximumRetryAttempts",
    "parallelizationFactor",
    "tumblingWindowInSeconds",
)


@pytest.fixture
def mapping(processing: RecordedProgram) -> RecordedResource:
    return processing.find_one("lambda/eventSourceMapping:EventSourceMapping", "merchants")


@pytest.fixture
def statements(processing: RecordedProgram) -> dict[str, dict[str, Any]]:
    return processing.find_one("iam/rolePolicy:RolePolicy", "merchants-permissions").statements()


def test_stream_invokes_the_function_from_its_start(
    mapping: RecordedResource, processing: RecordedProgram, data: RecordedProgram
) -> None:
    assert mapping["eventSourceArn"] == data.outputs["transactions_stream_arn"]
    assert mapping["functionName"].endswith(f":{processing.outputs['merchants_function_name']}")
    assert mapping["startingPosition"] == "TRIM_HORIZON"


def test_shard_is_read_by_one_batch_at_a_time(mapping: RecordedResource) -> None:
    """The function counts a record only if its sequence number is above the last one of its shard."""
    assert mapping["parallelizationFactor"] == 1
    assert "functionResponseTypes" not in mapping.inputs


def test_failed_batch_is_bisected_and_retried_until_the_stream_drops_it(mapping: RecordedResource) -> None:
    assert mapping["bisectBatchOnFunctionError"] is True
    assert (mapping["maximumRetryAttempts"], mapping["maximumRecordAgeInSeconds"]) == (-1, -1)
    assert "destinationConfig" not in mapping.inputs


def test_event_contains_the_shard(mapping: RecordedResource) -> None:
    """Lambda passes `shardId` only with a tumbling window."""
    assert mapping["tumblingWindowInSeconds"] > 0


@pytest.mark.parametrize("name", LIMITED)
def test_values_of_the_mapping_are_within_the_limits_of_lambda(mapping: RecordedResource, name: str) -> None:
    shapes: dict[str, Any] = Loader().load_service_model("lambda", "service-2")["shapes"]
    member = shapes["CreateEventSourceMappingRequest"]["members"][name[0].upper() + name[1:]]
    limits = shapes[member["shape"]]
    assert limits["min"] <= mapping[name] <= limits["max"]


def test_batch_of_more_than_ten_records_has_a_batching_window(mapping: RecordedResource) -> None:
    """https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html."""
    assert mapping["batchSize"] > 10
    assert mapping["maximumBatchingWindowInSeconds"] >= 1


def test_tumbling_window_contains_the_batching_window(mapping: RecordedResource) -> None:
    assert mapping["maximumBatchingWindowInSeconds"] < mapping["tumblingWindowInSeconds"]


def test_only_inserted_transactions_of_the_current_format_are_counted(mapping: RecordedResource) -> None:
    pattern, _ = read_patterns(mapping)
    assert pattern == {"eventName": ["INSERT"], "dynamodb": {"NewImage": {"format": {"N": ["2"]}}}}
    assert pattern == counted_filter()


UNDECIDED = build_transaction_item(transaction(), NOW, 0)
DECIDED = {**UNDECIDED, "decision": {"S": "{}"}, "new_device": {"BOOL": True}}


@pytest.mark.parametrize(
    ("event_name", "image", "is_counted"),
    [
        ("INSERT", UNDECIDED, True),
        ("MODIFY", DECIDED, True),
        ("MODIFY", {**DECIDED, "unusual_amount": {"BOOL": False}}, True),
        ("MODIFY", {**UNDECIDED, "decision": {"S": "{}"}}, False),
        ("MODIFY", {**DECIDED, "label": {"S": "genuine"}}, False),
        ("MODIFY", {**DECIDED, "alert_claim": {"S": "m-1"}, "alert_claim_until": {"N": "0"}}, False),
        ("MODIFY", {**DECIDED, "alerted_at": {"N": str(NOW)}, "alert_id": {"S": "p-1"}}, False),
        ("REMOVE", DECIDED, False),
    ],
)
def test_each_transaction_and_each_new_device_is_counted_once(
    mapping: RecordedResource, event_name: str, image: dict[str, Any], is_counted: bool
) -> None:
    record = {"eventName": event_name, "dynamodb": {"NewImage": image}}
    patterns = map(json.dumps, read_patterns(mapping))
    assert any(matches_pattern(pattern, record) for pattern in patterns) is is_counted


def read_patterns(mapping: RecordedResource) -> list[dict[str, Any]]:
    return [json.loads(entry["pattern"]) for entry in mapping["filterCriteria"]["filters"]]


def test_C4_function_reads_the_stream_and_counts_merchants(
    statements: dict[str, dict[str, Any]], data: RecordedProgram
) -> None:
    allowed = {
        action: statement["Resource"]
        for statement in statements.values()
        for action in statement["Action"]
        if action.startswith("dynamodb:") and action != "dynamodb:ListStreams"
    }
    stream, profiles = [data.outputs["transactions_stream_arn"]], [data.outputs["profiles_table_arn"]]
    assert allowed == {
        "dynamodb:DescribeStream": stream,
        "dynamodb:GetRecords": stream,
        "dynamodb:GetShardIterator": stream,
        "dynamodb:BatchGetItem": profiles,
        "dynamodb:UpdateItem": profiles,
    }


@pytest.mark.parametrize("sid", ["ReadMerchants", "CountMerchants"])
def test_C4_function_reads_and_writes_only_merchants_and_categories(
    statements: dict[str, dict[str, Any]], sid: str
) -> None:
    condition = statements[sid]["Condition"]
    allowed = condition["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
    assert condition["Null"]["dynamodb:LeadingKeys"] == "false"
    subjects = {kind: profile_subject(kind, "x") for kind in KINDS}
    assert {
        kind for kind, subject in subjects.items() if any(fnmatchcase(subject, name) for name in allowed)
    } == {"merchant", "category"}


def test_C4_function_cannot_write_lists_and_snoozes(statements: dict[str, dict[str, Any]]) -> None:
    condition = statements["CountMerchants"]["Condition"]
    attributes = condition["ForAllValues:StringEquals"]["dynamodb:Attributes"]
    assert not {"listing", "snooze"} & set(attributes)
    assert condition["Null"]["dynamodb:Attributes"] == "false"


def test_update_of_a_merchant_writes_only_allowed_attributes(statements: dict[str, dict[str, Any]]) -> None:
    condition = statements["CountMerchants"]["Condition"]["ForAllValues:StringEquals"]
    for version in (0, 1):
        merchant = ProfileRecord(subject="merchant#1", profile=MerchantProfile(), version=version)
        update = build_update("profiles", merchant, 0, {"counted": {"B": b""}})
        written = {*update["Key"], *update["ExpressionAttributeNames"].values()}
        assert written == set(condition["dynamodb:Attributes"])


def test_C11_keys_of_the_stream_and_the_profiles_are_used_through_dynamodb(
    statements: dict[str, dict[str, Any]], foundation: RecordedProgram
) -> None:
    keys = {sid: statements[sid]["Resource"] for sid in ("ReadStreamEncrypted", "CountMerchantsEncrypted")}
    assert keys == {
        "ReadStreamEncrypted": [foundation.outputs["data_key_arn"]],
        "CountMerchantsEncrypted": [foundation.outputs["profiles_key_arn"]],
    }
    for sid in keys:
        assert statements[sid]["Condition"] == {
            "StringEquals": {"kms:ViaService": f"dynamodb.{REGION}.amazonaws.com"}
        }


def test_function_knows_only_the_table_of_profiles(
    processing: RecordedProgram, data: RecordedProgram
) -> None:
    function = processing.find_one("lambda/function:Function", "merchants-function")
    assert function["environment"]["variables"] == {
        "AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled",
        "PROFILES_TABLE_NAME": data.outputs["profiles_table_name"],
    }


def test_stream_has_at_most_two_readers(prod: Programs, data: RecordedProgram) -> None:
    """AWS recommends at most two simultaneous readers of a shard; more of them are throttled.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html
    """
    stream = data.outputs["transactions_stream_arn"]
    readers = [
        resource.name
        for program in prod.values()
        for resource in program.resources
        if stream in (resource.inputs.get("source"), resource.inputs.get("eventSourceArn"))
    ]
    assert sorted(readers) == ["merchants", "transactions"]


def test_alarm_starts_long_before_the_stream_drops_records(mapping: RecordedResource) -> None:
    (alarm,) = [alarm for alarm in read_alarms()["processing"] if alarm.name == "merchants-iterator-age"]
    delay_seconds = alarm.period_seconds * alarm.evaluation_periods
    # A batch in each period, with the longest window: otherwise no batch would look like a stopped function.
    assert mapping["maximumBatchingWindowInSeconds"] <= alarm.period_seconds
    assert alarm.period_seconds < ITERATOR_AGE_SECONDS
    assert ITERATOR_AGE_SECONDS + delay_seconds < STREAM_RETENTION_SECONDS / 12
