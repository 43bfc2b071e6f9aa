"""The base class of the resource types: a type declares its input properties and makes the AWS calls."""

from collections.abc import Mapping
from typing import Any, ClassVar

from local.plugin.aws import Aws
from local.plugin.properties import Property, same_value
from local.plugin.tags import TagApi, Tags
from local.plugin.values import Props

REGION = {"region": Property(computed=True, replace=True)}
TAGS = {"tags": Property(default={})}
REGION_AND_TAGS = {**REGION, **TAGS}


class Resource:
    """One resource type. Values are plain (see `local.plugin.values`).

    pulumi_type: the Pulumi type.
    service: the name of the service in botocore, if it is not the package in the Pulumi type.
    tag_api: the operations on tags, for a type with tags.
    properties: its inputs.
    identity: the inputs that must be unique in AWS. A replacement that keeps them deletes the old resource
    first.
    id_format: the Pulumi id, formatted with the inputs, unless AWS assigns it.
    changing_outputs: the outputs that change with an input, so that a preview cannot know them.

    Inputs that the methods receive have defaults, and their `tags` include the provider's default tags. The
    result of `read` omits inputs that AWS does not return; the state keeps their declared values.
    """

    pulumi_type: ClassVar[str]
    service: ClassVar[str] = ""
    tag_api: ClassVar[TagApi] = TagApi()
    properties: ClassVar[Mapping[str, Property]]
    identity: ClassVar[tuple[str, ...]] = ()
    id_format: ClassVar[str] = ""
    changing_outputs: ClassVar[Mapping[str, tuple[str, ...]]] = {}

    def __init__(self, aws: Aws) -> None:
        self.aws = aws

    @property
    def client(self) -> Any:
        """The botocore client of the service."""
        return self.aws.client(self.service or self.pulumi_type.split(":")[1].partition("/")[0])

    def create(self, inputs: Props) -> str:
        """Create the resource; returns its Pulumi id."""
        raise NotImplementedError

    def configure(self, resource_id: str, inputs: Props) -> None:
        """Apply settings that the creation does not accept. If this fails, the engine stores the resource."""

    def read(self, resource_id: str, state: Props) -> Props | None:
        """The current inputs and outputs; None, or a not-found error of AWS, if the resource does not exist.

        `state` is the last state or the declared inputs. It is empty for an import.
        """
        raise NotImplementedError

    def update(self, resource_id: str, old: Props, new: Props, changed: set[str]) -> None:
        """Apply the changed properties, except tags."""
        raise NotImplementedError

    def delete(self, resource_id: str, state: Props) -> None:
        """Delete the resource; may raise a not-found error of AWS."""
        raise NotImplementedError

    def is_unchanged(self, name: str, state: Props, inputs: Props) -> bool:
        """Whether an input equals the state; overridden by types whose comparison needs other properties."""
        return same_value(self.properties[name], state.get(name), inputs.get(name))

    def format_id(self, inputs: Props) -> str:
        """The Pulumi id of a resource to which AWS assigns no id."""
        return self.id_format.format(**inputs)

    def read_tags(self, resource: str) -> Tags:
        """The tags of a resource, which the argument identifies as in `tag_api`."""
        return self.tag_api.read_tags(self.client, resource)

    def change_tags(self, resource: str, old: Tags, new: Tags) -> None:
        """Remove the tags that `new` lacks, and put the added and changed tags."""
        if removed := sorted(old.keys() - new.keys()):
            self.tag_api.remove_tags(self.client, resource, removed)
        if changed := {name: text for name, text in new.items() if old.get(name) != text}:
            self.tag_api.put_tags(self.client, resource, changed)


class PutResource(Resource):
    """A type that AWS creates and updates with the same operation."""

    def put(self, inputs: Props) -> None:
        """Create or replace the resource."""
        raise NotImplementedError

    def create(self, inputs: Props) -> str:
        self.put(inputs)
        return self.format_id(inputs)

    def update(self, resource_id: str, old: Props, new: Props, changed: set[str]) -> None:
        self.put(new)
