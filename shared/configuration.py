"""The settings of a layer, read from the running program's configuration or directly from its file.

Both ways apply the same checks, so that a task can fail before the engine starts.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_args, get_origin

import msgspec
import pulumi
import yaml
from pulumi.runtime import config as pulumi_config

from shared import projects
from shared.names import Names
from shared.settings import Settings, find_problems

ROOT = Path(__file__).resolve().parent.parent
LOCAL = "local"
REGION_KEY = "aws:region"
ACCOUNT_KEY = "aws:allowedAccountIds"  # pragma: allowlist secret
_REGION = re.compile(r"\A[a-z]{2}(-[a-z]+)+-\d\Z")
_ACCOUNT = re.compile(r"\A\d{12}\Z")
# Pulumi and its AWS provider read these keys from the same file.
_OTHER_NAMESPACES = ("aws", "pulumi")
# Settings that need a service of AWS that the embedded AWS lacks: attribute, key and service.
_MISSING_IN_LOCAL = (
    ("firewall_requests_per_minute", "firewallRequestsPerMinute", "AWS WAF"),
    ("code_signing", "codeSigning", "code signing"),
)

S = TypeVar("S", bound=Settings)
Values = Mapping[str, str]


class SettingsError(Exception):
    """A setting is unknown, missing or not allowed. The message is one line without a final period.

    `key` is empty if the whole file cannot be read; `line` is 0 if unknown.
    """

    def __init__(self, file: str, key: str, problem: str, remedy: str, *, line: int = 0) -> None:
        location = f"{file}:{line}" if line else file
        super().__init__(f"{': '.join(part for part in (location, key, problem) if part)}. {remedy}")
        self.file = file
        self.key = key
        self.line = line


class CombinedSettingsError(SettingsError):
    """Several settings of a file are invalid. The message has a line for each of the `errors`.

    The other attributes are those of the first error.
    """

    def __init__(self, errors: Sequence[SettingsError]) -> None:
        Exception.__init__(self, "\n".join(map(str, errors)))
        self.errors = errors
        self.file = errors[0].file
        self.key = errors[0].key
        self.line = errors[0].line


@dataclass(frozen=True)
class Account:
    """The AWS account of an environment, its region, and the names of the resources in it."""

    id: str
    region: str
    names: Names


def load_settings(model: type[S]) -> S:
    """The settings of the running program's stack. Raises SettingsError."""
    stack = pulumi.get_stack()
    values = {**pulumi_config.get_config_env(), **pulumi_config.CONFIG.get()}
    return _validate_values(model, values, _file_name(model.project.layer, stack), stack)


def validate_file(model: type[S], environment: str, root: Path = ROOT) -> S:
    """The settings in `stacks/<layer>/Pulumi.<environment>.yaml`. Raises SettingsError."""
    layer = model.project.layer
    file, values = _file_name(layer, environment), _read_values(layer, environment, root)
    settings = _validate_values(model, values, file, environment)
    _raise_errors(_check_matches_foundation(layer, environment, root, values))
    return settings


def read_account(environment: str, root: Path = ROOT) -> Account:
    """The account of an environment other than local, from foundation's settings. Raises SettingsError."""
    foundation = projects.FOUNDATION
    file = _file_name(foundation.layer, environment)
    values = _read_values(foundation.layer, environment, root)
    _raise_errors([*_check_region(values, file), *_check_account(values, file, environment)])
    suffix = values.get(f"{foundation.name}:nameSuffix", "")
    return Account(_parse_json(values[ACCOUNT_KEY])[0], values[REGION_KEY], Names(suffix))


def _file_name(layer: str, environment: str) -> str:
    return f"stacks/{layer}/Pulumi.{environment}.yaml"


def _read_values(layer: str, environment: str, root: Path) -> Values:
    """The file's settings in the form that the engine passes to a program: strings as they are, else JSON."""
    file = _file_name(layer, environment)
    try:
        # A subclass of the safe loader.
        document = yaml.load((root / file).read_text(encoding="utf-8"), _UniqueKeyLoader)  # noqa: S506
    except FileNotFoundError:
        raise SettingsError(
            file, "", "the file does not exist", "Copy the file of another environment"
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = error.problem_mark if isinstance(error, yaml.MarkedYAMLError) else None
        reason = error.problem if isinstance(error, yaml.MarkedYAMLError) else " ".join(str(error).split())
        line = mark.line + 1 if mark else 0
        raise SettingsError(
            file, "", f"the file is not valid YAML ({reason})", "Correct it", line=line
        ) from None
    values = document.get("config") if isinstance(document, dict) else None
    if not isinstance(values, dict):
        raise SettingsError(file, "config", "missing", "Add a mapping of settings")
    return {
        _qualify_key(str(key), layer): value if isinstance(value, str) else json.dumps(value, default=str)
        for key, value in values.items()
    }


class _UniqueKeyLoader(yaml.SafeLoader):
    """Refuses a key that occurs twice in a mapping. YAML forbids it, but PyYAML uses the last value."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in keys:
                raise yaml.constructor.ConstructorError(
                    None, None, f"duplicate key '{key}'", key_node.start_mark
                )
            keys.add(key)
        return super().construct_mapping(node, deep)


def _raise_errors(errors: Sequence[SettingsError]) -> None:
    if len(errors) > 1:
        raise CombinedSettingsError(errors)
    if errors:
        raise errors[0]


def _qualify_key(key: str, layer: str) -> str:
    return key if ":" in key else f"fraud-{layer}:{key}"


def _check_matches_foundation(
    layer: str, environment: str, root: Path, values: Values
) -> list[SettingsError]:
    """Foundation writes policies for other layers' resources by name, so the names must be the same.

    A layer signs its functions with what foundation creates for it.
    """
    foundation = projects.FOUNDATION
    if layer == foundation.layer or not (root / _file_name(foundation.layer, environment)).exists():
        return []
    foundation_values = _read_values(foundation.layer, environment, root)
    expected = {
        REGION_KEY: foundation_values.get(REGION_KEY, ""),
        ACCOUNT_KEY: foundation_values.get(ACCOUNT_KEY, ""),
        f"fraud-{layer}:nameSuffix": foundation_values.get(f"{foundation.name}:nameSuffix", ""),
    }
    file = _file_name(layer, environment)
    errors = [
        SettingsError(file, key, f"differs from {foundation.name}", f"Use '{value}'")
        for key, value in expected.items()
        if values.get(key, "") != value
    ]
    signing, upstream_signing = f"fraud-{layer}:codeSigning", f"{foundation.name}:codeSigning"
    if values.get(signing) == "true" and foundation_values.get(upstream_signing) != "true":
        errors.append(
            SettingsError(
                file, signing, f"{foundation.name} signs no code", f"Set {upstream_signing} to true"
            )
        )
    return errors


def _validate_values(model: type[S], values: Values, file: str, environment: str) -> S:
    prefix = f"{model.project.name}:"
    texts = {key.removeprefix(prefix): text for key, text in values.items() if key.startswith(prefix)}
    strings = {field.encode_name for field in msgspec.structs.fields(model) if _is_string(field.type)}
    own_values = {key: text if key in strings else _parse_json(text) for key, text in texts.items()}
    _raise_errors(
        [
            *_check_namespaces(values, prefix, file),
            *_check_region(values, file),
            *_check_account(values, file, environment),
            *(
                SettingsError(file, f"{prefix}{problem.key}", problem.problem, problem.remedy)
                for problem in find_problems(model, own_values)
            ),
        ]
    )
    settings = msgspec.convert(own_values, model)
    if getattr(settings, "architecture", None) == "host" and environment != LOCAL:
        raise SettingsError(file, f"{prefix}architecture", f"host is only for {LOCAL}", "Use arm64 or x86_64")
    for name, key, service in _MISSING_IN_LOCAL:
        if getattr(settings, name, False) and environment == LOCAL:
            raise SettingsError(file, f"{prefix}{key}", f"{LOCAL} has no {service}", "Remove the setting")
    return settings


def _check_namespaces(values: Values, prefix: str, file: str) -> Iterator[SettingsError]:
    prefixes = (prefix, *(f"{namespace}:" for namespace in _OTHER_NAMESPACES))
    for key in values:
        if not key.startswith(prefixes):
            yield SettingsError(file, key, "unknown key", f"Use a key that begins with {prefix}")


def _check_region(values: Values, file: str) -> Iterator[SettingsError]:
    if not _REGION.match(values.get(REGION_KEY, "")):
        problem = "value not allowed" if REGION_KEY in values else "missing"
        yield SettingsError(file, REGION_KEY, problem, "Use the name of an AWS region")


def _check_account(values: Values, file: str, environment: str) -> Iterator[SettingsError]:
    """An environment is one account, so there is exactly one ID. The provider refuses other accounts."""
    if environment == LOCAL:
        if ACCOUNT_KEY in values:
            yield SettingsError(
                file, ACCOUNT_KEY, f"{LOCAL} does not use an AWS account", "Remove the setting"
            )
        return
    ids = _parse_json(values.get(ACCOUNT_KEY, "null"))
    is_single = isinstance(ids, list) and len(ids) == 1 and isinstance(ids[0], str)
    if not (is_single and _ACCOUNT.match(ids[0])):
        problem = "value not allowed" if ACCOUNT_KEY in values else "missing"
        yield SettingsError(
            file, ACCOUNT_KEY, problem, "Use a list of one account ID, which is 12 digits in quotes"
        )


def _parse_json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _is_string(field_type: Any) -> bool:
    while get_origin(field_type) is Annotated:
        field_type = get_args(field_type)[0]
    return field_type is str
