"""A small declared environment, and a typical transaction for tests of the estimate."""

from functools import cache
from typing import Any

from operations.cost.declared import DeclaredEnvironment, LayerResources
from operations.cost.estimate import Estimate
from operations.cost.estimator import build_estimate
from operations.cost.typical_transaction import TypicalTransaction, process_typical_transaction
from orchestration.environments import find_environment
from shared.names import Names
from stacks.processing.files import read_files
from stacks.processing.settings import ProcessingSettings

STREAM_MAPPING = {
    "startingPosition": "TRIM_HORIZON",
    "batchSize": 10_000.0,
    "maximumBatchingWindowInSeconds": 60.0,
}


@cache
def typical_transaction(items_per_request: int = 1) -> TypicalTransaction:
    """The transaction with the rules of this repository and without a model."""
    folder = find_environment("local").stack_folder("processing")
    package = read_files(ProcessingSettings(), folder)
    return process_typical_transaction(
        package, retention_days=90, alert_window_seconds=600, items_per_request=items_per_request
    )


def function(name: str, **changes: Any) -> dict[str, Any]:
    return {
        "handler": f"functions.{name}.handler.handle",
        "memorySize": 512.0,
        "architectures": ["arm64"],
        "tracingConfig": {"mode": "Active"},
        "loggingConfig": {"systemLogLevel": "INFO"},
    } | changes


def table(name: str, **changes: Any) -> dict[str, Any]:
    return {"name": name, "streamEnabled": name == "transactions"} | changes


def declare(**changes: dict[str, list[dict[str, Any]]]) -> DeclaredEnvironment:
    """The functions, tables and log groups of the pipeline. `changes`: resources by type, by layer."""
    layers: dict[str, dict[str, list[dict[str, Any]]]] = {
        "foundation": {},
        "data": {"dynamodb/table:Table": [table("transactions"), table("profiles")]},
        "processing": {
            "lambda/function:Function": [function("fraud"), function("merchants"), function("notify")],
            "lambda/eventSourceMapping:EventSourceMapping": [STREAM_MAPPING],
            "cloudwatch/logGroup:LogGroup": [{"retentionInDays": 7.0}],
        },
        "edge": {
            "lambda/function:Function": [function("api")],
            "apigateway/stage:Stage": [{"xrayTracingEnabled": True}],
        },
    }
    return DeclaredEnvironment(
        {name: LayerResources(resources | changes.get(name, {})) for name, resources in layers.items()},
        Names(),
    )


def estimate(
    declared: DeclaredEnvironment,
    *,
    per_day: int = 1_000_000,
    retention_days: int = 90,
    items_per_request: int = 1,
) -> Estimate:
    typical = typical_transaction(items_per_request)
    return build_estimate(declared, typical, per_day=per_day, retention_days=retention_days)


def find_usd(result: Estimate, service: str, item: str) -> float:
    """The sum of the lines of a service whose item contains a text."""
    return sum(line.usd for line in result.lines if line.service == service and item in line.item)
