"""CloudWatch: metric alarms, composite alarms, dashboards and log groups.

The embedded AWS stores no metric math: of an alarm on an expression it stores all but the queries, whose
declared value stays in the state.
"""

from typing import Any, ClassVar

from local.plugin import tags
from local.plugin.errors import error_code
from local.plugin.properties import Property, copy_fields, from_api, to_api, without_empty
from local.plugin.resource import REGION, REGION_AND_TAGS, PutResource, Resource
from local.plugin.tags import TagApi
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


class _AlarmResource(PutResource):
    alarm_type: ClassVar[str]

    def read(self, resource_id: str, state: Props) -> Props | None:
        response = self.client.describe_alarms(AlarmNames=[resource_id], AlarmTypes=[self.alarm_type])
        alarm = next(iter(response.get(f"{self.alarm_type}s", [])), None)
        if alarm is None:
            return None
        arn = alarm["AlarmArn"]
        return {**self.outputs(state, alarm), "arn": arn, "tags": self.read_tags(arn)}

    def outputs(self, state: Props, alarm: dict[str, Any]) -> Props:
        """The outputs in a description of the alarm, except ARN and tags."""
        raise NotImplementedError

    def delete(self, resource_id: str, state: Props) -> None:
        self.client.delete_alarms(AlarmNames=[resource_id])


class MetricAlarm(_AlarmResource):
    """An alarm on a metric or an expression."""

    pulumi_type = "aws:cloudwatch/metricAlarm:MetricAlarm"
    alarm_type = "MetricAlarm"
    identity = ("name",)
    id_format = "{name}"
    properties: ClassVar = {
        **REGION_AND_TAGS,
        **_ACTIONS,
        **_SINGLE,
        **_EVALUATION,
        "dimensions": Property(default={}),
        "metricQueries": Property(fields=_QUERY, unordered=True),
        "name": Property(required=True, replace=True),
    }

    def outputs(self, state: Props, alarm: dict[str, Any]) -> Props:
        outputs = {**from_api({**_ACTIONS, **_EVALUATION}, alarm), "name": alarm["AlarmName"]}
        return outputs if state.get("metricQueries") else {**outputs, **_read_single(alarm)}

    def put(self, inputs: Props) -> None:
        request = to_api({**_ACTIONS, **_SINGLE, **_EVALUATION}, inputs)
        if inputs.get("metricQueries"):
            request["Metrics"] = [_query_to_api(query) for query in inputs["metricQueries"]]
        else:
            request["Dimensions"] = _dimensions_to_api(inputs["dimensions"])
        # AWS ignores the tags of an alarm that exists.
        alarm_tags = tags.to_list(inputs["tags"])
        self.client.put_metric_alarm(AlarmName=inputs["name"], Tags=alarm_tags, **request)


def _read_single(alarm: dict[str, Any]) -> Props:
    outputs = from_api(_SINGLE, alarm)
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
    """An alarm on the states of other alarms."""

    pulumi_type = "aws:cloudwatch/compositeAlarm:CompositeAlarm"
    alarm_type = "CompositeAlarm"
    identity = ("alarmName",)
    id_format = "{alarmName}"
    properties: ClassVar = {
        **REGION_AND_TAGS,
        **_ACTIONS,
        "alarmName": Property(required=True, replace=True),
        "alarmRule": Property(required=True),
    }

    def outputs(self, state: Props, alarm: dict[str, Any]) -> Props:
        return {**from_api(_ACTIONS, alarm), **copy_fields(alarm, "alarmName", "alarmRule")}

    def put(self, inputs: Props) -> None:
        self.client.put_composite_alarm(
            AlarmName=inputs["alarmName"],
            AlarmRule=inputs["alarmRule"],
            Tags=tags.to_list(inputs["tags"]),
            **to_api(_ACTIONS, inputs),
        )


class Dashboard(PutResource):
    """A dashboard."""

    pulumi_type = "aws:cloudwatch/dashboard:Dashboard"
    identity = ("dashboardName",)
    id_format = "{dashboardName}"
    properties: ClassVar = {
        **REGION,
        "dashboardBody": Property(required=True, document="json"),
        "dashboardName": Property(required=True, replace=True),
    }

    def put(self, inputs: Props) -> None:
        name, body = inputs["dashboardName"], inputs["dashboardBody"]
        self.client.put_dashboard(DashboardName=name, DashboardBody=body)

    def read(self, resource_id: str, state: Props) -> Props:
        dashboard = self.client.get_dashboard(DashboardName=resource_id)
        return copy_fields(dashboard, "dashboardName", "dashboardBody", "dashboardArn")

    def delete(self, resource_id: str, state: Props) -> None:
        self.client.delete_dashboards(DashboardNames=[resource_id])


class LogGroup(Resource):
    """A log group; its id is its name."""

    pulumi_type = "aws:cloudwatch/logGroup:LogGroup"
    service = "logs"
    tag_api = TagApi("resourceArn", tags="tags", keys="tagKeys", pair=None)
    identity = ("name",)
    properties: ClassVar = {
        **REGION_AND_TAGS,
        "name": Property(autoname=True, replace=True),
        "logGroupClass": Property("STANDARD", replace=True),
        "retentionInDays": Property(0),
        "kmsKeyId": Property(),
        "skipDestroy": Property(False),
        "deletionProtectionEnabled": Property(False, only=(False,)),
    }

    def create(self, inputs: Props) -> str:
        self.client.create_log_group(
            logGroupName=inputs["name"],
            logGroupClass=inputs["logGroupClass"],
            tags=inputs["tags"],
            **without_empty({"kmsKeyId": inputs.get("kmsKeyId")}),
        )
        return str(inputs["name"])

    def configure(self, resource_id: str, inputs: Props) -> None:
        if inputs["retentionInDays"]:
            days = inputs["retentionInDays"]
            self.client.put_retention_policy(logGroupName=resource_id, retentionInDays=days)

    def read(self, resource_id: str, state: Props) -> Props | None:
        groups = self.client.describe_log_groups(logGroupNamePrefix=resource_id)["logGroups"]
        group = next((entry for entry in groups if entry["logGroupName"] == resource_id), None)
        if group is None:
            return None
        arn = group["arn"].removesuffix(":*")
        return {
            "name": resource_id,
            "arn": arn,
            "logGroupClass": group.get("logGroupClass", "STANDARD"),
            "retentionInDays": group.get("retentionInDays", 0),
            "kmsKeyId": group.get("kmsKeyId"),
            "tags": self.read_tags(arn),
        }

    def update(self, resource_id: str, old: Props, new: Props, changed: set[str]) -> None:
        if "kmsKeyId" in changed:
            self._change_key(resource_id, new)
        if "retentionInDays" in changed:
            self.configure(resource_id, new)
            if not new["retentionInDays"]:
                self.client.delete_retention_policy(logGroupName=resource_id)

    def delete(self, resource_id: str, state: Props) -> None:
        if not state.get("skipDestroy"):
            self.client.delete_log_group(logGroupName=resource_id)

    def _change_key(self, name: str, new: Props) -> None:
        key = new.get("kmsKeyId")
        try:
            if key:
                self.client.associate_kms_key(logGroupName=name, kmsKeyId=key)
            else:
                self.client.disassociate_kms_key(logGroupName=name)
        except Exception as error:
            if error_code(error) != "InvalidOperationException":
                raise
            # The emulator lacks these two operations. The new group has the key, but its log events are lost.
            self.client.delete_log_group(logGroupName=name)
            self.create(new)
            self.configure(name, new)
