"""CloudWatch metrics that AWS publishes and ministack does not: of functions, APIs, queues, pipes, rules.

They are what the alarms of the stacks watch. Metrics in a function's own log lines (embedded metric format)
are published, too.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import json
import time
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from ministack.core.arn import parse_arn  # type: ignore[import-untyped]
from ministack.core.responses import request_scope  # type: ignore[import-untyped]
from ministack.services import cloudwatch, sqs  # type: ignore[import-untyped]

# Points of one metric, of which the oldest are dropped: the embedded AWS is for days, not for years.
MOST_POINTS = 2000
_EMBEDDED = '{"_aws":'
_COUNTS = {
    "ApproximateNumberOfMessagesVisible": "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible": "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed": "ApproximateNumberOfMessagesDelayed",
}


def record(namespace: str, metric: str, value: float, unit: str, dimensions: Mapping[str, str]) -> None:
    """Publish one value, in the account and region of the request under way."""
    points = cloudwatch._metric_bucket((namespace, metric, cloudwatch._dims_key(dict(dimensions))))
    if len(points) >= MOST_POINTS:
        del points[: MOST_POINTS // 2]
    cloudwatch.record_metric(namespace, metric, value, unit, dict(dimensions))


def record_for(arn: str, namespace: str, metric: str, dimensions: Mapping[str, str]) -> None:
    """Count one event of a resource, from outside of any request."""
    resource = parse_arn(arn)
    with request_scope(resource.account_id, resource.region):
        record(namespace, metric, 1, "Count", dimensions)


def record_invocation(function: str, duration_ms: float, *, failed: bool, output: str) -> None:
    """Publish the metrics of an invocation that ran, and those in its output."""
    dimensions = {"FunctionName": function}
    record("AWS/Lambda", "Invocations", 1, "Count", dimensions)
    record("AWS/Lambda", "Errors", int(failed), "Count", dimensions)
    record("AWS/Lambda", "Duration", duration_ms, "Milliseconds", dimensions)
    for line in output.splitlines():
        if line.startswith(_EMBEDDED):
            _record_embedded(json.loads(line))


def record_request(api: str, stage: str, status: int, latency_ms: float) -> None:
    """Publish the metrics of a request to a REST API."""
    dimensions = {"ApiName": api, "Stage": stage}
    refused = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    for scope in (dimensions, {"ApiName": api}):
        record("AWS/ApiGateway", "Count", 1, "Count", scope)
        record("AWS/ApiGateway", "4XXError", int(refused), "Count", scope)
        record("AWS/ApiGateway", "5XXError", int(status >= HTTPStatus.INTERNAL_SERVER_ERROR), "Count", scope)
        record("AWS/ApiGateway", "Latency", latency_ms, "Milliseconds", scope)


def record_queues() -> None:
    """Publish the depth of every queue, and the age of its oldest message, as they are now."""
    now = time.time()
    for queue in list(sqs._queues.values()):
        sqs._refresh_counts(queue)
        attributes = queue["attributes"]
        dimensions = {"QueueName": attributes["QueueArn"].rpartition(":")[2]}
        for metric, attribute in _COUNTS.items():
            record("AWS/SQS", metric, int(attributes[attribute]), "Count", dimensions)
        # A delayed message waits on purpose, and its delay is not shortened as the alarms' limits are.
        waiting = [
            message["sent_at"]
            for message in queue["messages"]
            if message["receive_count"] or message["visible_at"] <= now
        ]
        oldest = min(waiting, default=now)
        record("AWS/SQS", "ApproximateAgeOfOldestMessage", now - oldest, "Seconds", dimensions)


def _record_embedded(line: Mapping[str, Any]) -> None:
    for directive in line["_aws"]["CloudWatchMetrics"]:
        for names in directive["Dimensions"]:
            dimensions = {name: str(line[name]) for name in names}
            for metric in directive["Metrics"]:
                for value in _values(line[metric["Name"]]):
                    record(directive["Namespace"], metric["Name"], value, metric["Unit"], dimensions)


def _values(value: Any) -> Iterator[float]:
    yield from value if isinstance(value, list) else [value]
