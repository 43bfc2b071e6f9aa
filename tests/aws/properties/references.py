"""References between resources in the template, so that rules on several resources apply."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.aws.properties.errors import ConversionError
from tests.stacks.recording import RecordedResource


@dataclass(frozen=True)
class Reference:
    """A reference to a resource of a Pulumi type. `attribute`: for `Fn::GetAtt`; empty for `Ref`."""

    type: str
    attribute: str = ""


_DEPLOYMENT = Reference("apigateway/deployment:Deployment")
_FUNCTION = Reference("lambda/function:Function")
_GROUP = Reference("ec2/securityGroup:SecurityGroup")
_QUEUE = Reference("sqs/queue:Queue")
_REST_API = Reference("apigateway/restApi:RestApi")
_ROUTE_TABLE = Reference("ec2/routeTable:RouteTable")
_SUBNET = Reference("ec2/subnet:Subnet")

# Inputs that contain the ID, URL or ARN of another resource. Other ARNs remain text and are checked as text.
REFERENCES: Mapping[str, Reference] = {
    "deployment": _DEPLOYMENT,
    "eventSourceArn": Reference("sqs/queue:Queue", "Arn"),
    "functionName": _FUNCTION,
    "parentId": Reference("apigateway/resource:Resource"),
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
    """The recorded resources by logical ID, for the resolution of references."""

    def __init__(self, recorded: Mapping[str, RecordedResource]) -> None:
        self._mocked_ids = {f"{resource.name}-id" for resource in recorded.values()}
        self._logical_ids: dict[tuple[str, Any], str] = {}
        for logical_id, resource in recorded.items():
            for alias in (resource.name, f"{resource.name}-id", resource.inputs.get("name")):
                self._logical_ids.setdefault((short_type(resource), alias), logical_id)

    def find(self, key: str, value: str) -> Mapping[str, Any] | None:
        """The reference for a value, or None if it is not the ID or ARN of a resource."""
        reference = REFERENCES.get(key)
        logical_id = self._logical_ids.get((reference.type, last_segment(value))) if reference else None
        if logical_id is None and value in self._mocked_ids:
            raise ConversionError(
                f"'{key}' contains '{value}', the ID of a resource. Add the key to REFERENCES in {__file__}"
            )
        if logical_id is None or reference is None:
            return None
        if reference.attribute:
            return {"Fn::GetAtt": [logical_id, reference.attribute]}
        return {"Ref": logical_id}


def short_type(resource: RecordedResource) -> str:
    """A type without its provider, such as `sqs/queue:Queue`."""
    return resource.type.removeprefix("aws:")


def last_segment(value: Any) -> Any:
    """The name at the end of a URL or ARN. Other values are returned unchanged."""
    return value.rsplit("/", 1)[-1].rsplit(":", 1)[-1] if isinstance(value, str) else value
