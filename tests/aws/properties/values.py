"""Conversion of names and values of properties, based on AWS's schemas."""

import json
from collections.abc import Mapping
from typing import Any

from tests.aws.properties.errors import TABLE, ConversionError
from tests.aws.properties.schemas import PropertySchema

# In order of precedence: `policy` becomes `PolicyDocument` even if there is a `PolicyName`.
SUFFIXES = ("", "Document", "Id", "Name", "Arn")


def find_property(key: str, schema: PropertySchema, renames: Mapping[str, str]) -> str:
    """The schema's property for a Pulumi input. Raises ConversionError if there is none."""
    if key in renames:
        return renames[key]
    names = {name.casefold(): name for name in schema.properties}
    type_name = schema.type.rsplit("::", 1)[1]
    for candidate in (*(key + suffix for suffix in SUFFIXES), type_name + key):
        if candidate.casefold() in names:
            return names[candidate.casefold()]
    raise ConversionError(
        f"'{key}' is not among the properties {sorted(schema.properties)} of {schema.type}."
        f" Add it to `renames` or, with a reason, to `omitted` in {TABLE}"
    )


def convert_to_list(value: Any, items: PropertySchema) -> list[Any]:
    """A mapping, such as tags, as pairs if the schema has pairs. A single value as a list of one."""
    if isinstance(value, Mapping) and "Value" in items.properties and len(items.properties) == 2:
        name = next(name for name in items.properties if name != "Value")
        return [{name: key, "Value": text} for key, text in value.items()]
    return list(value) if isinstance(value, list | tuple) else [value]


def parse_json_text(value: str, schema: PropertySchema) -> Any:
    """JSON text as an object if the schema has an object. Other text is returned unchanged."""
    return json.loads(value) if "object" in schema.types and value.startswith("{") else value


def convert_whole_numbers(value: Any) -> Any:
    """The value with whole numbers as integers. Pulumi represents all numbers as floats."""
    if isinstance(value, Mapping):
        return {key: convert_whole_numbers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [convert_whole_numbers(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
