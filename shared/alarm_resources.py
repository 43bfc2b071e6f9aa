"""The CloudWatch alarms and the dashboard of a layer, created from `stacks/<layer>/alarms.py`."""

from collections.abc import Sequence
from typing import Any

import pulumi
import pulumi_aws as aws

from shared.alarms import Alarm, AlarmTable, CompositeAlarm, Metric
from shared.dashboard import dashboard_body


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
