"""Differences between two states of a resource, by property, with secrets hidden. Pure functions.

Property paths have the engine's syntax: `tags.owner`, `rules[0].priority`, `tags["with.dots"]`.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pulumi.runtime.rpc import UNKNOWN

# Replaces the value of a secret in the engine's events.
SECRET = "[secret]"  # noqa: S105
# A map with this key and value is an encrypted secret.
_SIGNATURE_KEY = "4dabf18193072939515e22adb298388d"
_SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105  # pragma: allowlist secret
# Begin the keys of metadata that the engine adds, such as `__defaults`.
_INTERNAL_PREFIXES = ("__", _SIGNATURE_KEY)

_SEGMENT = re.compile(r'\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|\.?([^.\[\]]+)')
_PLAIN_NAME = re.compile(r"[^.\[\]\"]+")

PropertyPath = tuple[str | int, ...]


@dataclass(frozen=True)
class PropertyChange:
    """A property that differs. A value is None if the property is absent; both are None for a `secret`."""

    path: str
    before: Any = None
    after: Any = None
    secret: bool = False

    def as_dict(self) -> dict[str, Any]:
        return {"property": self.path, "was": self.before, "is": self.after, "secret": self.secret}


def diff_properties(
    old: Mapping[str, Any], new: Mapping[str, Any], paths: Iterable[str]
) -> list[PropertyChange]:
    """Return the values at and below `paths` that differ. Strings that are JSON are compared by content."""
    return [change for path in paths for change in _diff_path(path, old, new)]


def format_change(change: PropertyChange, max_length: int) -> str:
    """Return `before → after`, each value cut to `max_length` characters."""
    if change.secret:
        return "secret changed"
    if change.before is None and change.after is None:
        return "changed"
    return f"{_format_value(change.before, max_length)} → {_format_value(change.after, max_length)}"


def parse_path(path: str) -> PropertyPath:
    """Split a path into names and list indexes."""
    return tuple(
        int(index) if index else name or quoted.replace('\\"', '"')
        for quoted, index, name in _SEGMENT.findall(path)
    )


def _diff_path(path: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[PropertyChange]:
    before, after, hidden = _normalize_value(old), _normalize_value(new), False
    segments = parse_path(path)
    for depth, segment in enumerate(segments):
        hidden = hidden or SECRET in (before, after) or (depth > 0 and _may_be_secret(before, segment))
        before, after = _get_item(before, segment), _get_item(after, segment)
    if hidden or SECRET in (before, after):
        yield PropertyChange(path, secret=True)
    else:
        yield from _diff_values(segments, before, after)


def _diff_values(path: PropertyPath, before: Any, after: Any) -> Iterator[PropertyChange]:
    before, after = _decode_documents(before, after)
    if before == after:
        return
    if SECRET in (before, after):
        yield PropertyChange(_format_path(path), secret=True)
    elif isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in sorted(before.keys() | after.keys()):
            if _may_be_secret(before, key):
                yield PropertyChange(_format_path((*path, key)), secret=True)
            else:
                yield from _diff_values((*path, key), before.get(key), after.get(key))
    elif isinstance(before, list) and isinstance(after, list) and _contains_mapping(before + after):
        for index in range(max(len(before), len(after))):
            yield from _diff_values((*path, index), _get_item(before, index), _get_item(after, index))
    else:
        yield PropertyChange(_format_path(path), before, after)


def _normalize_value(value: Any) -> Any:
    """Remove the engine's metadata and replace each encrypted secret by `SECRET`."""
    if isinstance(value, Mapping):
        if value.get(_SIGNATURE_KEY) == _SECRET_SIGNATURE:
            return SECRET
        return {
            key: _normalize_value(inner)
            for key, inner in value.items()
            if not key.startswith(_INTERNAL_PREFIXES)
        }
    return [_normalize_value(inner) for inner in value] if isinstance(value, list) else value


def _may_be_secret(before: Any, key: str | int) -> bool:
    """Whether `key` is new in a map that holds a secret: its value can be a secret, too."""
    return isinstance(before, Mapping) and key not in before and SECRET in before.values()


def _decode_documents(before: Any, after: Any) -> tuple[Any, Any]:
    """Return the content of two JSON documents, such as policies; other values are returned unchanged."""
    documents = [_decode_document(value) if isinstance(value, str) else None for value in (before, after)]
    return (documents[0], documents[1]) if None not in documents else (before, after)


def _decode_document(text: str) -> Any:
    try:
        document = json.loads(text)
    except ValueError:
        return None
    return document if isinstance(document, dict | list) else None


def _get_item(value: Any, segment: str | int) -> Any:
    if isinstance(value, list) and isinstance(segment, int):
        return value[segment] if segment < len(value) else None
    return value.get(segment) if isinstance(value, Mapping) and isinstance(segment, str) else None


def _contains_mapping(values: list[Any]) -> bool:
    return any(isinstance(value, Mapping) for value in values)


def _format_path(path: PropertyPath) -> str:
    text = ""
    for segment in path:
        if isinstance(segment, int):
            text += f"[{segment}]"
        elif _PLAIN_NAME.fullmatch(segment):
            text += f".{segment}" if text else segment
        else:
            text += f"[{json.dumps(segment, ensure_ascii=False)}]"
    return text


def _format_value(value: Any, max_length: int) -> str:
    if value == UNKNOWN:
        return "unknown"
    text = "none" if value is None else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= max_length else f"{text[: max_length - 1]}…"
