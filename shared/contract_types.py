"""The types of contract fields, as names that a stack's outputs can hold.

The names are those of JSON Schema: `string`, `number` and `boolean`; for collections, `array of <type>` and
`object of <type>`. Stacks deployed by the last release declare `text`, `true or false`, `list of <type>` and
`map of <type>` instead. `legacy_name` and `from_legacy_name` convert between the two.
"""

from collections.abc import Mapping, Sequence
from types import UnionType
from typing import Any, Union, get_args, get_origin

STRING = "string"
NUMBER = "number"
BOOLEAN = "boolean"
ARRAY_OF = "array of "
OBJECT_OF = "object of "

_SCALARS: Mapping[Any, str] = {str: STRING, int: NUMBER, float: NUMBER, bool: BOOLEAN}
_LEGACY_SCALARS = {STRING: "text", BOOLEAN: "true or false"}
_LEGACY_PREFIXES = {ARRAY_OF: "list of ", OBJECT_OF: "map of "}


def annotation_type(annotation: Any) -> str:
    """The type of a field from its annotation, such as `pulumi.Input[str]`. Raises TypeError."""
    if get_origin(annotation) in (Union, UnionType):
        # pulumi.Input[T] is a union of T with an awaitable and an Output of T.
        return annotation_type(get_args(annotation)[0])
    if scalar := _SCALARS.get(annotation):
        return scalar
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (list, Sequence):
        return ARRAY_OF + annotation_type(arguments[0])
    if origin in (dict, Mapping):
        return OBJECT_OF + annotation_type(arguments[1])
    raise TypeError(f"An output cannot have the type {annotation}")


def value_type(value: Any) -> str:
    """The type of a plain value. An empty list or mapping counts as one of strings."""
    if isinstance(value, Mapping):
        return OBJECT_OF + value_type(next(iter(value.values()), ""))
    if isinstance(value, list | tuple):
        return ARRAY_OF + value_type(next(iter(value), ""))
    return _SCALARS.get(type(value), type(value).__name__)


def matches_type(value: Any, type_name: str) -> bool:
    """Whether a plain value has the type."""
    if type_name.startswith(ARRAY_OF):
        item_type = type_name.removeprefix(ARRAY_OF)
        return isinstance(value, list | tuple) and all(matches_type(item, item_type) for item in value)
    if type_name.startswith(OBJECT_OF):
        item_type = type_name.removeprefix(OBJECT_OF)
        return isinstance(value, Mapping) and all(matches_type(item, item_type) for item in value.values())
    return value_type(value) == type_name


def make_placeholder(layer: str, field: str, type_name: str) -> Any:
    """A value of the type that names the layer and the field, in a form that providers accept."""
    if type_name.startswith(ARRAY_OF):
        # Two, because rules refuse functions in a single subnet.
        name, _, kind = field.removesuffix("s").rpartition("_")
        item_type = type_name.removeprefix(ARRAY_OF)
        return [make_placeholder(layer, f"{name}_{number}_{kind}", item_type) for number in (1, 2)]
    if type_name.startswith(OBJECT_OF):
        return {"PLACEHOLDER": make_placeholder(layer, field, type_name.removeprefix(OBJECT_OF))}
    if type_name in (NUMBER, BOOLEAN):
        return 1 if type_name == NUMBER else False
    if field.endswith("_arn"):
        return f"arn:aws:placeholder::000000000000:PLACEHOLDER/{layer}/{field}"
    if field.endswith("_url"):
        return f"https://placeholder.invalid/PLACEHOLDER/{layer}/{field}"
    return f"PLACEHOLDER-{layer}-{field}"


def legacy_name(type_name: str) -> str:
    """The name of a type in declarations that earlier releases read and write."""
    for prefix, legacy_prefix in _LEGACY_PREFIXES.items():
        if type_name.startswith(prefix):
            return legacy_prefix + legacy_name(type_name.removeprefix(prefix))
    return _LEGACY_SCALARS.get(type_name, type_name)


def from_legacy_name(type_name: str) -> str:
    """The current name of a type. A current name is returned unchanged."""
    for prefix, legacy_prefix in _LEGACY_PREFIXES.items():
        for known_prefix in (prefix, legacy_prefix):
            if type_name.startswith(known_prefix):
                return prefix + from_legacy_name(type_name.removeprefix(known_prefix))
    return {legacy: current for current, legacy in _LEGACY_SCALARS.items()}.get(type_name, type_name)
