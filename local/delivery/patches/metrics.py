"""Patches that publish the metrics of functions, APIs and queues, and delete expired values.

ministack publishes metrics of direct invocations only.
"""

import time
from typing import Any

from ministack.services import apigateway_v1, cloudwatch, lambda_svc  # type: ignore[import-untyped]

from local.delivery.metrics import record_invocation, record_metric, record_queues, record_request
from local.delivery.patches.ministack import replaces

EVICTION_SECONDS = 3600.0


def publish_function_metrics() -> None:
    """Publish the metrics of every invocation and every throttle."""

    @replaces(lambda_svc, "_emit_lambda_logs")
    def emit_lambda_logs(  # noqa: PLR0917 (signature of the original)
        original: Any,
        func: dict[str, Any],
        request_id: str,
        output: str,
        failed: bool,
        duration_ms: int,
        **kwargs: Any,
    ) -> None:
        original(func, request_id, output, failed, duration_ms, **kwargs)
        name = (func.get("config") or func)["FunctionName"]
        record_invocation(name, duration_ms, failed=failed, output=output or "")

    @replaces(lambda_svc, "_emit_lambda_metrics")
    def emit_lambda_metrics(_original: Any, function: str, *, throttle: bool, **_: Any) -> None:
        if throttle:
            record_metric("AWS/Lambda", "Throttles", 1, "Count", {"FunctionName": function})


def publish_api_metrics() -> None:
    """Publish the metrics of every request to a REST API."""

    @replaces(apigateway_v1, "_handle_execute_in_scope")
    async def handle_execute_in_scope(original: Any, api_id: str, stage: str, *args: Any) -> Any:
        started = time.monotonic()
        response = await original(api_id, stage, *args)
        if api := apigateway_v1._rest_apis.get(api_id):
            record_request(api["name"], stage, response[0], (time.monotonic() - started) * 1000)
        return response


def publish_queue_metrics() -> None:
    """Publish the metrics of the queues whenever metrics are read."""

    @replaces(cloudwatch, "_get_metric_statistics", "_get_metric_data")
    def read_metrics(original: Any, *args: Any, **kwargs: Any) -> Any:
        record_queues()
        return original(*args, **kwargs)


def evict_metrics_hourly() -> None:
    """Delete expired values once an hour. ministack would look at every value in every request."""
    next_at = 0.0

    @replaces(cloudwatch, "_evict_old_metrics")
    def evict_old_metrics(original: Any) -> None:
        nonlocal next_at
        if time.monotonic() >= next_at:
            original()
            next_at = time.monotonic() + EVICTION_SECONDS
