"""Tags in the shapes that the AWS APIs use."""

from collections.abc import Callable, Iterable
from typing import Any

Tags = dict[str, str]


def to_list(tags: Tags, key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
    """`[{"Key": ..., "Value": ...}]`, or with the names that a service uses instead."""
    return [{key: name, value: text} for name, text in tags.items()]


def from_list(tags: Iterable[dict[str, str]] | None, key: str = "Key", value: str = "Value") -> Tags:
    """The opposite of `to_list`."""
    return {tag[key]: tag.get(value, "") for tag in tags or ()}


def change(old: Tags, new: Tags, *, put: Callable[[Tags], Any], remove: Callable[[list[str]], Any]) -> None:
    """Make the tags `new`: `remove` gets the names to drop, `put` the tags to add or change."""
    if gone := sorted(old.keys() - new.keys()):
        remove(gone)
    if added := {name: text for name, text in new.items() if old.get(name) != text}:
        put(added)
