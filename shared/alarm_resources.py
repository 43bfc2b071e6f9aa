"""The CloudWatch alarms and the dashboard of a layer, created from `stacks/<layer>/alarms.py`."""

import json
from collections.abc import Sequence
from typing import Any

import pulumi
import pulumi_aws as aws

from shared.alarms import Alarm, AlarmTable, CompositeAlarm, Metric

# The grid of a dashboard, and the sizes of graphs on it.
_COLUMNS = 24
_WIDTH, _HEIGHT = 8, 5
_TABLE_GRAPH_WIDTH = 12
_GRAPH_PERIOD_SECONDS = 300


class LayerMonitoring(pulumi.ComponentResource):
    """An alarm for each entry of the table, and a dashboard. An alarm notifies when it starts and ends."""

    def __init__(
        self,
        name: str,
        table: AlarmTable,
        topic_arn: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("fraud:shared:Watch", name, None, opts)
        self._topic_arn = topic_arn
        alarms = {alarm.physical_name: self._make_alarm(alarm) for alarm in table.alarms}
        for composite in table.composites:
            self._make_composite(composite, [alarms[child] for child in composite.children])
        aws.cloudwatch.Dashboard(
            "dashboard",
            dashboard_name=table.dashboard_name,
            dashboard_body=dashboard_body(aws.get_region().region, table),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})

    def _make_alarm(self, alarm: Alarm) -> aws.cloudwatch.MetricAlarm:
        actions = [self._topic_arn] if alarm.notifies else None
        return aws.cloudwatch.MetricAlarm(
            alarm.name,
            name=alarm.physical_name,
            alarm_description=alarm.description,
            comparison_operator=alarm.comparison,
            threshold=alarm.threshold,
            evaluation_periods=alarm.evaluation_periods,
            datapoints_to_alarm=alarm.datapoints_to_alarm or alarm.evaluation_periods,
            treat_missing_data=alarm.missing_data,
            alarm_actions=actions,
            ok_actions=actions,
            **_metric_arguments(alarm),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _make_composite(self, alarm: CompositeAlarm, children: Sequence[pulumi.Resource]) -> None:
        aws.cloudwatch.CompositeAlarm(
            alarm.name,
            alarm_name=alarm.physical_name,
            alarm_description=alarm.description,
            alarm_rule=alarm.rule,
            alarm_actions=[self._topic_arn],
            ok_actions=[self._topic_arn],
            # CloudWatch refuses a rule that names alarms that do not exist.
            opts=pulumi.ResourceOptions(parent=self, depends_on=list(children)),
        )


def _metric_arguments(alarm: Alarm) -> dict[str, Any]:
    """The arguments that name the alarm's metric, or its expression over several metrics."""
    if alarm.expression is None:
        (metric,) = alarm.metrics
        key = "extended_statistic" if metric.statistic.startswith("p") else "statistic"
        return {
            "namespace": metric.namespace,
            "metric_name": metric.name,
            "dimensions": dict(metric.dimensions),
            "period": alarm.period_seconds,
            key: metric.statistic,
        }
    result = {"id": "result", "expression": alarm.expression, "label": alarm.name, "return_data": True}
    queries = [_metric_query(metric, alarm.period_seconds) for metric in alarm.metrics]
    return {"metric_queries": [result, *queries]}


def _metric_query(metric: Metric, period_seconds: int) -> dict[str, Any]:
    return {
        "id": metric.id,
        "metric": {
            "namespace": metric.namespace,
            "metric_name": metric.name,
            "dimensions": dict(metric.dimensions),
            "period": period_seconds,
            "stat": metric.statistic,
        },
    }


def dashboard_body(region: str, table: AlarmTable) -> str:
    """The body of the dashboard: the table's graphs, then the metrics and threshold of alarms that notify.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
    """
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
        "period": _GRAPH_PERIOD_SECONDS,
        "metrics": [_metric_row(metric) for metric in metrics],
    }
    if threshold is not None:
        graph["annotations"] = {"horizontal": [{"label": "alarm", "value": threshold}]}
    return graph


def _metric_row(metric: Metric) -> list[Any]:
    dimensions = [text for pair in metric.dimensions.items() for text in pair]
    return [metric.namespace, metric.name, *dimensions, {"stat": metric.statistic}]
