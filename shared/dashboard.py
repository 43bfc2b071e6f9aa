"""The body of a CloudWatch dashboard: the graphs of the table, then a graph for each alarm.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
"""

import json
from collections.abc import Sequence
from typing import Any

from shared.alarms import AlarmTable, Metric

_COLUMNS = 24
_WIDTH, _HEIGHT = 8, 5
_TABLE_GRAPH_WIDTH = 12
_PERIOD_SECONDS = 300


def dashboard_body(region: str, table: AlarmTable) -> str:
    """The table's graphs, then the metrics and threshold of each alarm that notifies."""
    table_graphs = [_graph_properties(region, graph.title, graph.metrics) for graph in table.graphs]
    alarm_graphs = [
        _graph_properties(region, alarm.name, alarm.metrics, None if alarm.expression else alarm.threshold)
        for alarm in table.alarms
        if alarm.notifies
    ]
    widgets = [
        *_place_widgets(table_graphs, _TABLE_GRAPH_WIDTH, 0),
        *_place_widgets(alarm_graphs, _WIDTH, _measure_height(len(table_graphs))),
    ]
    return json.dumps({"widgets": widgets})


def count_metrics(table: AlarmTable) -> int:
    """The number of metrics on the dashboard, which determines its price."""
    graphs = [graph.metrics for graph in table.graphs]
    graphs += [alarm.metrics for alarm in table.alarms if alarm.notifies]
    return sum(len(metrics) for metrics in graphs)


def _measure_height(count: int) -> int:
    """The height of a number of the table's graphs, in grid units."""
    return -(-count // (_COLUMNS // _TABLE_GRAPH_WIDTH)) * _HEIGHT


def _place_widgets(graphs: Sequence[dict[str, Any]], width: int, top: int) -> list[dict[str, Any]]:
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


def _graph_properties(
    region: str, title: str, metrics: Sequence[Metric], threshold: float | None = None
) -> dict[str, Any]:
    graph: dict[str, Any] = {
        "title": title,
        "region": region,
        "view": "timeSeries",
        "period": _PERIOD_SECONDS,
        "metrics": [_metric_row(metric) for metric in metrics],
    }
    if threshold is not None:
        graph["annotations"] = {"horizontal": [{"label": "alarm", "value": threshold}]}
    return graph


def _metric_row(metric: Metric) -> list[Any]:
    dimensions = [text for pair in metric.dimensions.items() for text in pair]
    return [metric.namespace, metric.name, *dimensions, {"stat": metric.statistic}]
