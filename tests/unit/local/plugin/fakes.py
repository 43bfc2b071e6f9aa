"""A resource type whose resources are in a dictionary instead of AWS."""

from typing import Any, ClassVar

from local.plugin.aws import Aws
from local.plugin.life_cycle import LifeCycle
from local.plugin.properties import Property
from local.plugin.resource import REGION_AND_TAGS, Resource
from local.plugin.tags import Tags
from local.plugin.values import Props


class NotFoundError(Exception):
    """A botocore error for a resource that does not exist."""

    response: ClassVar = {"Error": {"Code": "ResourceNotFoundException", "Message": "not found"}}
    operation_name = "DescribeThing"


class DeniedError(Exception):
    """A botocore error for a call that is not allowed."""

    response: ClassVar = {"Error": {"Code": "AccessDenied", "Message": "not\nyours"}}
    operation_name = "DescribeThing"


class FakeResource(Resource):
    """Has a unique name, a size with default 1, a zone that AWS chooses, and a value that is not returned."""

    pulumi_type = "aws:test/thing:Thing"
    identity = ("name",)
    changing_outputs: ClassVar = {"size": ("arn",)}
    properties: ClassVar = {
        **REGION_AND_TAGS,
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
        self.resources: dict[str, Props] = {}
        self.updates: list[Any] = []
        self.tag_changes: list[tuple[str, Tags, Tags]] = []
        self.configure_error: Exception | None = None

    def create(self, inputs: Props) -> str:
        name = str(inputs["name"])
        self.resources[name] = {"zone": "a", **inputs}
        return name

    def configure(self, resource_id: str, inputs: Props) -> None:
        if self.configure_error:
            raise self.configure_error

    def read(self, resource_id: str, state: Props) -> Props:
        if resource_id not in self.resources:
            raise NotFoundError
        resource = self.resources[resource_id]
        return {
            **{name: value for name, value in resource.items() if name != "hidden"},
            "arn": f"arn:{resource_id}",
        }

    def update(self, resource_id: str, old: Props, new: Props, changed: set[str]) -> None:
        self.updates.append(changed)
        self.resources[resource_id] = {"zone": "a", **new}

    def change_tags(self, resource: str, old: Tags, new: Tags) -> None:
        self.tag_changes.append((resource, old, new))

    def delete(self, resource_id: str, state: Props) -> None:
        if resource_id not in self.resources:
            raise NotFoundError
        del self.resources[resource_id]


def make_life_cycle(default_tags: dict[str, str] | None = None) -> tuple[LifeCycle, FakeResource]:
    """A life cycle and its resource type."""
    resource = FakeResource(Aws("http://127.0.0.1:1", "eu-west-1", default_tags))
    return LifeCycle(resource), resource
