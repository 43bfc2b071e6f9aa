"""Names and values of properties in CloudFormation, derived from AWS's schema."""

import json
from collections.abc import Mapping
from typing import Any

from tests.aws.properties.errors import TABLE, ConversionError
from tests.aws.properties.schemas import Schema

# `policy` is `PolicyDocument`, although there may be a `PolicyName`, too.
SUFFIXES = ("", "Document", "Id", "Name", "Arn")


def property_name(key: str, schema: Schema, renames: Mapping[str, str]) -> str:
    """The schema's property for a Pulumi input; raises ConversionError where there is none."""
    if key in renames:
        return renames[key]
    names = {name.casefold(): name for name in schema.properties}
    type_name = schema.type.rsplit("::", 1)[1]
    for candidate in (*(key + suffix for suffix in SUFFIXES), type_name + key):
        if candidate.casefold() in names:
            return names[candidate.casefold()]
    raise ConversionError(
        f"'{key}' is not among the properties {sorted(schema.properties)} of {schema.type}:"
        f" add it to the renames or, with a reason, to what is omitted in {TABLE}"
    )


def as_list(value: Any, items: Schema) -> list[Any]:
    """A map as pairs, such as tags, where AWS has pairs; a single value as a list of one."""
    if isinstance(value, Mapping) and "Value" in items.properties and len(items.properties) == 2:
        name = next(name for name in items.properties if name != "Value")
        return [{name: key, "Value": text} for key, text in value.items()]
    return list(value) if isinstance(value, list | tuple) else [value]


def parse_json(value: str, schema: Schema) -> Any:
    """JSON text as the object that the schema wants; other text as it is."""
    return json.loads(value) if "object" in schema.types and value.startswith("{") else value


def whole_numbers(value: Any) -> Any:
    """The value with whole numbers as integers: Pulumi hands over all numbers as floats."""
    if isinstance(value, Mapping):
        return {key: whole_numbers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [whole_numbers(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
