"""CloudWatch metrics of functions, APIs, queues, pipes and rules, which AWS publishes and ministack does not.

The alarms of the stacks need them. Metrics in the log lines of a function (embedded metric format) are
published as well.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import json
import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from ministack.core.arn import parse_arn  # type: ignore[import-untyped]
from ministack.core.responses import request_scope  # type: ignore[import-untyped]
from ministack.services import cloudwatch, sqs  # type: ignore[import-untyped]

# Maximum number of points of one metric; the oldest are dropped.
MAXIMUM_POINTS = 2000
_EMBEDDED = '"_aws":{'
_COUNTS = {
    "ApproximateNumberOfMessagesVisible": "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible": "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed": "ApproximateNumberOfMessagesDelayed",
}


def record_metric(
    namespace: str, metric: str, value: float, unit: str, dimensions: Mapping[str, str]
) -> None:
    """Publish one value, in the account and region of the current request."""
    points = cloudwatch._metric_bucket((namespace, metric, cloudwatch._dims_key(dict(dimensions))))
    if len(points) >= MAXIMUM_POINTS:
        del points[: MAXIMUM_POINTS // 2]
    cloudwatch.record_metric(namespace, metric, value, unit, dict(dimensions))


def count_event(arn: str, namespace: str, metric: str, dimensions: Mapping[str, str]) -> None:
    """Count one event of a resource, outside of a request."""
    resource = parse_arn(arn)
    with request_scope(resource.account_id, resource.region):
        record_metric(namespace, metric, 1, "Count", dimensions)


def record_invocation(function: str, duration_ms: float, *, failed: bool, output: str) -> None:
    """Publish the metrics of an invocation, and the embedded metrics in its output."""
    dimensions = {"FunctionName": function}
    record_metric("AWS/Lambda", "Invocations", 1, "Count", dimensions)
    record_metric("AWS/Lambda", "Errors", int(failed), "Count", dimensions)
    record_metric("AWS/Lambda", "Duration", duration_ms, "Milliseconds", dimensions)
    for line in output.splitlines():
        if _EMBEDDED in line:
            _record_embedded(json.loads(line))


def record_request(api: str, stage: str, status: int, latency_ms: float) -> None:
    """Publish the metrics of a request to a REST API."""
    dimensions = {"ApiName": api, "Stage": stage}
    is_client_error = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    for scope in (dimensions, {"ApiName": api}):
        record_metric("AWS/ApiGateway", "Count", 1, "Count", scope)
        record_metric("AWS/ApiGateway", "4XXError", int(is_client_error), "Count", scope)
        record_metric(
            "AWS/ApiGateway", "5XXError", int(status >= HTTPStatus.INTERNAL_SERVER_ERROR), "Count", scope
        )
        record_metric("AWS/ApiGateway", "Latency", latency_ms, "Milliseconds", scope)


def record_queues() -> None:
    """Publish the current depth of every queue and the age of its oldest message."""
    now = time.time()
    for queue in list(sqs._queues.values()):
        sqs._refresh_counts(queue)
        attributes = queue["attributes"]
        dimensions = {"QueueName": attributes["QueueArn"].rpartition(":")[2]}
        for metric, attribute in _COUNTS.items():
            record_metric("AWS/SQS", metric, int(attributes[attribute]), "Count", dimensions)
        # Delayed messages do not count: their delay is not scaled, unlike the thresholds of the alarms.
        sent_times = [
            message["sent_at"]
            for message in queue["messages"]
            if message["receive_count"] or message["visible_at"] <= now
        ]
        oldest = min(sent_times, default=now)
        record_metric("AWS/SQS", "ApproximateAgeOfOldestMessage", now - oldest, "Seconds", dimensions)


def _record_embedded(line: Mapping[str, Any]) -> None:
    for directive in line["_aws"]["CloudWatchMetrics"]:
        for names in directive["Dimensions"]:
            dimensions = {name: str(line[name]) for name in names}
            for metric in directive["Metrics"]:
                values = line[metric["Name"]]
                for value in values if isinstance(values, list) else [values]:
                    record_metric(directive["Namespace"], metric["Name"], value, metric["Unit"], dimensions)
