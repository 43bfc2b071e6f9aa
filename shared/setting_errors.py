"""Says what is wrong with a setting, and what is allowed, from what msgspec says."""

import re
from typing import Any, get_args

from msgspec import Meta, Struct, structs

_UNKNOWN = re.compile(r"Object contains unknown field `(?P<key>.+)`")
_MISSING = re.compile(r"Object missing required field `(?P<key>.+)`")


def explain(model: type[Struct], message: str) -> str:
    """'key: what is wrong; allowed is ...', with a dot before the key of a setting within another."""
    problem, _, path = message.partition(" - at `$")
    path = path.strip("`.")
    if unknown := _UNKNOWN.match(problem):
        known = ", ".join(sorted(_allowed(_inside(model, path))))
        return f"{_join(path, unknown['key'])}: unknown; allowed are {known}"
    if missing := _MISSING.match(problem):
        key = missing["key"]
        return f"{_join(path, key)}: missing; allowed is {_allowed(_inside(model, path))[key]}"
    if not path:  # raised by a class: the key, and what is allowed if that depends on another setting
        path, _, allowed = problem.partition(": ")
        return f"{path}: not allowed; allowed is {allowed or _allowed(model)[path]}"
    owner, _, key = path.rpartition(".")
    allowed = _allowed(_inside(model, owner))[key.partition("[")[0]]
    if "matching regex" in problem:
        problem = "not allowed"
    return f"{path}: {problem[:1].lower()}{problem[1:].replace('`', '')}; allowed is {allowed}"


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _inside(model: type[Struct], path: str) -> type[Struct]:
    """The class of the settings at a path, of one key, in those of `model`; of none, `model` itself."""
    types = {field.encode_name: field.type for field in structs.fields(model)}
    return types[path] if path else model


def _allowed(model: type[Struct]) -> dict[str, str]:
    """For each key, what it may be."""
    return {field.encode_name: _description(field.type) for field in structs.fields(model)}


def _description(field_type: Any) -> str:
    if isinstance(field_type, type) and issubclass(field_type, Struct):
        return "an object with " + ", ".join(field.encode_name for field in structs.fields(field_type))
    found = [
        annotation.description
        for part in (field_type, *get_args(field_type))
        for annotation in getattr(part, "__metadata__", ())
        if isinstance(annotation, Meta) and annotation.description
    ]
    if not found:
        raise TypeError(f"{field_type} has no description of what it may be")
    return found[0]
