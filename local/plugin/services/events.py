"""EventBridge: buses, rules and their targets."""

from typing import Any, ClassVar

from local.plugin import tags
from local.plugin.errors import PluginError
from local.plugin.properties import Property, from_api, to_api
from local.plugin.resource import REGION, TAGS, Resource
from local.plugin.values import Props

_DEFAULT_BUS = "default"
_DEAD_LETTERS = {"arn": Property()}


class _EventsResource(Resource):
    @property
    def events(self) -> Any:
        return self.aws.client("events")

    def change_tags(self, arn: str, old: Props, new: Props) -> None:
        tags.update_tags(
            old["tags"],
            new["tags"],
            put=lambda added: self.events.tag_resource(ResourceARN=arn, Tags=tags.to_list(added)),
            remove=lambda names: self.events.untag_resource(ResourceARN=arn, TagKeys=names),
        )

    def tags_of(self, arn: str) -> dict[str, str]:
        return tags.from_list(self.events.list_tags_for_resource(ResourceARN=arn).get("Tags"))


_BUS = {
    "description": Property(),
    "kmsKeyIdentifier": Property(),
    "deadLetterConfig": Property(fields=_DEAD_LETTERS),
    "logConfig": Property(fields={"level": Property("OFF"), "includeDetail": Property("NONE")}),
}


class EventBus(_EventsResource):
    """An event bus; its id is its name."""

    pulumi_type = "aws:cloudwatch/eventBus:EventBus"
    identity = ("name",)
    properties: ClassVar = {**REGION, **TAGS, **_BUS, "name": Property(required=True, replace=True)}

    def create(self, inputs: Props) -> str:
        labels = tags.to_list(inputs["tags"])
        self.events.create_event_bus(Name=inputs["name"], Tags=labels, **to_api(_BUS, inputs))
        return str(inputs["name"])

    def read(self, resource_id: str, state: Props) -> Props:
        bus = self.events.describe_event_bus(Name=resource_id)
        outputs = {**dict.fromkeys(_BUS), **from_api(_BUS, bus)}
        return {**outputs, "name": bus["Name"], "arn": bus["Arn"], "tags": self.tags_of(bus["Arn"])}

    def update(self, resource_id: str, old: Props, new: Props, changed: set[str]) -> None:
        if changed & _BUS.keys():
            # AWS keeps a parameter that an update omits; an empty value removes it.
            resets = {"Description": "", "KmsKeyIdentifier": "", "DeadLetterConfig": {}}
            off = {"LogConfig": {"Level": "OFF", "IncludeDetail": "NONE"}} if "logConfig" in changed else {}
            self.events.update_event_bus(Name=resource_id, **{**resets, **off, **to_api(_BUS, new)})
        self.change_tags(old["arn"], old, new)

    def delete(self, resource_id: str, state: Props) -> None:
        self.events.delete_event_bus(Name=resource_id)


_RULE = {
    "description": Property(),
    "eventPattern": Property(document="json"),
    "scheduleExpression": Property(),
    "roleArn": Property(),
    "state": Property("ENABLED"),
}


class EventRule(_EventsResource):
    """A rule; its id is `bus/rule`, or the name alone on the default bus."""

    pulumi_type = "aws:cloudwatch/eventRule:EventRule"
    identity = ("eventBusName", "name")
    properties: ClassVar = {
        **REGION,
        **TAGS,
        **_RULE,
        "name": Property(autoname=True, replace=True),
        "eventBusName": Property(_DEFAULT_BUS, replace=True),
        "forceDestroy": Property(False),
    }

    def create(self, inputs: Props) -> str:
        self._put(inputs, Tags=tags.to_list(inputs["tags"]))
        bus = inputs["eventBusName"]
        return str(inputs["name"] if bus == _DEFAULT_BUS else f"{bus}/{inputs['name']}")

    def read(self, resource_id: str, state: Props) -> Props:
        rule = self.events.describe_rule(**_rule_key(resource_id))
        return {
            **dict.fromkeys(_RULE),
            **{name: value for name, value in from_api(_RULE, rule).items() if value != ""},
            "name": rule["Name"],
            "eventBusName": rule.get("EventBusName", _DEFAULT_BUS),
            "arn": rule["Arn"],
            "tags": self.tags_of(rule["Arn"]),
        }

    def update(self, resource_id: str, old: Props, new: Props, changed: set[str]) -> None:
        if changed & _RULE.keys():
            self._put(new)
        self.change_tags(old["arn"], old, new)

    def delete(self, resource_id: str, state: Props) -> None:
        self.events.delete_rule(**_rule_key(resource_id), Force=bool(state.get("forceDestroy")))

    def _put(self, inputs: Props, **more: Any) -> None:
        # AWS keeps the description if it is absent.
        request = {"Description": "", **to_api(_RULE, inputs)}
        self.events.put_rule(Name=inputs["name"], EventBusName=inputs["eventBusName"], **request, **more)


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


class EventTarget(_EventsResource):
    """What a rule calls; its id is `bus-rule-target`, or `rule-target` on the default bus."""

    pulumi_type = "aws:cloudwatch/eventTarget:EventTarget"
    identity = ("eventBusName", "rule", "targetId")
    properties: ClassVar = {
        **REGION,
        **_TARGET,
        "rule": Property(required=True, replace=True),
        "eventBusName": Property(_DEFAULT_BUS, replace=True),
        "targetId": Property(autoname=True, replace=True),
        "forceDestroy": Property(False),
    }

    def create(self, inputs: Props) -> str:
        self._put(inputs)
        parts = [inputs["eventBusName"], inputs["rule"], inputs["targetId"]]
        return "-".join(parts[1:] if parts[0] == _DEFAULT_BUS else parts)

    def read(self, resource_id: str, state: Props) -> Props | None:
        rule, bus = state["rule"], state.get("eventBusName", _DEFAULT_BUS)
        targets = self.events.list_targets_by_rule(Rule=rule, EventBusName=bus)["Targets"]
        target = next((target for target in targets if target["Id"] == state["targetId"]), None)
        if target is None:
            return None
        outputs = {**dict.fromkeys(_TARGET), **from_api(_TARGET, target)}
        return {**outputs, "rule": rule, "eventBusName": bus, "targetId": target["Id"]}

    def update(self, resource_id: str, old: Props, new: Props, changed: set[str]) -> None:
        self._put(new)

    def delete(self, resource_id: str, state: Props) -> None:
        self._check_response(
            self.events.remove_targets(
                Rule=state["rule"],
                EventBusName=state.get("eventBusName", _DEFAULT_BUS),
                Ids=[state["targetId"]],
                Force=bool(state.get("forceDestroy")),
            )
        )

    def _put(self, inputs: Props) -> None:
        target = {"Id": inputs["targetId"], **to_api(_TARGET, inputs)}
        rule, bus = inputs["rule"], inputs["eventBusName"]
        self._check_response(self.events.put_targets(Rule=rule, EventBusName=bus, Targets=[target]))

    def _check_response(self, response: dict[str, Any]) -> None:
        """Raise PluginError for a failed entry: the operations on targets succeed even if an entry fails."""
        for entry in response.get("FailedEntries", []):
            raise PluginError(f"Target {entry['TargetId']}: {entry['ErrorCode']}: {entry['ErrorMessage']}")


def _rule_key(resource_id: str) -> dict[str, str]:
    bus, _, name = resource_id.rpartition("/")
    return {"Name": name, "EventBusName": bus or _DEFAULT_BUS}


RESOURCES = (EventBus, EventRule, EventTarget)
