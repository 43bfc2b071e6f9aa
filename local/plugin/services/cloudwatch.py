"""CloudWatch: metric alarms, composite alarms and dashboards.

The embedded AWS stores no metric math: of an alarm on an expression it stores all but the queries, whose
declared value stays in the state.
"""

from typing import Any, ClassVar

from local.plugin import tags
from local.plugin.properties import Property, from_api, to_api
from local.plugin.resource import REGION, TAGS, Resource
from local.plugin.values import Props

_ACTIONS = {
    "actionsEnabled": Property(True),
    "alarmActions": Property(unordered=True),
    "alarmDescription": Property(),
    "insufficientDataActions": Property(unordered=True),
    "okActions": Property(unordered=True, api="OKActions"),
}
_METRIC = {
    "dimensions": Property(),
    "metricName": Property(required=True),
    "namespace": Property(),
    "period": Property(required=True),
    "stat": Property(required=True),
    "unit": Property(),
}
_QUERY = {
    "id": Property(required=True),
    "expression": Property(),
    "label": Property(),
    "returnData": Property(False),
    "metric": Property(fields=_METRIC),
}
# Properties of an alarm on a single metric.
_SINGLE = {
    "extendedStatistic": Property(),
    "metricName": Property(),
    "namespace": Property(),
    "period": Property(),
    "statistic": Property(),
    "unit": Property(),
}
_EVALUATION = {
    "comparisonOperator": Property(required=True),
    "datapointsToAlarm": Property(),
    "evaluationPeriods": Property(required=True),
    "threshold": Property(),
    "treatMissingData": Property("missing"),
}


class _CloudWatchResource(Resource):
    @property
    def cloudwatch(self) -> Any:
        return self.aws.client("cloudwatch")


class _AlarmResource(_CloudWatchResource):
    alarm_type: ClassVar[str]

    def describe(self, name: str) -> dict[str, Any] | None:
        response = self.cloudwatch.describe_alarms(AlarmNames=[name], AlarmTypes=[self.alarm_type])
        alarms = response.get(f"{self.alarm_type}s", [])
        return dict(alarms[0]) if alarms else None

    def tags_of(self, arn: str) -> dict[str, str]:
        return tags.from_list(self.cloudwatch.list_tags_for_resource(ResourceARN=arn).get("Tags"))

    def change_tags(self, old: Props, new: Props) -> None:
        arn = old["arn"]
        tags.update_tags(
            old["tags"],
            new["tags"],
            put=lambda added: self.cloudwatch.tag_resource(ResourceARN=arn, Tags=tags.to_list(added)),
            remove=lambda names: self.cloudwatch.untag_resource(ResourceARN=arn, TagKeys=names),
        )

    def delete(self, resource_id: str, state: Props) -> None:
        self.cloudwatch.delete_alarms(AlarmNames=[resource_id])


class MetricAlarm(_AlarmResource):
    """An alarm on a metric or an expression; its id is its name."""

    pulumi_type = "aws:cloudwatch/metricAlarm:MetricAlarm"
    alarm_type = "MetricAlarm"
    identity = ("name",)
    properties: ClassVar = {
        **REGION,
        **TAGS,
        **_ACTIONS,
        **_SINGLE,
        **_EVALUATION,
        "dimensions": Property(default={}),
        "metricQueries": Property(fields=_QUERY, unordered=True),
        "name": Property(required=True, replace=True),
    }

    def create(self, inputs: Props) -> str:
        self._put(inputs, Tags=tags.to_list(inputs["tags"]))
        return str(inputs["name"])

    def read(self, resource_id: str, state: Props) -> Props | None:
        alarm = self.describe(resource_id)
        if alarm is None:
            return None
        outputs: Props = {
            **dict.fromkeys([*_ACTIONS, *_EVALUATION]),
            **from_api({**_ACTIONS, **_EVALUATION}, alarm),
            "name": alarm["AlarmName"],
            "arn": alarm["AlarmArn"],
            "tags": self.tags_of(alarm["AlarmArn"]),
        }
        return outputs if state.get("metricQueries") else {**outputs, **_read_single(alarm)}

    def update(self, resource_id: str, old: Props, new: Props, changed: set[str]) -> None:
        if changed - {"tags"}:
            self._put(new)
        self.change_tags(old, new)

    def _put(self, inputs: Props, **more: Any) -> None:
        request = to_api({**_ACTIONS, **_SINGLE, **_EVALUATION}, inputs)
        if inputs.get("metricQueries"):
            request["Metrics"] = [_query_to_api(query) for query in inputs["metricQueries"]]
        else:
            request["Dimensions"] = _dimensions_to_api(inputs["dimensions"])
        self.cloudwatch.put_metric_alarm(AlarmName=inputs["name"], **request, **more)


def _read_single(alarm: dict[str, Any]) -> Props:
    outputs = {**dict.fromkeys(_SINGLE), **from_api(_SINGLE, alarm)}
    if outputs["extendedStatistic"]:
        # The embedded AWS returns Average in addition.
        outputs["statistic"] = None
    dimensions = {pair["Name"]: pair["Value"] for pair in alarm.get("Dimensions", [])}
    return {**outputs, "dimensions": dimensions}


def _query_to_api(query: Props) -> dict[str, Any]:
    plain = to_api({name: field for name, field in _QUERY.items() if name != "metric"}, query)
    metric = query.get("metric")
    if not metric:
        return plain
    names = to_api({name: _METRIC[name] for name in ("metricName", "namespace")}, metric)
    return {
        **plain,
        "MetricStat": {
            "Metric": {**names, "Dimensions": _dimensions_to_api(metric.get("dimensions") or {})},
            **to_api({name: _METRIC[name] for name in ("period", "stat", "unit")}, metric),
        },
    }


def _dimensions_to_api(dimensions: Props) -> list[dict[str, Any]]:
    return [{"Name": name, "Value": value} for name, value in dimensions.items()]


class CompositeAlarm(_AlarmResource):
    """An alarm on the states of other alarms; its id is its name."""

    pulumi_type = "aws:cloudwatch/compositeAlarm:CompositeAlarm"
    alarm_type = "CompositeAlarm"
    identity = ("alarmName",)
    properties: ClassVar = {
        **REGION,
        **TAGS,
        **_ACTIONS,
        "alarmName": Property(required=True, replace=True),
        "alarmRule": Property(required=True),
    }

    def create(self, inputs: Props) -> str:
        self._put(inputs, Tags=tags.to_list(inputs["tags"]))
        return str(inputs["alarmName"])

    def read(self, resource_id: str, state: Props) -> Props | None:
        alarm = self.describe(resource_id)
        if alarm is None:
            return None
        return {
            **dict.fromkeys(_ACTIONS),
            **from_api(_ACTIONS, alarm),
            "alarmName": alarm["AlarmName"],
            "alarmRule": alarm["AlarmRule"],
            "arn": alarm["AlarmArn"],
            "tags": self.tags_of(alarm["AlarmArn"]),
        }

    def update(self, resource_id: str, old: Props, new: Props, changed: set[str]) -> None:
        if changed - {"tags"}:
            self._put(new)
        self.change_tags(old, new)

    def _put(self, inputs: Props, **more: Any) -> None:
        self.cloudwatch.put_composite_alarm(
            AlarmName=inputs["alarmName"],
            AlarmRule=inputs["alarmRule"],
            **to_api(_ACTIONS, inputs),
            **more,
        )


class Dashboard(_CloudWatchResource):
    """A dashboard; its id is its name."""

    pulumi_type = "aws:cloudwatch/dashboard:Dashboard"
    identity = ("dashboardName",)
    properties: ClassVar = {
        **REGION,
        "dashboardBody": Property(required=True, document="json"),
        "dashboardName": Property(required=True, replace=True),
    }

    def create(self, inputs: Props) -> str:
        self._put(inputs)
        return str(inputs["dashboardName"])

    def read(self, resource_id: str, state: Props) -> Props:
        dashboard = self.cloudwatch.get_dashboard(DashboardName=resource_id)
        return {
            "dashboardName": dashboard["DashboardName"],
            "dashboardBody": dashboard["DashboardBody"],
            "dashboardArn": dashboard["DashboardArn"],
        }

    def update(self, resource_id: str, old: Props, new: Props, changed: set[str]) -> None:
        self._put(new)

    def delete(self, resource_id: str, state: Props) -> None:
        self.cloudwatch.delete_dashboards(DashboardNames=[resource_id])

    def _put(self, inputs: Props) -> None:
        self.cloudwatch.put_dashboard(
            DashboardName=inputs["dashboardName"], DashboardBody=inputs["dashboardBody"]
        )


RESOURCES = (MetricAlarm, CompositeAlarm, Dashboard)
