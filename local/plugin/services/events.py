"""EventBridge: buses, rules and their targets."""

from typing import Any, ClassVar

from local.plugin import tags
from local.plugin.errors import PluginError
from local.plugin.properties import Property, copy_fields, from_api, to_api
from local.plugin.resource import REGION, REGION_AND_TAGS, PutResource, Resource
from local.plugin.values import Props

_DEFAULT_BUS = "default"
_DEAD_LETTERS = {"arn": Property()}
_BUS = {
    "description": Property(),
    "kmsKeyIdentifier": Property(),
    "deadLetterConfig": Property(fields=_DEAD_LETTERS),
    "logConfig": Property(fields={"level": Property("OFF"), "includeDetail": Property("NONE")}),
}


class EventBus(Resource):
    """An event bus; its id is its name."""

    pulumi_type = "aws:cloudwatch/eventBus:EventBus"
    service = "events"
    identity = ("name",)
    properties: ClassVar = {**REGION_AND_TAGS, **_BUS, "name": Property(required=True, replace=True)}

    def create(self, inputs: Props) -> str:
        labels = tags.to_list(inputs["tags"])
        self.client.create_event_bus(Name=inputs["name"], Tags=labels, **to_api(_BUS, inputs))
        return str(inputs["name"])

    def read(self, resource_id: str, state: Props) -> Props:
        bus = self.client.describe_event_bus(Name=resource_id)
        outputs = {**from_api(_BUS, bus), **copy_fields(bus, "name", "arn")}
        return {**outputs, "tags": self.read_tags(bus["Arn"])}

    def update(self, resource_id: str, old: Props, new: Props, changed: set[str]) -> None:
        # AWS keeps a parameter that an update omits; an empty value removes it.
        resets = {"Description": "", "KmsKeyIdentifier": "", "DeadLetterConfig": {}}
        off = {"LogConfig": {"Level": "OFF", "IncludeDetail": "NONE"}} if "logConfig" in changed else {}
        self.client.update_event_bus(Name=resource_id, **{**resets, **off, **to_api(_BUS, new)})

    def delete(self, resource_id: str, state: Props) -> None:
        self.client.delete_event_bus(Name=resource_id)


_RULE = {
    "description": Property(),
    "eventPattern": Property(document="json"),
    "scheduleExpression": Property(),
    "roleArn": Property(),
    "state": Property("ENABLED"),
}


class EventRule(PutResource):
    """A rule; its id is `bus/rule`, or the name alone on the default bus."""

    pulumi_type = "aws:cloudwatch/eventRule:EventRule"
    service = "events"
    identity = ("eventBusName", "name")
    properties: ClassVar = {
        **REGION_AND_TAGS,
        **_RULE,
        "name": Property(autoname=True, replace=True),
        "eventBusName": Property(_DEFAULT_BUS, replace=True),
        "forceDestroy": Property(False),
    }

    def put(self, inputs: Props) -> None:
        # AWS keeps the description if it is absent, and ignores the tags of a rule that exists.
        request = {"Description": "", **to_api(_RULE, inputs), "Tags": tags.to_list(inputs["tags"])}
        self.client.put_rule(Name=inputs["name"], EventBusName=inputs["eventBusName"], **request)

    def format_id(self, inputs: Props) -> str:
        bus = inputs["eventBusName"]
        return str(inputs["name"] if bus == _DEFAULT_BUS else f"{bus}/{inputs['name']}")

    def read(self, resource_id: str, state: Props) -> Props:
        rule = self.client.describe_rule(**_rule_key(resource_id))
        return {
            **{name: value or None for name, value in from_api(_RULE, rule).items()},
            **copy_fields(rule, "name", "arn"),
            "eventBusName": rule.get("EventBusName", _DEFAULT_BUS),
            "tags": self.read_tags(rule["Arn"]),
        }

    def delete(self, resource_id: str, state: Props) -> None:
        self.client.delete_rule(**_rule_key(resource_id), Force=bool(state.get("forceDestroy")))


_TARGET = {
    "arn": Property(required=True),
    "roleArn": Property(),
    "input": Property(document="json"),
    "inputPath": Property(),
    "inputTransformer": Property(
        fields={"inputPaths": Property(api="InputPathsMap"), "inputTemplate": Property(required=True)}
    ),
    "deadLetterConfig": Property(fields=_DEAD_LETTERS),
    "retryPolicy": Property(
        fields={
            "maximumEventAgeInSeconds": Property(computed=True),
            "maximumRetryAttempts": Property(computed=True),
        }
    ),
    "sqsTarget": Property(fields={"messageGroupId": Property()}, api="SqsParameters"),
}


class EventTarget(PutResource):
    """What a rule calls; its id is `bus-rule-target`, or `rule-target` on the default bus."""

    pulumi_type = "aws:cloudwatch/eventTarget:EventTarget"
    service = "events"
    identity = ("eventBusName", "rule", "targetId")
    properties: ClassVar = {
        **REGION,
        **_TARGET,
        "rule": Property(required=True, replace=True),
        "eventBusName": Property(_DEFAULT_BUS, replace=True),
        "targetId": Property(autoname=True, replace=True),
        "forceDestroy": Property(False),
    }

    def put(self, inputs: Props) -> None:
        target = {"Id": inputs["targetId"], **to_api(_TARGET, inputs)}
        rule, bus = inputs["rule"], inputs["eventBusName"]
        _check_response(self.client.put_targets(Rule=rule, EventBusName=bus, Targets=[target]))

    def format_id(self, inputs: Props) -> str:
        parts = [inputs["eventBusName"], inputs["rule"], inputs["targetId"]]
        return "-".join(parts[1:] if parts[0] == _DEFAULT_BUS else parts)

    def read(self, resource_id: str, state: Props) -> Props | None:
        rule, bus = state["rule"], state.get("eventBusName", _DEFAULT_BUS)
        targets = self.client.list_targets_by_rule(Rule=rule, EventBusName=bus)["Targets"]
        target = next((target for target in targets if target["Id"] == state["targetId"]), None)
        if target is None:
            return None
        return {**from_api(_TARGET, target), "rule": rule, "eventBusName": bus, "targetId": target["Id"]}

    def delete(self, resource_id: str, state: Props) -> None:
        _check_response(
            self.client.remove_targets(
                Rule=state["rule"],
                EventBusName=state.get("eventBusName", _DEFAULT_BUS),
                Ids=[state["targetId"]],
                Force=bool(state.get("forceDestroy")),
            )
        )


def _check_response(response: dict[str, Any]) -> None:
    """Raise PluginError for a failed entry: the operations on targets succeed even if an entry fails."""
    for entry in response.get("FailedEntries", []):
        raise PluginError(f"Target {entry['TargetId']}: {entry['ErrorCode']}: {entry['ErrorMessage']}")


def _rule_key(resource_id: str) -> dict[str, str]:
    bus, _, name = resource_id.rpartition("/")
    return {"Name": name, "EventBusName": bus or _DEFAULT_BUS}
