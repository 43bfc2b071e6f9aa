"""EventBridge Pipes: pipes from a table's stream or a queue to an event bus.

The emulator does not return all source and target parameters, the key and the logging, so the state keeps
their declared values.
"""

from typing import Any, ClassVar

from local.plugin import tags
from local.plugin.properties import Property, to_api
from local.plugin.resource import REGION, TAGS, Resource
from local.plugin.values import Plain, Props

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
    identity = ("name",)
    properties: ClassVar = {
        **REGION,
        **TAGS,
        **_PARAMETERS,
        "name": Property(autoname=True, replace=True),
        "source": Property(required=True, replace=True),
    }

    def create(self, inputs: Props) -> str:
        name, source = inputs["name"], inputs["source"]
        self._pipes.create_pipe(Name=name, Source=source, Tags=inputs["tags"], **to_api(_PARAMETERS, inputs))
        return str(name)

    def configure(self, resource_id: str, inputs: Props) -> None:
        self.aws.wait_until(f"pipe {resource_id} is made", lambda: not self._is_changing(resource_id))

    def read(self, resource_id: str, state: Props) -> Props:
        pipe = self._pipes.describe_pipe(Name=resource_id)
        return {
            "name": pipe["Name"],
            "arn": pipe["Arn"],
            "description": pipe.get("Description", ""),
            "desiredState": pipe["DesiredState"],
            "source": pipe["Source"],
            "target": pipe["Target"],
            "roleArn": pipe["RoleArn"],
            "tags": pipe.get("Tags", {}),
        }

    def update(self, resource_id: str, old: Props, new: Props, changed: set[str]) -> None:
        if changed & _PARAMETERS.keys():
            request = to_api(_PARAMETERS, new)
            # UpdatePipe does not accept a starting position.
            request.get("SourceParameters", {}).get("DynamoDBStreamParameters", {}).pop(
                "StartingPosition", None
            )
            # AWS keeps a parameter that an update omits; an empty value removes it.
            resets = {"TargetParameters": {}, "KmsKeyIdentifier": ""}
            self._pipes.update_pipe(Name=resource_id, **{**resets, **request})
            self.configure(resource_id, new)
        arn = old["arn"]
        tags.update_tags(
            old["tags"],
            new["tags"],
            put=lambda added: self._pipes.tag_resource(resourceArn=arn, tags=added),
            remove=lambda names: self._pipes.untag_resource(resourceArn=arn, tagKeys=names),
        )

    def delete(self, resource_id: str, state: Props) -> None:
        self._pipes.delete_pipe(Name=resource_id)
        self.aws.wait_until_deleted(
            f"pipe {resource_id}", lambda: self._pipes.describe_pipe(Name=resource_id)
        )

    def _is_changing(self, name: str) -> bool:
        return self._pipes.describe_pipe(Name=name)["CurrentState"] in (
            "CREATING",
            "UPDATING",
            "STARTING",
            "STOPPING",
        )

    @property
    def _pipes(self) -> Any:
        return self.aws.client("pipes")


RESOURCES = (Pipe,)
