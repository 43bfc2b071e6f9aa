"""The permissions of functions on the tables and their keys."""

from fnmatch import fnmatchcase

import pytest

from functions.common.domain.origin_profile import Origin
from functions.common.dynamodb.origin_items import build_origin_update
from functions.common.dynamodb.profile_items import profile_subject
from tests.stacks.conftest import Programs
from tests.stacks.mocked_aws import REGION
from tests.stacks.recording import RecordedProgram


def test_C4_fraud_function_reads_profiles_and_updates_both_tables(
    processing: RecordedProgram, data: RecordedProgram
) -> None:
    statements = processing.find_one("iam/rolePolicy:RolePolicy", "fraud-permissions").statements()
    allowed = {
        sid: (statement["Action"], statement["Resource"])
        for sid, statement in statements.items()
        if any(action.startswith("dynamodb:") for action in statement["Action"])
    }
    assert allowed == {
        "ReadProfiles": (["dynamodb:BatchGetItem"], [data.outputs["profiles_table_arn"]]),
        "KeepProfiles": (["dynamodb:UpdateItem"], [data.outputs["profiles_table_arn"]]),
        "UseOrigins": (["dynamodb:UpdateItem"], [data.outputs["profiles_table_arn"]]),
        "RecordDecisions": (["dynamodb:UpdateItem"], [data.outputs["transactions_table_arn"]]),
    }


@pytest.mark.parametrize(("layer", "function"), [("processing", "fraud"), ("edge", "labels")])
def test_C4_tables_are_updated_only_in_transactions(prod: Programs, layer: str, function: str) -> None:
    statements = prod[layer].find_one("iam/rolePolicy:RolePolicy", f"{function}-permissions").statements()
    updates = [
        statement
        for sid, statement in statements.items()
        if "dynamodb:UpdateItem" in statement["Action"] and sid != "UseOrigins"
    ]
    assert len(updates) == 2
    for statement in updates:
        assert statement["Action"] == ["dynamodb:UpdateItem"]
        assert statement["Condition"] == {
            "ForAnyValue:StringEquals": {"dynamodb:EnclosingOperation": ["TransactWriteItems"]}
        }


@pytest.mark.parametrize(("layer", "function"), [("processing", "fraud"), ("edge", "labels")])
def test_C11_key_of_each_table_is_used_through_dynamodb(prod: Programs, layer: str, function: str) -> None:
    statements = prod[layer].find_one("iam/rolePolicy:RolePolicy", f"{function}-permissions").statements()
    keys = {
        key
        for statement in statements.values()
        if statement.get("Condition")
        == {"StringEquals": {"kms:ViaService": f"dynamodb.{REGION}.amazonaws.com"}}
        for key in statement["Resource"]
    }
    assert keys == {prod["foundation"].outputs[name] for name in ("data_key_arn", "profiles_key_arn")}


def test_C4_notify_function_only_reads_single_profiles(
    processing: RecordedProgram, data: RecordedProgram, foundation: RecordedProgram
) -> None:
    statements = processing.find_one("iam/rolePolicy:RolePolicy", "notify-permissions").statements()
    assert statements["ReadProfile"]["Action"] == ["dynamodb:GetItem", "dynamodb:Query"]
    assert statements["ReadProfile"]["Resource"] == [data.outputs["profiles_table_arn"]]
    assert statements["ReadProfileEncrypted"]["Action"] == ["kms:Decrypt", "kms:DescribeKey"]
    assert statements["ReadProfileEncrypted"]["Resource"] == [foundation.outputs["profiles_key_arn"]]


def test_C4_plain_updates_of_the_fraud_function_reach_only_devices_and_addresses(
    processing: RecordedProgram,
) -> None:
    statements = processing.find_one("iam/rolePolicy:RolePolicy", "fraud-permissions").statements()
    condition = statements["UseOrigins"]["Condition"]
    values = condition["ForAllValues:StringLike"]
    assert condition["Null"] == dict.fromkeys(values, "false")
    assert condition["StringEqualsIfExists"] == {"dynamodb:ReturnValues": ["ALL_OLD"]}
    update = build_origin_update("profiles", Origin("device", "d"), "a", 1, 1)
    [slot] = update["ExpressionAttributeNames"].values()
    for key, written in (
        ("dynamodb:LeadingKeys", {update["Key"]["subject"]["S"], profile_subject("address", "192.0.2.1")}),
        ("dynamodb:Attributes", {*update["Key"], "expires_at", slot}),
    ):
        assert all(any(fnmatchcase(value, pattern) for pattern in values[key]) for value in written)
    others = {"state", "version", "listing", "snooze", "history", "alerts"}
    assert not any(fnmatchcase(name, pattern) for name in others for pattern in values["dynamodb:Attributes"])
