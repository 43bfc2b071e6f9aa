"""Delivery from a queue to a function: retries after the visibility timeout, then the dead-letter queue."""

import json

from tests.engine.local.emulator_fixtures import EmulatorFixtures, EmulatorQueue
from tests.waiting import wait_for

# Fails for each message as often as the message requests; the queue counts the deliveries.
FAILING_CODE = """
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


def map_queue(fixtures: EmulatorFixtures, source: EmulatorQueue, calls: EmulatorQueue) -> None:
    read = {
        "Effect": "Allow",
        "Action": ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
        "Resource": source.arn,
    }
    fixtures.client("sqs").set_queue_attributes(QueueUrl=source.url, Attributes={"VisibilityTimeout": "360"})
    fixtures.client("lambda").create_event_source_mapping(
        FunctionName=fixtures.create_function(calls, code=FAILING_CODE, extra=(read,)),
        EventSourceArn=source.arn,
        FunctionResponseTypes=["ReportBatchItemFailures"],
    )


def test_failed_message_is_delivered_again_after_the_scaled_visibility_timeout(
    fixtures: EmulatorFixtures,
) -> None:
    source, calls = fixtures.create_queue(), fixtures.create_queue()
    map_queue(fixtures, source, calls)
    fixtures.client("sqs").send_message(QueueUrl=source.url, MessageBody=json.dumps({"failures": 2}))
    counts = sorted(call["json"]["count"] for call in calls.receive(3))
    assert counts == [1, 2, 3]
    wait_for(lambda: source.length() == 0, what="an empty queue")
    attributes = fixtures.client("sqs").get_queue_attributes(QueueUrl=source.url, AttributeNames=["All"])
    assert attributes["Attributes"]["VisibilityTimeout"] == "360"


def test_message_that_fails_too_often_moves_to_the_dead_letter_queue(fixtures: EmulatorFixtures) -> None:
    source, dead, calls = fixtures.create_queue(), fixtures.create_queue(), fixtures.create_queue()
    redrive = {"deadLetterTargetArn": dead.arn, "maxReceiveCount": 2}
    fixtures.client("sqs").set_queue_attributes(
        QueueUrl=source.url, Attributes={"RedrivePolicy": json.dumps(redrive)}
    )
    map_queue(fixtures, source, calls)
    fixtures.client("sqs").send_message(QueueUrl=source.url, MessageBody=json.dumps({"failures": 9}))
    [letter] = dead.receive(1)
    assert letter["json"] == {"failures": 9}
    assert len(calls.receive(2)) == 2
