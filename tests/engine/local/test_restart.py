"""A restart of the emulator: resources work afterwards, and pending deliveries are not lost."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import urllib3

from local.embedded import EmbeddedAws, embedded_aws
from local.mailbox import Mailbox
from tests.engine.local.emulator_fixtures import (
    EmulatorFixtures,
    EmulatorQueue,
    EmulatorTable,
    unique_name,
    zip_code,
)
from tests.waiting import wait_for

# Sends the detail of an event to the queue of the next function.
FORWARD_CODE = """
import json, os, boto3
sqs = boto3.client("sqs")
def handler(event, context):
    print("called")
    sqs.send_message(QueueUrl=os.environ["CALLS"], MessageBody=json.dumps(event["detail"]))
"""
PUBLISH_CODE = """
import os, boto3
sns = boto3.client("sns")
def handler(event, context):
    print("called")
    for record in event["Records"]:
        sns.publish(TopicArn=os.environ["TOPIC"], Message=record["body"])
"""
STORE_CODE = """
import json, os, boto3
dynamodb = boto3.client("dynamodb")
def handler(event, context):
    print("called")
    dynamodb.put_item(TableName=os.environ["TABLE"], Item={"id": {"S": event["body"]}})
    return {"statusCode": 201, "body": "stored"}
"""
TEMPLATE = '{"id": <$.dynamodb.NewImage.id.S>}'


@pytest.fixture
def own_aws(tmp_path: Path) -> Iterator[EmbeddedAws]:
    with embedded_aws(tmp_path / ".local") as running:
        yield running


def restart(own_aws: EmbeddedAws) -> EmulatorFixtures:
    own_aws.emulator.stop()
    return EmulatorFixtures(EmbeddedAws(own_aws.emulator, own_aws.emulator.start()))


def create_function(
    fixtures: EmulatorFixtures, code: str, variables: dict[str, str], action: str, resource: str
) -> str:
    permission = {"Effect": "Allow", "Action": action, "Resource": resource}
    function = fixtures.client("lambda").create_function(
        FunctionName=unique_name("function"), Runtime="python3.11", Handler="index.handler", Timeout=20,
        Role=fixtures.create_role("lambda.amazonaws.com", permission), Code={"ZipFile": zip_code(code)},
        Environment={"Variables": variables},
    )  # fmt: skip
    return str(function["FunctionArn"])


def create_api(fixtures: EmulatorFixtures, store: str) -> str:
    """Create a REST API whose POST method invokes a function; returns its path."""
    gateway = fixtures.client("apigateway")
    api_id = gateway.create_rest_api(name=unique_name("api"))["id"]
    (root,) = gateway.get_resources(restApiId=api_id)["items"]
    resource = gateway.create_resource(restApiId=api_id, parentId=root["id"], pathPart="items")["id"]
    method = {"restApiId": api_id, "resourceId": resource, "httpMethod": "POST"}
    gateway.put_method(**method, authorizationType="NONE")
    region = fixtures.aws.endpoint.region
    uri = f"arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{store}/invocations"
    gateway.put_integration(**method, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri)
    gateway.create_deployment(restApiId=api_id, stageName="live")
    return f"/_aws/execute-api/{api_id}/live/items"


def create_pipeline(fixtures: EmulatorFixtures) -> tuple[str, EmulatorTable, EmulatorQueue]:
    """Create a pipeline from an API to mail; returns the path of the API, the table and the mapped queue."""
    sns, table, bus, queue = (
        fixtures.client("sns"),
        fixtures.create_table(),
        fixtures.create_bus(),
        fixtures.create_queue(),
    )
    topic = sns.create_topic(Name=unique_name("topic"))["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="someone@example.com")
    table_arn = table.stream.partition("/stream/")[0]
    store = create_function(fixtures, STORE_CODE, {"TABLE": table.name}, "dynamodb:PutItem", table_arn)
    forward = create_function(fixtures, FORWARD_CODE, {"CALLS": queue.url}, "sqs:SendMessage", queue.arn)
    publish = create_function(fixtures, PUBLISH_CODE, {"TOPIC": topic}, "sns:Publish", topic)
    fixtures.create_pipe(table, bus, template=TEMPLATE)
    fixtures.create_function_rule(bus, forward)
    fixtures.client("lambda").create_event_source_mapping(EventSourceArn=queue.arn, FunctionName=publish)
    return create_api(fixtures, store), table, queue


def post(fixtures: EmulatorFixtures, path: str, body: str) -> None:
    assert urllib3.request("POST", f"{fixtures.aws.url}{path}", body=body.encode()).status == 201


def read_mail(own_aws: EmbeddedAws) -> list[str]:
    return sorted(json.loads(mail.body)["id"] for mail in Mailbox(own_aws.emulator.layout.mailbox).messages())


def test_pipeline_works_after_a_restart(own_aws: EmbeddedAws) -> None:
    fixtures = EmulatorFixtures(own_aws)
    path, _, _ = create_pipeline(fixtures)
    post(fixtures, path, "before")
    wait_for(lambda: read_mail(own_aws) == ["before"], what="the first mail")
    fixtures = restart(own_aws)
    post(fixtures, path, "after")
    wait_for(lambda: read_mail(own_aws) == ["after", "before"], what="the second mail")


def test_items_written_immediately_before_a_stop_are_mailed_once(own_aws: EmbeddedAws) -> None:
    fixtures = EmulatorFixtures(own_aws)
    _, table, queue = create_pipeline(fixtures)
    keys = [f"{number:03d}" for number in range(120)]
    for start in range(0, len(keys), 20):
        requests = [{"PutRequest": {"Item": {"id": {"S": key}}}} for key in keys[start : start + 20]]
        table.dynamodb.batch_write_item(RequestItems={table.name: requests})
    restart(own_aws)
    wait_for(lambda: len(read_mail(own_aws)) >= len(keys), seconds=30, what="all mail")
    assert read_mail(own_aws) == keys
    assert queue.length() == 0
