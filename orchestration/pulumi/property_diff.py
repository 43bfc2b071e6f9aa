"""Where two states of one resource differ, property by property, with secrets hidden. Pure functions.

Paths are written as the engine writes them: `tags.owner`, `rules[0].priority`, `tags["with.dots"]`.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

# What the engine's events have in the place of a secret, or in a map that is marked as one.
SECRET = "[secret]"  # noqa: S105
_MARK = "4dabf18193072939515e22adb298388d"
_MARK_OF_SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105

_SEGMENT = re.compile(r'\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|\.?([^.\[\]]+)')
_PLAIN_NAME = re.compile(r"[^.\[\]\"]+")
# `__defaults` and the mark of an archive are the engine's own notes.
_NOTES = ("__", _MARK)

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Change:
    """One property that differs. None stands for none; of a `secret` both values are None."""

    path: str
    was: Any = None
    now: Any = None
    secret: bool = False

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {"property": self.path, "was": self.was, "is": self.now, "secret": self.secret}


def between(old: Mapping[str, Any], new: Mapping[str, Any], paths: Iterable[str]) -> list[Change]:
    """The single values below `paths` that differ. Where a text is a JSON document, those inside of it."""
    return [change for path in paths for change in _below(path, old, new)]


def segments(path: str) -> Path:
    """A path's names and positions."""
    return tuple(
        int(position) if position else name or quoted.replace('\\"', '"')
        for quoted, position, name in _SEGMENT.findall(path)
    )


def _below(text: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    was, now, hidden = _plain(old), _plain(new), False
    for depth, segment in enumerate(path := segments(text)):
        hidden = hidden or SECRET in (was, now) or (depth > 0 and _new_beside_a_secret(was, segment))
        was, now = _at(was, segment), _at(now, segment)
    if hidden or SECRET in (was, now):
        yield Change(text, secret=True)
    else:
        yield from _walk(path, was, now)


def _walk(path: Path, was: Any, now: Any) -> Iterator[Change]:
    was, now = _opened(was, now)
    if was == now:
        return
    if SECRET in (was, now):
        yield Change(_text(path), secret=True)
    elif isinstance(was, Mapping) and isinstance(now, Mapping):
        for key in sorted(was.keys() | now.keys()):
            if _new_beside_a_secret(was, key):
                yield Change(_text((*path, key)), secret=True)
            else:
                yield from _walk((*path, key), was.get(key), now.get(key))
    elif isinstance(was, list) and isinstance(now, list) and _holds_maps(was + now):
        for index in range(max(len(was), len(now))):
            yield from _walk((*path, index), _at(was, index), _at(now, index))
    else:
        yield Change(_text(path), was, now)


def _plain(value: Any) -> Any:
    """Without the engine's own notes, and `SECRET` for each secret."""
    if isinstance(value, Mapping):
        if value.get(_MARK) == _MARK_OF_SECRET:
            return SECRET
        return {key: _plain(inner) for key, inner in value.items() if not key.startswith(_NOTES)}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value


def _new_beside_a_secret(was: Any, key: str | int) -> bool:
    """Whoever adds to a map that holds a secret may well have added another."""
    return isinstance(was, Mapping) and key not in was and SECRET in was.values()


def _opened(was: Any, now: Any) -> tuple[Any, Any]:
    """Documents that are kept as text, such as policies, as what they say, if both are."""
    found = [_document(value) if isinstance(value, str) else None for value in (was, now)]
    return (found[0], found[1]) if None not in found else (was, now)


def _document(text: str) -> Any:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict | list) else None


def _at(value: Any, segment: str | int) -> Any:
    if isinstance(value, list) and isinstance(segment, int):
        return value[segment] if segment < len(value) else None
    return value.get(segment) if isinstance(value, Mapping) and isinstance(segment, str) else None


def _holds_maps(values: list[Any]) -> bool:
    return any(isinstance(value, Mapping) for value in values)


def _text(path: Path) -> str:
    text = ""
    for segment in path:
        if isinstance(segment, int):
            text += f"[{segment}]"
        elif _PLAIN_NAME.fullmatch(segment):
            text += f".{segment}" if text else segment
        else:
            text += f"[{json.dumps(segment, ensure_ascii=False)}]"
    return text
