"""Tags in the formats of the AWS APIs, and the operations on the tags of a resource."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

Tags = dict[str, str]


@dataclass(frozen=True)
class TagApi:
    """The operations of a service on the tags of a resource, and the names of their parameters.

    resource: the parameter for the resource: its ARN, or its Pulumi id without `by_arn`.
    tags, keys: the parameters for tags and for the keys of removed tags.
    pair: the names of key and value in a list of tags; None if the service has a mapping instead.
    put, remove, read: the operations.
    """

    resource: str = "ResourceARN"
    by_arn: bool = True
    tags: str = "Tags"
    keys: str = "TagKeys"
    pair: tuple[str, str] | None = ("Key", "Value")
    put: str = "tag_resource"
    remove: str = "untag_resource"
    read: str = "list_tags_for_resource"

    def put_tags(self, client: Any, resource: str, tags: Tags) -> None:
        """Add or change tags of a resource."""
        value = tags if self.pair is None else to_list(tags, *self.pair)
        getattr(client, self.put)(**{self.resource: resource, self.tags: value})

    def remove_tags(self, client: Any, resource: str, keys: list[str]) -> None:
        """Remove tags of a resource."""
        getattr(client, self.remove)(**{self.resource: resource, self.keys: keys})

    def read_tags(self, client: Any, resource: str) -> Tags:
        """The tags of a resource."""
        tags = getattr(client, self.read)(**{self.resource: resource}).get(self.tags)
        return dict(tags or {}) if self.pair is None else from_list(tags, *self.pair)


def to_list(tags: Tags, key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
    """`[{"Key": ..., "Value": ...}]`; some services use other names than `Key` and `Value`."""
    return [{key: name, value: text} for name, text in tags.items()]


def from_list(tags: Iterable[dict[str, str]] | None, key: str = "Key", value: str = "Value") -> Tags:
    """The inverse of `to_list`."""
    return {tag[key]: tag.get(value, "") for tag in tags or ()}
