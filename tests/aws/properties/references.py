"""Ids and ARNs of resources, as references to them in the template, so that rules across resources apply."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.aws.properties.errors import ConversionError
from tests.stacks.recording import Recorded


@dataclass(frozen=True)
class Reference:
    """To a resource of a Pulumi type; `attribute` is one of CloudFormation's, by default what `Ref` gives."""

    type: str
    attribute: str = ""


_DEPLOYMENT = Reference("apigateway/deployment:Deployment")
_FUNCTION = Reference("lambda/function:Function")
_GROUP = Reference("ec2/securityGroup:SecurityGroup")
_QUEUE = Reference("sqs/queue:Queue")
_REST_API = Reference("apigateway/restApi:RestApi")
_ROUTE_TABLE = Reference("ec2/routeTable:RouteTable")
_SUBNET = Reference("ec2/subnet:Subnet")

# Inputs that hold the id, URL or ARN of another resource. Other ARNs stay text and are checked as text.
REFERENCES: Mapping[str, Reference] = {
    "deployment": _DEPLOYMENT,
    "eventSourceArn": Reference("sqs/queue:Queue", "Arn"),
    "functionName": _FUNCTION,
    "queueUrl": _QUEUE,
    "referencedSecurityGroupId": _GROUP,
    "requestValidatorId": Reference("apigateway/requestValidator:RequestValidator"),
    "resourceId": Reference("apigateway/resource:Resource"),
    "restApi": _REST_API,
    "restApiId": _REST_API,
    "routeTableId": _ROUTE_TABLE,
    "routeTableIds": _ROUTE_TABLE,
    "securityGroupId": _GROUP,
    "securityGroupIds": _GROUP,
    "subnetId": _SUBNET,
    "subnetIds": _SUBNET,
    "targetKeyId": Reference("kms/key:Key"),
    "vpcId": Reference("ec2/vpc:Vpc"),
}


class References:
    """Finds the resource that an input names, among those that were recorded, by their logical ids."""

    def __init__(self, recorded: Mapping[str, Recorded]) -> None:
        self._mocked_ids = {f"{resource.name}-id" for resource in recorded.values()}
        self._logical_ids: dict[tuple[str, Any], str] = {}
        for logical_id, resource in recorded.items():
            for alias in (resource.name, f"{resource.name}-id", resource.inputs.get("name")):
                self._logical_ids.setdefault((short_type(resource), alias), logical_id)

    def find(self, key: str, value: str) -> Mapping[str, Any] | None:
        """The reference that stands for `value`, or None where it is no resource's id or ARN."""
        reference = REFERENCES.get(key)
        logical_id = self._logical_ids.get((reference.type, last_segment(value))) if reference else None
        if logical_id is None and value in self._mocked_ids:
            raise ConversionError(
                f"'{key}' holds '{value}', a resource's id: add it to REFERENCES in {__file__}"
            )
        if logical_id is None or reference is None:
            return None
        if reference.attribute:
            return {"Fn::GetAtt": [logical_id, reference.attribute]}
        return {"Ref": logical_id}


def short_type(resource: Recorded) -> str:
    """A type without its provider, such as `sqs/queue:Queue`."""
    return resource.type.removeprefix("aws:")


def last_segment(value: Any) -> Any:
    """The name at the end of a URL or ARN; anything else as it is."""
    return value.rsplit("/", 1)[-1].rsplit(":", 1)[-1] if isinstance(value, str) else value
