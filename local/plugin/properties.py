"""Declarations of input properties: allowed values, defaults and comparison.

A property that a type does not declare is rejected at every depth, so no property is dropped silently.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from local.plugin.values import Plain, Props, has_unknown
from shared.policy_equality import canonical_policy


@dataclass(frozen=True)
class Property:
    """One input property of a resource type, or a field of a nested block.

    default: the value that AWS (or pulumi_aws) uses if the property is absent; None means "not set".
    replace: a change replaces the resource; a function decides from (old, new).
    computed: AWS chooses the value if the property is absent, so its absence is never a change.
    unordered: a list that AWS treats as a set.
    document: JSON text, compared by content; "policy" also treats equivalent IAM policies as equal.
    only: the allowed values, which have no effect; other values are rejected.
    autoname: an absent name is generated from the logical name and seven hexadecimal digits.
    fields: the fields of a nested block, or of each block in a list.
    api: the name in the AWS API, if it is not the property's name with a capital.
    """

    default: Plain = None
    required: bool = False
    replace: bool | Callable[[Plain, Plain], bool] = False
    computed: bool = False
    unordered: bool = False
    document: str = ""
    only: tuple[Plain, ...] = ()
    autoname: bool = False
    fields: "Mapping[str, Property] | None" = None
    api: str = ""

    def replaces(self, old: Plain, new: Plain) -> bool:
        """Whether a change from `old` to `new` replaces the resource."""
        return self.replace(old, new) if callable(self.replace) else self.replace


def capitalize(name: str) -> str:
    """The API's spelling: `delaySeconds` becomes `DelaySeconds`."""
    return name[0].upper() + name[1:]


def to_api(fields: Mapping[str, Property], block: Props) -> dict[str, Any]:
    """A block of properties with the names of the AWS API at every depth, and with defaults."""
    result = {}
    for name, field in fields.items():
        value = field.default if block.get(name) is None else block[name]
        if value is not None:
            result[field.api or capitalize(name)] = _convert_blocks(field, value, to_api)
    return result


def from_api(fields: Mapping[str, Property], response: Mapping[str, Any]) -> Props:
    """The inverse of `to_api`. A property that the response lacks is None."""
    return {**dict.fromkeys(fields), **_block_from_api(fields, response)}


def _block_from_api(fields: Mapping[str, Property], response: Mapping[str, Any]) -> Props:
    result = {}
    for name, field in fields.items():
        value = response.get(field.api or capitalize(name))
        if value is not None:
            result[name] = _convert_blocks(field, value, _block_from_api)
    return result


def _convert_blocks(
    field: Property, value: Plain, convert: Callable[[Mapping[str, Property], Any], Plain]
) -> Plain:
    if field.fields is None:
        return value
    if isinstance(value, list):
        return [convert(field.fields, item) for item in value]
    return convert(field.fields, value)


def to_text(value: Plain) -> str:
    """A value for an API whose attributes are text; an empty text resets an attribute."""
    return "" if value is None else value if isinstance(value, str) else json.dumps(value)


def copy_fields(response: Mapping[str, Any], *names: str) -> Props:
    """Values of a response that have the same name in the API and in Pulumi; None for an absent value."""
    return {name: response.get(capitalize(name)) for name in names}


def without_empty(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values that are not None, empty texts, empty lists or empty mappings."""
    return {name: value for name, value in values.items() if value not in (None, "", [], {})}


def normal_form(declared: Property, value: Plain) -> Plain:
    """The normal form of a value: two values are equivalent for AWS if their normal forms are equal."""
    if value is None:
        value = declared.default
    if value in (None, "", [], {}) or has_unknown(value):
        return value or None
    if declared.document and isinstance(value, str):
        return _parse_document(declared.document, value)
    if isinstance(value, list):
        items = [_normal_block(declared, item) for item in value]
        return sorted(items, key=_sort_key) if declared.unordered else items
    return _normal_block(declared, value)


def _normal_block(declared: Property, value: Plain) -> Plain:
    if declared.fields is None or not isinstance(value, dict):
        return value
    # A field with its default is omitted, so a block of such fields equals an absent block.
    fields = {name: normal_form(field, value.get(name)) for name, field in declared.fields.items()}
    return {
        name: value for name, value in fields.items() if value != normal_form(declared.fields[name], None)
    } or None


def _parse_document(kind: str, text: str) -> Plain:
    try:
        parsed = json.loads(text)
    except ValueError:
        return text
    return canonical_policy(parsed) if kind == "policy" else parsed


def _sort_key(value: Plain) -> str:
    return json.dumps(value, sort_keys=True, default=str)


def same_value(declared: Property, old: Plain, new: Plain) -> bool:
    """Whether two values are equivalent for AWS. An unknown value never equals another value.

    In a nested block, a computed field is compared only if both blocks have it.
    """
    if has_unknown(old) or has_unknown(new):
        return False
    if declared.fields is not None and isinstance(old, dict) and isinstance(new, dict):
        return not differing_fields(declared, old, new)
    return bool(normal_form(declared, old) == normal_form(declared, new))


def differing_fields(declared: Property, old: Plain, new: Plain) -> Mapping[str, Property]:
    """The fields in which two nested blocks differ; empty if one of the values is not a block."""
    if declared.fields is None or not isinstance(old, dict) or not isinstance(new, dict):
        return {}
    return {
        name: field
        for name, field in declared.fields.items()
        if not _same_field(field, old.get(name), new.get(name))
    }


def _same_field(field: Property, old: Plain, new: Plain) -> bool:
    return (field.computed and (old is None or new is None)) or same_value(field, old, new)


def property_problems(
    declared: Mapping[str, Property], inputs: Props, path: str = ""
) -> Iterator[tuple[str, str]]:
    """(property path, reason) for every unsupported input and every missing required input."""
    for name in inputs.keys() - declared.keys():
        yield path + name, "is not supported by the local aws plugin. Remove it."
    for name, field in declared.items():
        value = inputs.get(name)
        if value is None:
            if field.required:
                yield path + name, "is required"
            continue
        if field.only and not has_unknown(value) and value not in field.only:
            allowed = " or ".join(json.dumps(item) for item in field.only)
            reason = f"is {json.dumps(value)}, which the local aws plugin does not support. Use {allowed}."
            yield path + name, reason
        if field.fields is not None:
            yield from _block_problems(field.fields, value, path + name)


def _block_problems(fields: Mapping[str, Property], value: Plain, path: str) -> Iterator[tuple[str, str]]:
    blocks = value if isinstance(value, list) else [value]
    for index, block in enumerate(blocks):
        if isinstance(block, dict):
            prefix = f"{path}[{index}]." if isinstance(value, list) else f"{path}."
            yield from property_problems(fields, block, prefix)
        elif not has_unknown(block):
            yield path, "must be a block of properties"
