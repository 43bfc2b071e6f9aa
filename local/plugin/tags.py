"""Tags in the formats of the AWS APIs."""

from collections.abc import Callable, Iterable
from typing import Any

Tags = dict[str, str]


def to_list(tags: Tags, key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
    """`[{"Key": ..., "Value": ...}]`; some services use other names than `Key` and `Value`."""
    return [{key: name, value: text} for name, text in tags.items()]


def from_list(tags: Iterable[dict[str, str]] | None, key: str = "Key", value: str = "Value") -> Tags:
    """The inverse of `to_list`."""
    return {tag[key]: tag.get(value, "") for tag in tags or ()}


def update_tags(
    old: Tags, new: Tags, *, put: Callable[[Tags], Any], remove: Callable[[list[str]], Any]
) -> None:
    """Change the tags to `new`: `remove` receives the removed names, `put` the added and changed tags."""
    if removed := sorted(old.keys() - new.keys()):
        remove(removed)
    if added := {name: text for name, text in new.items() if old.get(name) != text}:
        put(added)
