"""The body of a CloudWatch dashboard: graphs of the layer's flow, then a graph for each alarm.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
"""

import json
from collections.abc import Sequence
from typing import Any

from shared.alarms import AlarmTable, Metric

_COLUMNS = 24
_WIDTH, _HEIGHT = 8, 5
_FLOW_WIDTH = 12
_PERIOD_SECONDS = 300


def dashboard_body(region: str, table: AlarmTable) -> str:
    """The table's graphs on top, then the metrics of each alarm that notifies, with its threshold."""
    flow = [_graph(region, graph.title, graph.metrics) for graph in table.graphs]
    graphs = [
        _graph(region, alarm.name, alarm.metrics, None if alarm.expression else alarm.threshold)
        for alarm in table.alarms
        if alarm.notifies
    ]
    return json.dumps({"widgets": [*_place(flow, _FLOW_WIDTH, 0), *_place(graphs, _WIDTH, _rows(len(flow)))]})


def count_metrics(table: AlarmTable) -> int:
    """The number of metrics on the dashboard, which decides on its price."""
    shown = [graph.metrics for graph in table.graphs]
    shown += [alarm.metrics for alarm in table.alarms if alarm.notifies]
    return sum(len(metrics) for metrics in shown)


def _rows(count: int) -> int:
    """The height of the flow's graphs."""
    return -(-count // (_COLUMNS // _FLOW_WIDTH)) * _HEIGHT


def _place(graphs: Sequence[dict[str, Any]], width: int, top: int) -> list[dict[str, Any]]:
    columns = _COLUMNS // width
    return [
        {
            "type": "metric",
            "x": index % columns * width,
            "y": top + index // columns * _HEIGHT,
            "width": width,
            "height": _HEIGHT,
            "properties": graph,
        }
        for index, graph in enumerate(graphs)
    ]


def _graph(
    region: str, title: str, metrics: Sequence[Metric], threshold: float | None = None
) -> dict[str, Any]:
    graph: dict[str, Any] = {
        "title": title,
        "region": region,
        "view": "timeSeries",
        "period": _PERIOD_SECONDS,
        "metrics": [_line(metric) for metric in metrics],
    }
    if threshold is not None:
        graph["annotations"] = {"horizontal": [{"label": "alarm", "value": threshold}]}
    return graph


def _line(metric: Metric) -> list[Any]:
    names = [text for pair in metric.dimensions.items() for text in pair]
    return [metric.namespace, metric.name, *names, {"stat": metric.statistic}]
