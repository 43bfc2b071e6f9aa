"""A queue feeds its function as on AWS: what fails is delivered again, and at last becomes a dead letter."""

import json

from tests.engine.local.world import Queue, World
from tests.waiting import wait_for

# Fails on each message as often as it asks for, counted by the deliveries that its queue counts.
FUSSY = """
import json, os, boto3
sqs = boto3.client("sqs")
def handler(event, context):
    failed = []
    for record in event["Records"]:
        body = json.loads(record["body"])
        count = int(record["attributes"]["ApproximateReceiveCount"])
        sqs.send_message(QueueUrl=os.environ["CALLS"], MessageBody=json.dumps({**body, "count": count}))
        if count <= body["failures"]:
            failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}
"""


def feed(world: World, source: Queue, calls: Queue) -> None:
    read = {
        "Effect": "Allow",
        "Action": ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
        "Resource": source.arn,
    }
    world.client("sqs").set_queue_attributes(QueueUrl=source.url, Attributes={"VisibilityTimeout": "360"})
    world.client("lambda").create_event_source_mapping(
        FunctionName=world.function(calls, code=FUSSY, extra=(read,)),
        EventSourceArn=source.arn,
        FunctionResponseTypes=["ReportBatchItemFailures"],
    )


def test_message_that_failed_is_delivered_again_after_the_scaled_visibility_timeout(world: World) -> None:
    source, calls = world.queue(), world.queue()
    feed(world, source, calls)
    world.client("sqs").send_message(QueueUrl=source.url, MessageBody=json.dumps({"failures": 2}))
    counts = sorted(call["json"]["count"] for call in calls.receive(3))
    assert counts == [1, 2, 3]
    wait_for(lambda: source.length() == 0, what="an empty queue")
    attributes = world.client("sqs").get_queue_attributes(QueueUrl=source.url, AttributeNames=["All"])
    assert attributes["Attributes"]["VisibilityTimeout"] == "360"


def test_message_that_fails_too_often_moves_to_the_dead_letter_queue(world: World) -> None:
    source, dead, calls = world.queue(), world.queue(), world.queue()
    redrive = {"deadLetterTargetArn": dead.arn, "maxReceiveCount": 2}
    world.client("sqs").set_queue_attributes(
        QueueUrl=source.url, Attributes={"RedrivePolicy": json.dumps(redrive)}
    )
    feed(world, source, calls)
    world.client("sqs").send_message(QueueUrl=source.url, MessageBody=json.dumps({"failures": 9}))
    [letter] = dead.receive(1)
    assert letter["json"] == {"failures": 9}
    assert len(calls.receive(2)) == 2
