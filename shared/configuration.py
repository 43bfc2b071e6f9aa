"""Reads a layer's settings, from the running program's configuration or straight from its file.

Both ways refuse the same things with the same words, so that a task can fail before the engine starts.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_args, get_origin

import msgspec
import pulumi
import yaml
from pulumi.runtime import config as pulumi_config

from shared import projects
from shared.names import Names
from shared.setting_errors import explain
from shared.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
LOCAL = "local"
REGION_KEY = "aws:region"
ACCOUNT_KEY = "aws:allowedAccountIds"
_REGION = re.compile(r"\A[a-z]{2}(-[a-z]+)+-\d\Z")
_ACCOUNT = re.compile(r"\A\d{12}\Z")
# What Pulumi itself and its AWS provider read from the same file.
_FOREIGN = ("aws", "pulumi")

S = TypeVar("S", bound=Settings)
Values = Mapping[str, str]


class SettingsError(Exception):
    """A setting is unknown, missing or not allowed: one line with file, key and what is allowed."""


@dataclass(frozen=True)
class Account:
    """The AWS account that an environment is, the region there, and the names of what is made in it."""

    id: str
    region: str
    names: Names


def load(model: type[S]) -> S:
    """The settings of the running program's stack. Raises SettingsError."""
    stack = pulumi.get_stack()
    values = {**pulumi_config.get_config_env(), **pulumi_config.CONFIG.get()}
    return _checked(model, values, _file_name(model.project.layer, stack), stack)


def validate_file(model: type[S], environment: str, root: Path = ROOT) -> S:
    """The settings in `stacks/<layer>/Pulumi.<environment>.yaml`. Raises SettingsError."""
    layer = model.project.layer
    name, values = _file_name(layer, environment), _read(layer, environment, root)
    settings = _checked(model, values, name, environment)
    _check_same_as_foundation(layer, environment, root, values)
    return settings


def read_account(environment: str, root: Path = ROOT) -> Account:
    """The account of an environment other than local: foundation's, which all share. Raises SettingsError."""
    foundation = projects.FOUNDATION
    name, values = _file_name(foundation.layer, environment), _read(foundation.layer, environment, root)
    _check_region(values, name)
    _check_account(values, name, environment)
    suffix = values.get(f"{foundation.name}:nameSuffix", "")
    return Account(_decoded(values[ACCOUNT_KEY])[0], values[REGION_KEY], Names(suffix))


def _file_name(layer: str, environment: str) -> str:
    return f"stacks/{layer}/Pulumi.{environment}.yaml"


def _read(layer: str, environment: str, root: Path) -> Values:
    """The file's settings as the engine hands them to a program: scalars as text, the rest as JSON."""
    name = _file_name(layer, environment)
    try:
        document = yaml.safe_load((root / name).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SettingsError(f"{name}: there is no such file; copy that of another environment") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SettingsError(f"{name}: this is no YAML: {' '.join(str(error).split())}") from None
    values = document.get("config") if isinstance(document, dict) else None
    if not isinstance(values, dict):
        raise SettingsError(f"{name}: config: missing; allowed is a mapping of settings")
    return {
        _with_namespace(str(key), layer): value if isinstance(value, str) else json.dumps(value, default=str)
        for key, value in values.items()
    }


def _with_namespace(key: str, layer: str) -> str:
    return key if ":" in key else f"fraud-{layer}:{key}"


def _check_same_as_foundation(layer: str, environment: str, root: Path, values: Values) -> None:
    """Foundation writes policies about other layers' resources by name, so they must agree on names."""
    foundation = projects.FOUNDATION
    if layer == foundation.layer or not (root / _file_name(foundation.layer, environment)).exists():
        return
    theirs = _read(foundation.layer, environment, root)
    for key, their_key in (
        (REGION_KEY, REGION_KEY),
        (ACCOUNT_KEY, ACCOUNT_KEY),
        (f"fraud-{layer}:nameSuffix", f"{foundation.name}:nameSuffix"),
    ):
        if values.get(key, "") != (wanted := theirs.get(their_key, "")):
            name = _file_name(layer, environment)
            raise SettingsError(f"{name}: {key}: differs from {foundation.name}; allowed is '{wanted}'")


def _checked(model: type[S], values: Values, name: str, environment: str) -> S:
    prefix = f"{model.project.name}:"
    if unknown := [key for key in values if not key.startswith((prefix, *(f"{own}:" for own in _FOREIGN)))]:
        raise SettingsError(f"{name}: {unknown[0]}: unknown; allowed are keys that begin with {prefix}")
    _check_region(values, name)
    _check_account(values, name, environment)
    own = {key.removeprefix(prefix): text for key, text in values.items() if key.startswith(prefix)}
    texts = {field.encode_name for field in msgspec.structs.fields(model) if _is_text(field.type)}
    try:
        settings = msgspec.convert(
            {key: text if key in texts else _decoded(text) for key, text in own.items()}, model
        )
    except msgspec.ValidationError as error:
        raise SettingsError(f"{name}: {prefix}{explain(model, str(error))}") from None
    if getattr(settings, "architecture", None) == "host" and environment != LOCAL:
        raise SettingsError(
            f"{name}: {prefix}architecture: host is for the environment {LOCAL}; allowed is arm64 or x86_64"
        )
    return settings


def _check_region(values: Values, name: str) -> None:
    if not _REGION.match(values.get(REGION_KEY, "")):
        problem = "not allowed" if REGION_KEY in values else "missing"
        raise SettingsError(f"{name}: {REGION_KEY}: {problem}; allowed is the name of an AWS region")


def _check_account(values: Values, name: str, environment: str) -> None:
    """The provider refuses other accounts than these; as an environment is one account, it is one id."""
    if environment == LOCAL:
        if ACCOUNT_KEY in values:
            raise SettingsError(f"{name}: {ACCOUNT_KEY}: not allowed; {LOCAL} is no AWS account")
        return
    ids = _decoded(values.get(ACCOUNT_KEY, "null"))
    is_one = isinstance(ids, list) and len(ids) == 1 and isinstance(ids[0], str)
    if not (is_one and _ACCOUNT.match(ids[0])):
        problem = "not allowed" if ACCOUNT_KEY in values else "missing"
        raise SettingsError(
            f"{name}: {ACCOUNT_KEY}: {problem}; allowed is a list of one account id, 12 digits in quotes"
        )


def _decoded(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _is_text(field_type: Any) -> bool:
    while get_origin(field_type) is Annotated:
        field_type = get_args(field_type)[0]
    return field_type is str
