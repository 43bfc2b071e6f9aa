"""A resource type without AWS: what it keeps is a dictionary."""

from typing import Any, ClassVar

from local.plugin.aws import Aws
from local.plugin.properties import Property
from local.plugin.resource import REGION, TAGS, LifeCycle, Resource
from local.plugin.values import Props


class GoneError(Exception):
    """What botocore raises when a thing does not exist."""

    response: ClassVar = {"Error": {"Code": "ResourceNotFoundException", "Message": "no such thing"}}
    operation_name = "DescribeThing"


class DeniedError(Exception):
    """What botocore raises when a call is not allowed."""

    response: ClassVar = {"Error": {"Code": "AccessDenied", "Message": "not\nyours"}}
    operation_name = "DescribeThing"


class Thing(Resource):
    """Has a name that no two may share, a size AWS defaults to 1, a zone AWS picks, and a secret it keeps."""

    pulumi_type = "aws:test/thing:Thing"
    identity = ("name",)
    settled_by: ClassVar = {"size": ("arn",)}
    properties: ClassVar = {
        **REGION,
        **TAGS,
        "name": Property(autoname=True, replace=True),
        "size": Property(1),
        "zone": Property(computed=True, replace=True),
        "policy": Property(document="policy"),
        "hidden": Property(),
        "block": Property(fields={"must": Property(required=True), "may": Property(2)}),
        "legacy": Property(False, only=(False,)),
    }

    def __init__(self, aws: Aws) -> None:
        super().__init__(aws)
        self.kept: dict[str, Props] = {}
        self.calls: list[Any] = []
        self.configuring: Exception | None = None

    def create(self, inputs: Props) -> str:
        name = str(inputs["name"])
        self.kept[name] = {"zone": "a", **inputs}
        return name

    def configure(self, resource_id: str, inputs: Props) -> None:
        if self.configuring:
            raise self.configuring

    def read(self, resource_id: str, state: Props) -> Props:
        if resource_id not in self.kept:
            raise GoneError
        kept = self.kept[resource_id]
        return {
            **{name: value for name, value in kept.items() if name != "hidden"},
            "arn": f"arn:{resource_id}",
        }

    def update(self, resource_id: str, old: Props, new: Props, changed: set[str]) -> None:
        self.calls.append(changed)
        self.kept[resource_id] = {"zone": "a", **new}

    def delete(self, resource_id: str, state: Props) -> None:
        if resource_id not in self.kept:
            raise GoneError
        del self.kept[resource_id]


def thing(default_tags: dict[str, str] | None = None) -> tuple[LifeCycle, Thing]:
    """A life cycle and the resource behind it."""
    resource = Thing(Aws("http://127.0.0.1:1", "eu-west-1", default_tags))
    return LifeCycle(resource), resource
