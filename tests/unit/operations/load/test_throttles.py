"""The metrics of throttles, and their sums."""

from datetime import UTC, datetime
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from operations.deployed import DeployedPipeline
from operations.load.throttles import ThrottleMetric, find_throttle_metrics, read_throttles
from orchestration.environments import Environment
from terminal.errors import UserError
from tests.stacks.aws_metrics import METRICS

START, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, 1, tzinfo=UTC)
API = ThrottleMetric("function api", "AWS/Lambda", "Throttles", {"FunctionName": "f-api"})
PIPE = ThrottleMetric("pipe p", "AWS/EventBridge/Pipes", "ExecutionThrottled", {"PipeName": "p"})


class FakeDeployed:
    def __init__(self, environment: str, endpoint: object = None) -> None:
        self.environment, self.endpoint = Environment(environment), endpoint

    def function_names(self) -> dict[str, str]:
        return {"api": "f-api", "fraud": "f-fraud"}


class FakeCloudWatch:
    """Returns the values by metric name, one page for each value."""

    def __init__(self, values: dict[str, list[float]]) -> None:
        self._values = values

    def get_paginator(self, operation: str) -> "FakeCloudWatch":
        assert operation == "get_metric_data"
        return self

    def paginate(self, **request: Any) -> list[dict[str, Any]]:
        assert (request["StartTime"], request["EndTime"]) == (START, END)
        queries = request["MetricDataQueries"]
        return [
            {"MetricDataResults": [{"Id": query["Id"], "Values": [value]}]}
            for query in queries
            for value in self._values.get(query["MetricStat"]["Metric"]["MetricName"], [])
        ]


def find(environment: str, endpoint: object = None) -> list[ThrottleMetric]:
    return find_throttle_metrics(cast(DeployedPipeline, FakeDeployed(environment, endpoint)))


def test_metrics_of_an_account_exist_with_their_dimensions() -> None:
    metrics = find("prod")
    assert {metric.namespace for metric in metrics} >= {"AWS/Lambda", "AWS/DynamoDB", "AWS/Events"}
    for metric in metrics:
        assert tuple(sorted(metric.dimensions)) in METRICS[metric.namespace][metric.name]
    assert len({metric.subject for metric in metrics}) == len(metrics)


def test_embedded_aws_has_metrics_of_functions_only() -> None:
    assert [metric.subject for metric in find("local", object())] == ["function api", "function fraud"]


def test_values_are_summed_over_periods_and_pages() -> None:
    cloudwatch = FakeCloudWatch({"Throttles": [2.0, 3.0]})
    assert read_throttles(cloudwatch, [API, PIPE], START, END) == {"function api": 5, "pipe p": 0}


def test_missing_permission_is_a_user_error() -> None:
    class Refusing(FakeCloudWatch):
        def paginate(self, **_: Any) -> list[dict[str, Any]]:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "GetMetricData")

    with pytest.raises(UserError, match="GetMetricData"):
        read_throttles(Refusing({}), [API], START, END)
