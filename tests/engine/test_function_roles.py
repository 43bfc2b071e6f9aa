"""Permissions of the functions' roles on the tables, tested on the embedded AWS."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from local.embedded import EmbeddedAws
from operations.deployed import DeployedPipeline

FUNCTIONS = ("fraud", "labels", "merchants", "notify")
TABLES = ("transactions", "profiles")
KEYS = {
    "transactions": {"transaction_id": {"S": "missing"}, "timestamp": {"N": "1"}},
    "profiles": {"subject": {"S": "missing"}, "part": {"S": "profile"}},
}
MERCHANT = {"subject": {"S": "merchant#missing"}, "part": {"S": "profile"}}
CATEGORY = {"subject": {"S": "category#missing"}, "part": {"S": "profile"}}
TRUST_POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}],
}
# The allowed calls of each function, as (call, table). All other calls in CALLS must be denied.
ALLOWED = {
    "fraud": {
        ("batch_get_item", "profiles"),
        ("read_counts", "profiles"),
        ("use_origin", "profiles"),
        ("update_together", "profiles"),
        ("update_together", "transactions"),
    },
    "labels": {
        ("get_item", "transactions"),
        ("batch_get_item", "profiles"),
        ("read_counts", "profiles"),
        ("update_together", "profiles"),
        ("update_together", "transactions"),
    },
    "merchants": {
        ("read_counts", "profiles"),
        ("count_merchant", "profiles"),
        ("count_category", "profiles"),
    },
    "notify": {("get_item", "profiles"), ("query", "profiles"), ("record_alert", "transactions")},
}


def get_item(db: Any, table: str) -> None:
    db.get_item(TableName=table, Key=KEYS[table])


def batch_get_item(db: Any, table: str) -> None:
    db.batch_get_item(RequestItems={table: {"Keys": [KEYS[table]]}})


def update_item(db: Any, table: str) -> None:
    db.update_item(**rejected_update(table))


def update_together(db: Any, table: str) -> None:
    db.transact_write_items(TransactItems=[{"Update": rejected_update(table)}])


def record_alert(db: Any, table: str) -> None:
    db.update_item(
        TableName=table,
        Key=KEYS[table],
        UpdateExpression="SET alerted_at = :now",
        ConditionExpression="attribute_exists(alerted_at)",
        ExpressionAttributeValues={":now": {"N": "1"}},
    )


def read_counts(db: Any, table: str) -> None:
    db.batch_get_item(RequestItems={table: {"Keys": [MERCHANT, CATEGORY]}})


def count_merchant(db: Any, table: str) -> None:
    db.update_item(**rejected_count(MERCHANT, "counted"), TableName=table)


def count_category(db: Any, table: str) -> None:
    db.update_item(**rejected_count(CATEGORY, "counted"), TableName=table)


def snooze_merchant(db: Any, table: str) -> None:
    db.update_item(**rejected_count(MERCHANT, "snooze"), TableName=table)


def use_origin(db: Any, table: str) -> None:
    update_origin(db, "#slot", table)


def snooze_origin(db: Any, table: str) -> None:
    update_origin(db, "snooze", table)


def update_origin(db: Any, attribute: str, table: str) -> None:
    db.update_item(
        TableName=table,
        Key={"subject": {"S": "device#missing"}, "part": {"S": "profile"}},
        UpdateExpression=f"SET {attribute} = :entry",
        ConditionExpression="attribute_exists(expires_at)",
        ExpressionAttributeValues={":entry": {"B": b"1"}},
        ReturnValues="ALL_OLD",
        **({"ExpressionAttributeNames": {"#slot": "07"}} if attribute == "#slot" else {}),
    )


def rejected_count(key: dict[str, Any], attribute: str) -> dict[str, Any]:
    """An update of a merchant or category whose condition is never true."""
    return {
        "Key": key,
        "UpdateExpression": "SET #attribute = :value",
        "ConditionExpression": "attribute_exists(expires_at)",
        "ExpressionAttributeNames": {"#attribute": attribute},
        "ExpressionAttributeValues": {":value": {"S": "x"}},
    }


def put_item(db: Any, table: str) -> None:
    db.put_item(TableName=table, Item=KEYS[table], ConditionExpression="attribute_exists(nothing)")


def put_together(db: Any, table: str) -> None:
    put = {"TableName": table, "Item": KEYS[table], "ConditionExpression": "attribute_exists(nothing)"}
    db.transact_write_items(TransactItems=[{"Put": put}])


def delete_item(db: Any, table: str) -> None:
    db.delete_item(TableName=table, Key=KEYS[table])


def query(db: Any, table: str) -> None:
    name, value = next(iter(KEYS[table].items()))
    db.query(
        TableName=table,
        KeyConditionExpression=f"{name} = :value",
        ExpressionAttributeValues={":value": value},
    )


def scan(db: Any, table: str) -> None:
    db.scan(TableName=table)


CALLS: tuple[Callable[[Any, str], None], ...] = (
    *(get_item, batch_get_item, update_item, update_together, record_alert),
    *(read_counts, count_merchant, count_category, snooze_merchant, use_origin, snooze_origin),
    *(put_item, put_together, delete_item, query, scan),
)


def rejected_update(table: str) -> dict[str, Any]:
    """An update whose condition is never true, so that nothing is written."""
    return {
        "TableName": table,
        "Key": KEYS[table],
        "UpdateExpression": "SET tried = :yes",
        "ConditionExpression": "attribute_exists(nothing)",
        "ExpressionAttributeValues": {":yes": {"BOOL": True}},
    }


@pytest.fixture(scope="module", params=FUNCTIONS)
def function(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def database(aws: EmbeddedAws, deployed: DeployedPipeline, function: str) -> Iterator[Any]:
    """A DynamoDB client with the policy and the boundary of the function's role."""
    iam, name = aws.client("iam"), f"tried-{function}"
    original = deployed.function_names()[function]
    policy = iam.get_role_policy(RoleName=original, PolicyName="permissions")["PolicyDocument"]
    boundary = iam.get_role(RoleName=original)["Role"]["PermissionsBoundary"]["PermissionsBoundaryArn"]
    role = iam.create_role(
        RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST_POLICY), PermissionsBoundary=boundary
    )["Role"]
    iam.put_role_policy(RoleName=name, PolicyName="permissions", PolicyDocument=json.dumps(policy))
    response = aws.client("sts").assume_role(RoleArn=role["Arn"], RoleSessionName="test")
    credentials = response["Credentials"]
    yield boto3.client(
        "dynamodb",
        region_name=aws.endpoint.region,
        endpoint_url=aws.url,
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
    )
    iam.delete_role_policy(RoleName=name, PolicyName="permissions")
    iam.delete_role(RoleName=name)


def is_allowed(call: Callable[[Any, str], None], database: Any, table: str) -> bool:
    try:
        call(database, table)
    except ClientError as error:
        return error.response["Error"]["Code"] not in ("AccessDenied", "AccessDeniedException")
    return True


def test_C4_functions_have_exactly_the_required_permissions_on_the_tables(
    database: Any, function: str
) -> None:
    allowed = {
        (call.__name__, table) for call in CALLS for table in TABLES if is_allowed(call, database, table)
    }
    assert allowed == ALLOWED[function]
