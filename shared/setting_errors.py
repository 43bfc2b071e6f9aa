"""Validation of settings against their model: every problem, not only the first."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, get_args

import msgspec
from msgspec import Meta, Struct, structs


@dataclass(frozen=True)
class SettingProblem:
    """`key`: the setting, with a dot between an object and its field. `remedy`: without a final period."""

    key: str
    problem: str
    remedy: str


def find_problems(model: type[Struct], values: Mapping[str, Any]) -> list[SettingProblem]:
    """Return the problems of `values`, which are JSON values by key, in the order of the model's fields."""
    problems = list(_check_fields(model, values))
    if not problems:
        problems = list(_check_dependent_values(model, values))
    return problems


def _check_fields(
    model: type[Struct], values: Mapping[str, Any], prefix: str = ""
) -> Iterator[SettingProblem]:
    fields = {field.encode_name: field for field in structs.fields(model)}
    for key in (key for key in values if key not in fields):
        yield SettingProblem(f"{prefix}{key}", "unknown key", f"Use one of: {', '.join(sorted(fields))}")
    for key, field in fields.items():
        if key not in values:
            if field.required:
                yield SettingProblem(f"{prefix}{key}", "missing", f"Set it to {_describe_type(field.type)}")
        elif _is_model(field.type) and isinstance(values[key], Mapping):
            yield from _check_fields(field.type, values[key], f"{prefix}{key}.")
        else:
            yield from _check_value(field.type, values[key], f"{prefix}{key}")


def _check_value(field_type: Any, value: Any, key: str) -> Iterator[SettingProblem]:
    try:
        msgspec.convert(value, field_type)
    except msgspec.ValidationError as error:
        problem, _, path = str(error).partition(" - at `$")
        if "matching regex" in problem:
            problem = "value not allowed"
        problem = problem[:1].lower() + problem[1:].replace("`", "")
        yield SettingProblem(f"{key}{path.strip('`')}", problem, f"Use {_describe_type(field_type)}")


def _check_dependent_values(model: type[Struct], values: Mapping[str, Any]) -> Iterator[SettingProblem]:
    """Yield the problem that `__post_init__` reports: a key and, if another setting limits it, the limit."""
    try:
        msgspec.convert(values, model)
    except msgspec.ValidationError as error:
        key, _, allowed = str(error).partition(": ")
        types = {field.encode_name: field.type for field in structs.fields(model)}
        yield SettingProblem(key, "value not allowed", f"Use {allowed or _describe_type(types[key])}")


def _is_model(field_type: Any) -> bool:
    return isinstance(field_type, type) and issubclass(field_type, Struct)


def _describe_type(field_type: Any) -> str:
    if _is_model(field_type):
        return "an object with " + ", ".join(field.encode_name for field in structs.fields(field_type))
    descriptions = [
        annotation.description
        for part in (field_type, *get_args(field_type))
        for annotation in getattr(part, "__metadata__", ())
        if isinstance(annotation, Meta) and annotation.description
    ]
    if not descriptions:
        raise TypeError(f"{field_type} has no description. Add one with msgspec.Meta")
    return descriptions[0]
