"""The alarms of the layer edge: errors and latency of the API, and its functions."""

from functions.common.runtime.telemetry import METRICS_NAMESPACE
from shared import projects
from shared.alarms import SERVICE, Alarm, AlarmTable, Graph, Metric
from shared.burn_rate import ServiceLevel
from shared.function_alarms import function_alarms
from shared.names import Names
from stacks.edge.routes import TRANSACTIONS_PER_BATCH
from stacks.edge.settings import EdgeSettings

LAYER = projects.EDGE.layer
_NAMESPACE = "AWS/ApiGateway"
# A warm POST takes about 20 ms, a cold start less than a second.
_LATENCY_MS = 2000


def build_alarm_table(names: Names, settings: EdgeSettings) -> AlarmTable:
    """The alarms and graphs of the layer."""
    return AlarmTable(
        dashboard_name=names.alarm(LAYER, "dashboard"),
        alarms=(
            _latency_alarm(names),
            *([_batch_failures_alarm(names)] if settings.all_batch_requests else []),
            *function_alarms(LAYER, "api", names, settings.api),
            # API Gateway throttles the method. Above the reservation, the alarm on throttles starts.
            *function_alarms(LAYER, "labels", names, settings.labels, without=["concurrency"]),
            *availability_level(names).alarms(names),
        ),
        composites=(availability_level(names).composite(names),),
        graphs=_build_graphs(names),
    )


def availability_level(names: Names) -> ServiceLevel:
    """99.95 % of POSTs get a response other than 5xx. The Average of 5XXError is the share of 5xx."""
    return ServiceLevel(
        layer=LAYER,
        name="available",
        target=0.9995,
        namespace=_NAMESPACE,
        metric="5XXError",
        dimensions=_api_dimensions(names),
        runbook="api-available.md",
        summary="Too many POSTs are answered with 5xx.",
    )


def _batch_failures_alarm(names: Names) -> Alarm:
    """A batch gets 200 even if its transactions fail, so the service level does not count them."""
    return Alarm(
        name="batch-failures",
        physical_name=names.alarm(LAYER, "batch-failures"),
        metrics=(
            Metric(
                namespace=METRICS_NAMESPACE,
                name="RequestsFailed",
                dimensions={SERVICE: "api"},
                statistic="Sum",
            ),
        ),
        threshold=TRANSACTIONS_PER_BATCH,
        period_seconds=60,
        evaluation_periods=5,
        severity="page",
        runbook="api-available.md",
        summary=f"At least {TRANSACTIONS_PER_BATCH} transactions a minute fail for 5 minutes.",
    )


def _latency_alarm(names: Names) -> Alarm:
    return Alarm(
        name="latency",
        physical_name=names.alarm(LAYER, "latency"),
        metrics=(_api_metric(names, "Latency", "p99"),),
        threshold=_LATENCY_MS,
        comparison="GreaterThanThreshold",
        period_seconds=300,
        evaluation_periods=3,
        severity="ticket",
        runbook="api-latency.md",
        summary=f"The p99 of the API's latency is above {_LATENCY_MS} ms for 15 minutes.",
    )


def _api_dimensions(names: Names) -> dict[str, str]:
    return {"ApiName": names.api}


def _build_graphs(names: Names) -> tuple[Graph, ...]:
    return (
        Graph(
            title="Requests, refused (4xx) and failed (5xx)",
            metrics=tuple(_api_metric(names, metric, "Sum") for metric in ("Count", "4XXError", "5XXError")),
        ),
        Graph(
            title="Latency (p50, p99)",
            metrics=tuple(_api_metric(names, "Latency", statistic) for statistic in ("p50", "p99")),
        ),
    )


def _api_metric(names: Names, metric: str, statistic: str) -> Metric:
    return Metric(namespace=_NAMESPACE, name=metric, dimensions=_api_dimensions(names), statistic=statistic)
