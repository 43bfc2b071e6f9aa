"""What the emulator holds works again after a clean stop and start, and nothing under way is lost."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import urllib3

from local.embedded import EmbeddedAws, embedded_aws
from local.mailbox import Mailbox
from tests.engine.local.world import Queue, Table, World, name, zipped
from tests.waiting import wait_for

# Event from the bus -> the queue that is mapped to the next function.
FORWARD = """
import json, os, boto3
sqs = boto3.client("sqs")
def handler(event, context):
    print("called")
    sqs.send_message(QueueUrl=os.environ["CALLS"], MessageBody=json.dumps(event["detail"]))
"""
PUBLISH = """
import os, boto3
sns = boto3.client("sns")
def handler(event, context):
    print("called")
    for record in event["Records"]:
        sns.publish(TopicArn=os.environ["TOPIC"], Message=record["body"])
"""
STORE = """
import json, os, boto3
dynamodb = boto3.client("dynamodb")
def handler(event, context):
    print("called")
    dynamodb.put_item(TableName=os.environ["TABLE"], Item={"id": {"S": event["body"]}})
    return {"statusCode": 201, "body": "stored"}
"""
TEMPLATE = '{"id": <$.dynamodb.NewImage.id.S>}'


@pytest.fixture
def own(tmp_path: Path) -> Iterator[EmbeddedAws]:
    with embedded_aws(tmp_path / ".local") as running:
        yield running


def restarted(own: EmbeddedAws) -> World:
    own.emulator.stop()
    return World(EmbeddedAws(own.emulator, own.emulator.start()))


def function(world: World, code: str, variables: dict[str, str], action: str, resource: str) -> str:
    may = {"Effect": "Allow", "Action": action, "Resource": resource}
    made = world.client("lambda").create_function(
        FunctionName=name("function"), Runtime="python3.11", Handler="index.handler", Timeout=20,
        Role=world.role("lambda.amazonaws.com", may), Code={"ZipFile": zipped(code)},
        Environment={"Variables": variables},
    )  # fmt: skip
    return str(made["FunctionArn"])


def api(world: World, store: str) -> str:
    """The path of a REST API that hands POST to a function."""
    gateway = world.client("apigateway")
    made = gateway.create_rest_api(name=name("api"))["id"]
    (root,) = gateway.get_resources(restApiId=made)["items"]
    resource = gateway.create_resource(restApiId=made, parentId=root["id"], pathPart="items")["id"]
    method = {"restApiId": made, "resourceId": resource, "httpMethod": "POST"}
    gateway.put_method(**method, authorizationType="NONE")
    uri = (
        f"arn:aws:apigateway:{world.aws.endpoint.region}:lambda:path/2015-03-31/functions/{store}/invocations"
    )
    gateway.put_integration(**method, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri)
    gateway.create_deployment(restApiId=made, stageName="live")
    return f"/_aws/execute-api/{made}/live/items"


def pipeline(world: World) -> tuple[str, Table, Queue]:
    """From an API by every hop to mail; the path of the API, the table and the mapped queue."""
    sns, table, bus, queue = world.client("sns"), world.table(), world.bus(), world.queue()
    topic = sns.create_topic(Name=name("topic"))["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="someone@example.com")
    table_arn = table.stream.partition("/stream/")[0]
    store = function(world, STORE, {"TABLE": table.name}, "dynamodb:PutItem", table_arn)
    forward = function(world, FORWARD, {"CALLS": queue.url}, "sqs:SendMessage", queue.arn)
    publish = function(world, PUBLISH, {"TOPIC": topic}, "sns:Publish", topic)
    world.pipe(table, bus, template=TEMPLATE)
    world.rule_to_function(bus, forward)
    world.client("lambda").create_event_source_mapping(EventSourceArn=queue.arn, FunctionName=publish)
    return api(world, store), table, queue


def post(world: World, path: str, body: str) -> None:
    assert urllib3.request("POST", f"{world.aws.url}{path}", body=body.encode()).status == 201


def mailed(own: EmbeddedAws) -> list[str]:
    return sorted(json.loads(mail.body)["id"] for mail in Mailbox(own.emulator.layout.mailbox).messages())


def test_whole_pipeline_works_again_after_a_restart(own: EmbeddedAws) -> None:
    world = World(own)
    path, _, _ = pipeline(world)
    post(world, path, "before")
    wait_for(lambda: mailed(own) == ["before"], what="the first mail")
    world = restarted(own)
    post(world, path, "after")
    wait_for(lambda: mailed(own) == ["after", "before"], what="the second mail")


def test_items_written_just_before_a_stop_are_mailed_exactly_once(own: EmbeddedAws) -> None:
    world = World(own)
    _, table, queue = pipeline(world)
    keys = [f"{number:03d}" for number in range(120)]
    for start in range(0, len(keys), 20):
        requests = [{"PutRequest": {"Item": {"id": {"S": key}}}} for key in keys[start : start + 20]]
        table.dynamodb.batch_write_item(RequestItems={table.name: requests})
    restarted(own)
    wait_for(lambda: len(mailed(own)) >= len(keys), seconds=30, what="all mail")
    assert mailed(own) == keys
    assert queue.length() == 0
