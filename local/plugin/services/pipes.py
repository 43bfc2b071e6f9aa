"""EventBridge Pipes: pipes from a table's stream or a queue to an event bus.

The emulator does not return all source and target parameters, the key and the logging, so the state keeps
their declared values.
"""

from typing import ClassVar

from local.plugin.properties import Property, copy_fields, to_api
from local.plugin.resource import REGION_AND_TAGS, Resource
from local.plugin.tags import TagApi
from local.plugin.values import Plain, Props

_CHANGING_STATES = {"CREATING", "UPDATING", "STARTING", "STOPPING"}
_DEAD_LETTERS = Property(fields={"arn": Property()})
_STREAM = {
    "startingPosition": Property(required=True),
    "batchSize": Property(computed=True),
    "deadLetterConfig": _DEAD_LETTERS,
    "maximumBatchingWindowInSeconds": Property(computed=True),
    "maximumRecordAgeInSeconds": Property(computed=True),
    "maximumRetryAttempts": Property(computed=True),
    "onPartialBatchItemFailure": Property(),
    "parallelizationFactor": Property(computed=True),
}
_QUEUE = {"batchSize": Property(computed=True), "maximumBatchingWindowInSeconds": Property(computed=True)}
_FILTERS = {"filters": Property(fields={"pattern": Property(required=True, document="json")})}
_SOURCE = {
    "filterCriteria": Property(fields=_FILTERS),
    "dynamodbStreamParameters": Property(fields=_STREAM, api="DynamoDBStreamParameters"),
    "sqsQueueParameters": Property(fields=_QUEUE),
}
_BUS = {
    "detailType": Property(),
    "endpointId": Property(),
    "resources": Property(unordered=True),
    "source": Property(),
    "time": Property(),
}
_TARGET = {
    "inputTemplate": Property(),
    "eventbridgeEventBusParameters": Property(fields=_BUS, api="EventBridgeEventBusParameters"),
}
_LOGGING = {
    "level": Property(required=True),
    "cloudwatchLogsLogDestination": Property(fields={"logGroupArn": Property(required=True)}),
    "includeExecutionDatas": Property(unordered=True, api="IncludeExecutionData"),
}


def _is_other_starting_position(old: Plain, new: Plain) -> bool:
    return bool(_starting_position(old) != _starting_position(new))


def _starting_position(parameters: Plain) -> Plain:
    return ((parameters or {}).get("dynamodbStreamParameters") or {}).get("startingPosition")


_PARAMETERS = {
    "description": Property("Managed by Pulumi"),
    "desiredState": Property("RUNNING"),
    "roleArn": Property(required=True),
    "target": Property(required=True),
    "sourceParameters": Property(computed=True, replace=_is_other_starting_position, fields=_SOURCE),
    "targetParameters": Property(fields=_TARGET),
    "logConfiguration": Property(fields=_LOGGING),
    "kmsKeyIdentifier": Property(),
}


class Pipe(Resource):
    """A pipe; its id is its name."""

    pulumi_type = "aws:pipes/pipe:Pipe"
    tag_api = TagApi("resourceArn", tags="tags", keys="tagKeys", pair=None)
    identity = ("name",)
    properties: ClassVar = {
        **REGION_AND_TAGS,
        **_PARAMETERS,
        "name": Property(autoname=True, replace=True),
        "source": Property(required=True, replace=True),
    }

    def create(self, inputs: Props) -> str:
        name, source = inputs["name"], inputs["source"]
        self.client.create_pipe(Name=name, Source=source, Tags=inputs["tags"], **to_api(_PARAMETERS, inputs))
        return str(name)

    def configure(self, resource_id: str, inputs: Props) -> None:
        def is_stable() -> bool:
            return self.client.describe_pipe(Name=resource_id)["CurrentState"] not in _CHANGING_STATES

        self.aws.wait_until(f"pipe {resource_id} is made", is_stable)

    def read(self, resource_id: str, state: Props) -> Props:
        pipe = self.client.describe_pipe(Name=resource_id)
        return {
            **copy_fields(pipe, "name", "arn", "desiredState", "source", "target", "roleArn"),
            "description": pipe.get("Description", ""),
            "tags": pipe.get("Tags", {}),
        }

    def update(self, resource_id: str, old: Props, new: Props, changed: set[str]) -> None:
        request = to_api(_PARAMETERS, new)
        # UpdatePipe does not accept a starting position.
        request.get("SourceParameters", {}).get("DynamoDBStreamParameters", {}).pop("StartingPosition", None)
        # AWS keeps a parameter that an update omits; an empty value removes it.
        resets = {"TargetParameters": {}, "KmsKeyIdentifier": ""}
        self.client.update_pipe(Name=resource_id, **{**resets, **request})
        self.configure(resource_id, new)

    def delete(self, resource_id: str, state: Props) -> None:
        self.client.delete_pipe(Name=resource_id)
        self.aws.wait_until_deleted(
            f"pipe {resource_id}", lambda: self.client.describe_pipe(Name=resource_id)
        )
