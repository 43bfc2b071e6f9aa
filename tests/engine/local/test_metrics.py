"""Metrics of the embedded AWS, which the alarms of the stacks need."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.engine.local.emulator_fixtures import EmulatorFixtures, pipe_permissions
from tests.waiting import wait_for

EMBEDDED = """
import json
def handler(event, context):
    print(json.dumps({
        "level": "INFO",
        "message": "done",
        "_aws": {"Timestamp": 1, "CloudWatchMetrics": [{
            "Namespace": "Mine", "Dimensions": [["service"]],
            "Metrics": [{"Name": "Late", "Unit": "Count"}],
        }]},
        "service": "test",
        "Late": [0, 1],
    }, separators=(",", ":")))
"""


def read_metric(fixtures: EmulatorFixtures, namespace: str, metric: str, **dimensions: str) -> dict[str, Any]:
    """Sum, Average and Maximum of a metric today; empty if the metric has no points."""
    now = datetime.now(UTC)
    points = fixtures.client("cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName=metric,
        Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(hours=1),
        Period=86_400,
        Statistics=["Sum", "Average", "Maximum"],
    )["Datapoints"]
    return points[0] if points else {}


def test_every_attempt_of_a_failed_event_is_an_error_of_its_function(fixtures: EmulatorFixtures) -> None:
    bus, calls = fixtures.create_bus(), fixtures.create_queue()
    function = fixtures.create_function(calls)
    fixtures.create_function_rule(bus, function)
    fixtures.put_events(bus, {"n": "fail"})
    calls.receive(3)
    own = {"FunctionName": function.rpartition(":")[2]}
    wait_for(
        lambda: read_metric(fixtures, "AWS/Lambda", "Errors", **own).get("Sum") == 3,
        seconds=20,
        what="three errors",
    )
    assert read_metric(fixtures, "AWS/Lambda", "Invocations", **own)["Sum"] == 3


def test_event_that_no_destination_accepts_is_a_failed_delivery_of_its_function(
    fixtures: EmulatorFixtures,
) -> None:
    bus, calls, failures = fixtures.create_bus(), fixtures.create_queue(), fixtures.create_queue()
    function = fixtures.create_function(calls)
    fixtures.client("lambda").put_function_event_invoke_config(
        FunctionName=function,
        MaximumRetryAttempts=0,
        DestinationConfig={"OnFailure": {"Destination": failures.arn}},
    )
    fixtures.create_function_rule(bus, function)
    fixtures.put_events(bus, {"n": "fail"})
    own = {"FunctionName": function.rpartition(":")[2]}
    wait_for(
        lambda: read_metric(fixtures, "AWS/Lambda", "DestinationDeliveryFailures", **own).get("Sum") == 1,
        seconds=20,
        what="one failed delivery",
    )


def test_embedded_metrics_in_the_log_of_a_function_are_published(fixtures: EmulatorFixtures) -> None:
    function = fixtures.create_function(fixtures.create_queue(), code=EMBEDDED)
    fixtures.client("lambda").invoke(FunctionName=function, Payload=b"{}")
    assert read_metric(fixtures, "Mine", "Late", service="test")["Average"] == 0.5


def test_queue_has_the_metrics_depth_and_age(fixtures: EmulatorFixtures) -> None:
    queue = fixtures.create_queue()
    fixtures.client("sqs").send_message(QueueUrl=queue.url, MessageBody="x")
    own = {"QueueName": queue.arn.rpartition(":")[2]}
    assert read_metric(fixtures, "AWS/SQS", "ApproximateNumberOfMessagesVisible", **own)["Maximum"] == 1
    wait_for(
        lambda: read_metric(fixtures, "AWS/SQS", "ApproximateAgeOfOldestMessage", **own)["Maximum"] > 0,
        seconds=5,
        what="an age",
    )


def test_pipe_without_permission_to_put_events_has_failed_executions(fixtures: EmulatorFixtures) -> None:
    table, bus = fixtures.create_table(), fixtures.create_bus()
    read_only, *_ = pipe_permissions(table, bus, None)
    pipe = fixtures.create_pipe(table, bus, statements=[read_only], stream={"MaximumRetryAttempts": 0})
    table.put("1")
    wait_for(
        lambda: read_metric(fixtures, "AWS/EventBridge/Pipes", "ExecutionFailed", PipeName=pipe).get("Sum"),
        seconds=20,
        what="a failed execution",
    )
