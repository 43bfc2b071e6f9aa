"""Throttles of functions, tables, pipe and rule, from CloudWatch."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from operations.deployed import DeployedPipeline
from orchestration.layers import LAYERS, load_settings_model
from shared.configuration import validate_file
from shared.names import Names
from terminal.aws_errors import translate_aws_errors

# CloudWatch may publish a metric this much later.
DELAY = "3 minutes"
_PERIOD_SECONDS = 60


@dataclass(frozen=True)
class ThrottleMetric:
    """A metric that counts throttled operations of one resource, such as `function fraud`."""

    subject: str
    namespace: str
    name: str
    dimensions: Mapping[str, str]


def find_throttle_metrics(deployed: DeployedPipeline) -> list[ThrottleMetric]:
    """Return the metrics of the pipeline. The embedded AWS publishes those of functions only."""
    functions = deployed.function_names()
    metrics = [_function_metric(short, name) for short, name in functions.items()]
    if deployed.endpoint:
        return metrics
    environment = deployed.environment
    settings = validate_file(load_settings_model(LAYERS[0]), environment.name, environment.root)
    return metrics + list(_service_metrics(Names(settings.name_suffix)))


def read_throttles(
    cloudwatch: Any, metrics: list[ThrottleMetric], start: datetime, end: datetime
) -> dict[str, int]:
    """Return the throttled operations by subject. Raises UserError."""
    queries = [
        {
            "Id": f"m{index}",
            "MetricStat": {
                "Metric": {
                    "Namespace": metric.namespace,
                    "MetricName": metric.name,
                    "Dimensions": [
                        {"Name": name, "Value": value} for name, value in metric.dimensions.items()
                    ],
                },
                "Period": _PERIOD_SECONDS,
                "Stat": "Sum",
            },
        }
        for index, metric in enumerate(metrics)
    ]
    totals = dict.fromkeys((metric.subject for metric in metrics), 0)
    with translate_aws_errors():
        pages = cloudwatch.get_paginator("get_metric_data").paginate(
            MetricDataQueries=queries, StartTime=start, EndTime=end
        )
        for page in pages:
            for result in page["MetricDataResults"]:
                totals[metrics[int(result["Id"][1:])].subject] += int(sum(result["Values"]))
    return totals


def _function_metric(short: str, name: str) -> ThrottleMetric:
    return ThrottleMetric(f"function {short}", "AWS/Lambda", "Throttles", {"FunctionName": name})


def _service_metrics(names: Names) -> Iterator[ThrottleMetric]:
    for table in (names.transactions_table, names.profiles_table):
        for kind in ("Read", "Write"):
            yield ThrottleMetric(
                f"table {table}, {kind.lower()}s",
                "AWS/DynamoDB",
                f"{kind}ThrottleEvents",
                {"TableName": table},
            )
    yield ThrottleMetric(
        f"pipe {names.pipe}", "AWS/EventBridge/Pipes", "ExecutionThrottled", {"PipeName": names.pipe}
    )
    yield ThrottleMetric(
        f"rule {names.rule}",
        "AWS/Events",
        "ThrottledRules",
        {"EventBusName": names.bus, "RuleName": names.rule},
    )
