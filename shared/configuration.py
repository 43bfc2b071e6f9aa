"""Reads a layer's settings, from the running program's configuration or straight from its file.

Both ways refuse the same things with the same words, so a task can fail before the engine starts.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_args, get_origin

import msgspec
import pulumi
import yaml
from pulumi.runtime import config as pulumi_config

from shared.settings import LAYER_SETTINGS, FunctionSettings, Settings

ROOT = Path(__file__).resolve().parent.parent
LOCAL = "local"
REGION_KEY = "aws:region"
_REGION = re.compile(r"\A[a-z]{2}(-[a-z]+)+-\d\Z")
# What Pulumi itself and its AWS provider read from the same file.
_FOREIGN = ("aws", "pulumi")

S = TypeVar("S", bound=Settings)


class SettingsError(Exception):
    """A setting is unknown, missing or not allowed: one line with file, key and what is allowed."""


def load(model: type[S]) -> S:
    """The settings of the running program's stack. Raises SettingsError."""
    stack = pulumi.get_stack()
    values = {**pulumi_config.get_config_env(), **pulumi_config.CONFIG.get()}
    return _checked(model, values, _name(model, stack), stack)


def validate_file(layer: str, environment: str, root: Path = ROOT) -> Settings:
    """The settings in `stacks/<layer>/Pulumi.<environment>.yaml`. Raises SettingsError."""
    model = next(model for model in LAYER_SETTINGS if model.project.layer == layer)
    name = _name(model, environment)
    try:
        document = yaml.safe_load((root / name).read_text(encoding="utf-8")) or {}
    except FileNotFoundError:
        raise SettingsError(f"{name}: there is no such file; copy that of another environment") from None
    except yaml.YAMLError as error:
        raise SettingsError(f"{name}: this is no YAML: {' '.join(str(error).split())}") from None
    values = document.get("config") if isinstance(document, dict) else None
    if not isinstance(values, dict):
        raise SettingsError(f"{name}: config: a mapping of settings is needed")
    own = {str(key) if ":" in str(key) else f"{model.project.name}:{key}": values[key] for key in values}
    return _checked(model, {key: _as_engine_text(value) for key, value in own.items()}, name, environment)


def _name(model: type[Settings], environment: str) -> str:
    return f"stacks/{model.project.layer}/Pulumi.{environment}.yaml"


def _as_engine_text(value: object) -> str:
    """A value of the file as the engine hands it to a program: scalars as text, the rest as JSON."""
    return value if isinstance(value, str) else json.dumps(value, default=str)


def _checked(model: type[S], values: Mapping[str, str], name: str, environment: str) -> S:
    project = model.project.name
    for key in values:
        namespace = key.partition(":")[0]
        if namespace not in (project, *_FOREIGN):
            raise SettingsError(f"{name}: {key}: unknown; settings here begin with {project}:")
    if not _REGION.match(values.get(REGION_KEY, "")):
        raise SettingsError(f"{name}: {REGION_KEY}: the name of an AWS region is needed, such as eu-west-1")
    own = {key.partition(":")[2]: text for key, text in values.items() if key.startswith(f"{project}:")}
    texts = {field.encode_name for field in msgspec.structs.fields(model) if _is_text(field.type)}
    decoded = {key: text if key in texts else _decoded(text) for key, text in own.items()}
    try:
        settings = msgspec.convert(decoded, model)
    except msgspec.ValidationError as error:
        raise SettingsError(f"{name}: {project}:{_explained(model, str(error))}") from None
    if getattr(settings, "architecture", None) == "host" and environment != LOCAL:
        raise SettingsError(
            f"{name}: {project}:architecture: allowed is arm64 or x86_64; host is for {LOCAL} only"
        )
    return settings


def _decoded(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _is_text(field_type: Any) -> bool:
    while get_origin(field_type) is Annotated:
        field_type = get_args(field_type)[0]
    return field_type is str


def _explained(model: type[Settings], message: str) -> str:
    """msgspec's words as 'key: what is wrong; allowed is ...'."""
    problem, _, path = message.partition(" - at `$")
    path = path.strip("`.")
    if unknown := re.match(r"Object contains unknown field `(.+)`", problem):
        known = ", ".join(sorted(_allowed(_at(model, path))))
        return f"{_join(path, unknown[1])}: unknown; known are {known}"
    if missing := re.match(r"Object missing required field `(.+)`", problem):
        return f"{missing[1]}: missing; allowed is {_allowed(model)[missing[1]]}"
    if not path:  # raised by a class about fields that must fit together
        path, _, allowed = problem.partition(": ")
        return f"{path}: not allowed; allowed is {allowed or _allowed(model)[path]}"
    owner, _, key = path.rpartition(".")
    allowed = _allowed(_at(model, owner)).get(key.partition("[")[0], "")
    words = problem[:1].lower() + problem[1:].replace("`", "")
    return f"{path}: {words}; allowed is {allowed}"


def _at(model: type[msgspec.Struct], path: str) -> type[msgspec.Struct]:
    return FunctionSettings if path else model


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _allowed(model: type[msgspec.Struct]) -> dict[str, str]:
    """For each key, what it may be."""
    return {
        field.encode_name: next(_descriptions(field.type), "an object with " + ", ".join(_keys(field.type)))
        for field in msgspec.structs.fields(model)
    }


def _descriptions(field_type: Any) -> Iterator[str]:
    for part in (field_type, *get_args(field_type)):
        for annotation in getattr(part, "__metadata__", ()):
            if isinstance(annotation, msgspec.Meta) and annotation.description:
                yield annotation.description


def _keys(field_type: Any) -> list[str]:
    if isinstance(field_type, type) and issubclass(field_type, msgspec.Struct):
        return [field.encode_name for field in msgspec.structs.fields(field_type)]
    return []
