"""The base class of each layer's settings, the settings that several layers have in common, and their checks.

`stacks/<layer>/settings.py` defines the settings of a layer, with types, limits and safe defaults.
`Pulumi.<environment>.yaml` sets the values that differ. configuration.py reads and validates the settings.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import msgspec
from msgspec import Meta, Struct, structs

from functions.common.domain.fields import find_description
from shared.projects import Project

Architecture = Annotated[
    Literal["arm64", "x86_64", "host"],
    Meta(description="arm64, x86_64, or, in the environment local only, host"),
]
# The default quota of an account and region is 1000, of which Lambda keeps 100 unreserved.
ReservedConcurrency = Annotated[int, Meta(ge=100, le=10_000, description="an integer from 100 to 10000")]
MemoryMb = Annotated[int, Meta(ge=128, le=10_240, description="an integer from 128 to 10240")]
TimeoutSeconds = Annotated[int, Meta(ge=1, le=900, description="an integer from 1 to 900")]
NameSuffix = Annotated[
    str,
    Meta(
        pattern=r"\A([a-z0-9][a-z0-9-]{0,10}[a-z0-9])?\Z", description="2 to 12 of a-z, 0-9 and '-', or empty"
    ),
]

# A layer signs only if foundation does, which validate_file checks.
CodeSigning = Annotated[bool, Meta(description="true or false; not for the environment local")]


class FunctionSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """The memory, timeout, concurrency and log level of a function."""

    memory_mb: MemoryMb = 512
    timeout_seconds: TimeoutSeconds = 15
    reserved_concurrency: ReservedConcurrency = 100
    # The lines with metrics have the level INFO. A level above it would drop them.
    log_level: Annotated[Literal["DEBUG", "INFO"], Meta(description="DEBUG or INFO")] = "INFO"


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """Base of the settings of a layer."""

    project: ClassVar[Project]

    name_suffix: NameSuffix = ""


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
    return find_description(field_type)
