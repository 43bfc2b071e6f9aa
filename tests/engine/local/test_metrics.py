"""The embedded AWS publishes the metrics that AWS publishes, so that alarms have something to watch."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.engine.local.world import World, pipe_permissions
from tests.waiting import wait_for

EMBEDDED = """
import json
def handler(event, context):
    print(json.dumps({
        "_aws": {"Timestamp": 1, "CloudWatchMetrics": [{
            "Namespace": "Mine", "Dimensions": [["service"]],
            "Metrics": [{"Name": "Late", "Unit": "Count"}],
        }]},
        "service": "test",
        "Late": [0, 1],
    }, separators=(",", ":")))
"""


def read(world: World, namespace: str, metric: str, **dimensions: str) -> dict[str, Any]:
    """Sum, Average and Maximum of a metric today; empty if there is none."""
    now = datetime.now(UTC)
    points = world.client("cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName=metric,
        Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(hours=1),
        Period=86_400,
        Statistics=["Sum", "Average", "Maximum"],
    )["Datapoints"]
    return points[0] if points else {}


def test_a_failing_asynchronous_event_counts_as_errors_of_its_function(world: World) -> None:
    bus, calls = world.bus(), world.queue()
    function = world.function(calls)
    world.rule_to_function(bus, function)
    world.put(bus, {"n": "fail"})
    calls.receive(3)
    own = {"FunctionName": function.rpartition(":")[2]}
    wait_for(
        lambda: read(world, "AWS/Lambda", "Errors", **own).get("Sum") == 3, seconds=20, what="three errors"
    )
    assert read(world, "AWS/Lambda", "Invocations", **own)["Sum"] == 3


def test_an_event_that_no_queue_takes_counts_as_a_failed_delivery_of_its_function(world: World) -> None:
    bus, calls, failures = world.bus(), world.queue(), world.queue()
    function = world.function(calls)
    world.client("lambda").put_function_event_invoke_config(
        FunctionName=function,
        MaximumRetryAttempts=0,
        DestinationConfig={"OnFailure": {"Destination": failures.arn}},
    )
    world.rule_to_function(bus, function)
    world.put(bus, {"n": "fail"})
    own = {"FunctionName": function.rpartition(":")[2]}
    wait_for(
        lambda: read(world, "AWS/Lambda", "DestinationDeliveryFailures", **own).get("Sum") == 1,
        seconds=20,
        what="one failed delivery",
    )


def test_metrics_in_a_functions_log_are_published(world: World) -> None:
    function = world.function(world.queue(), code=EMBEDDED)
    world.client("lambda").invoke(FunctionName=function, Payload=b"{}")
    assert read(world, "Mine", "Late", service="test")["Average"] == 0.5


def test_a_queue_has_a_depth_and_an_age(world: World) -> None:
    queue = world.queue()
    world.client("sqs").send_message(QueueUrl=queue.url, MessageBody="x")
    own = {"QueueName": queue.arn.rpartition(":")[2]}
    assert read(world, "AWS/SQS", "ApproximateNumberOfMessagesVisible", **own)["Maximum"] == 1
    wait_for(
        lambda: read(world, "AWS/SQS", "ApproximateAgeOfOldestMessage", **own)["Maximum"] > 0,
        seconds=5,
        what="an age",
    )


def test_a_pipe_that_may_not_put_events_counts_failed_executions(world: World) -> None:
    table, bus = world.table(), world.bus()
    read_only, *_ = pipe_permissions(table, bus, None)
    pipe = world.pipe(table, bus, statements=[read_only], stream={"MaximumRetryAttempts": 0})
    table.put("1")
    wait_for(
        lambda: read(world, "AWS/EventBridge/Pipes", "ExecutionFailed", PipeName=pipe).get("Sum"),
        seconds=20,
        what="a failed execution",
    )
