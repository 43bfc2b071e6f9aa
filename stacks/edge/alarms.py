"""The alarms of the layer edge: the API's errors and latency, and the functions behind it."""

from shared import projects
from shared.alarms import Alarm, AlarmTable, CompositeAlarm, Graph, Metric
from shared.burn_rate import ServiceLevel
from shared.function_alarms import function_alarms
from shared.names import Names
from stacks.edge.settings import EdgeSettings

LAYER = projects.EDGE.layer
_NAMESPACE = "AWS/ApiGateway"
# A warm POST takes some 20 ms and a cold start below a second.
_LATENCY_MS = 2000


def read_table(names: Names, settings: EdgeSettings) -> AlarmTable:
    """Everything that CloudWatch watches in the layer."""
    return AlarmTable(
        dashboard_name=names.alarm(LAYER, "dashboard"),
        alarms=alarms(names, settings),
        composites=composites(names),
        graphs=_graphs(names),
    )


def alarms(names: Names, settings: EdgeSettings) -> tuple[Alarm, ...]:
    """Every metric alarm of the layer."""
    return (
        _latency(names),
        *function_alarms(LAYER, "api", names, settings.api),
        *function_alarms(LAYER, "labels", names, settings.labels),
        *available(names).alarms(names),
    )


def composites(names: Names) -> tuple[CompositeAlarm, ...]:
    """Every composite alarm of the layer."""
    return (available(names).composite(names),)


def available(names: Names) -> ServiceLevel:
    """99.95 % of POSTs are answered without 5xx. The Average of 5XXError is the share with one."""
    return ServiceLevel(
        layer=LAYER,
        name="available",
        target=0.9995,
        namespace=_NAMESPACE,
        metric="5XXError",
        dimensions=_dimensions(names),
        runbook="api-available.md",
        summary="Too many POSTs are answered with 5xx.",
    )


def _latency(names: Names) -> Alarm:
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


def _dimensions(names: Names) -> dict[str, str]:
    return {"ApiName": names.api}


def _graphs(names: Names) -> tuple[Graph, ...]:
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
    return Metric(namespace=_NAMESPACE, name=metric, dimensions=_dimensions(names), statistic=statistic)
