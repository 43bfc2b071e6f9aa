"""Delivery from a table's stream to a function: windows, filter, retries, permissions, restart."""

from pathlib import Path
from typing import Any

from local.embedded import EmbeddedAws, embedded_aws
from tests.engine.local.emulator_fixtures import EmulatorFixtures, EmulatorQueue, EmulatorTable
from tests.engine.local.test_metrics import read_metric
from tests.waiting import wait_for

# Sends the event to the queue, and fails for a batch that contains "bad".
COUNT_CODE = """
import json, os, boto3
sqs = boto3.client("sqs")
def handler(event, context):
    ids = [record["dynamodb"]["NewImage"]["id"]["S"] for record in event["Records"]]
    sqs.send_message(QueueUrl=os.environ["CALLS"], MessageBody=json.dumps({**event, "ids": ids}))
    if "bad" in ids:
        raise RuntimeError("as asked")
    return {"state": {"count": event.get("state", {}).get("count", 0) + len(ids)}, "batchItemFailures": []}
"""
INSERTS = {"Filters": [{"Pattern": '{"eventName": ["INSERT"]}'}]}


def read_permission(table: EmulatorTable) -> dict[str, Any]:
    actions = ["DescribeStream", "GetRecords", "GetShardIterator", "ListStreams"]
    return {
        "Effect": "Allow",
        "Action": [f"dynamodb:{action}" for action in actions],
        "Resource": table.stream,
    }


def map_stream(
    fixtures: EmulatorFixtures,
    table: EmulatorTable,
    calls: EmulatorQueue,
    *permissions: dict[str, Any],
    may_read: bool = True,
    **parameters: Any,
) -> tuple[str, str]:
    """Create a function and its mapping; returns the function's ARN and the mapping's UUID."""
    extra = (*permissions, read_permission(table)) if may_read else permissions
    function = fixtures.create_function(calls, code=COUNT_CODE, extra=extra)
    mapping = fixtures.client("lambda").create_event_source_mapping(
        FunctionName=function,
        EventSourceArn=table.stream,
        **{"StartingPosition": "TRIM_HORIZON", "FilterCriteria": INSERTS, **parameters},
    )
    return function, str(mapping["UUID"])


def test_batch_with_a_bad_record_is_bisected_until_only_that_record_is_discarded(
    fixtures: EmulatorFixtures,
) -> None:
    table, calls, discarded = fixtures.create_table(), fixtures.create_queue(), fixtures.create_queue()
    send = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": discarded.arn}
    function, uuid = map_stream(
        fixtures, table, calls, send,
        TumblingWindowInSeconds=900, MaximumBatchingWindowInSeconds=1, MaximumRetryAttempts=0,
        BisectBatchOnFunctionError=True, DestinationConfig={"OnFailure": {"Destination": discarded.arn}},
    )  # fmt: skip
    table.put("good")
    table.put("good", changed={"S": "yes"})
    table.put("bad")
    (message,) = (message["json"] for message in discarded.receive(1))
    assert message["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert message["DDBStreamBatchInfo"]["batchSize"] == 1
    events = [message["json"] for message in calls.receive(3)]
    assert sorted(event["ids"] for event in events) == [["bad"], ["good"], ["good", "bad"]]
    assert {event["shardId"] for event in events} == {"shardId-00000000000000000000-00000000"}
    assert {event["eventSourceARN"] for event in events} == {table.stream}
    own = {"FunctionName": function.rpartition(":")[2]}
    assert read_metric(fixtures, "AWS/Lambda", "Errors", **own)["Sum"] == 2
    assert read_metric(fixtures, "AWS/Lambda", "IteratorAge", **own)["Maximum"] > 0
    described = fixtures.client("lambda").get_event_source_mapping(UUID=uuid)
    assert (described["TumblingWindowInSeconds"], described["BatchSize"]) == (900, 100)


def test_function_without_permission_on_the_stream_receives_nothing(fixtures: EmulatorFixtures) -> None:
    table, calls, other = fixtures.create_table(), fixtures.create_queue(), fixtures.create_queue()
    _, uuid = map_stream(fixtures, table, calls, may_read=False)
    map_stream(fixtures, table, other)
    table.put("one")
    other.receive(1)
    description = fixtures.client("lambda").get_event_source_mapping
    wait_for(
        lambda: "AccessDenied" in description(UUID=uuid)["LastProcessingResult"], what="the denied access"
    )
    assert calls.length() == 0


def test_mapping_continues_at_its_position_after_a_restart(tmp_path: Path) -> None:
    with embedded_aws(tmp_path / ".local") as own_aws:
        fixtures = EmulatorFixtures(own_aws)
        table, calls = fixtures.create_table(), fixtures.create_queue()
        map_stream(fixtures, table, calls, TumblingWindowInSeconds=900, MaximumBatchingWindowInSeconds=1)
        table.put("before")
        assert calls.receive(1)[0]["json"]["ids"] == ["before"]
        table.put("pending")
        own_aws.emulator.stop()
        again = EmulatorFixtures(EmbeddedAws(own_aws.emulator, own_aws.emulator.start()))
        pending = EmulatorQueue(again.client("sqs"), calls.url, calls.arn).receive(1)[0]["json"]
        assert pending["ids"] == ["pending"]
        assert pending["state"] == {"count": 1}
