"""Conversion of the registered resources of an environment into a CloudFormation template.

The names of properties come from AWS's schemas. A resource or property without a conversion is an error: the
template omits only what `conversions.py` lists with a reason.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from tests.aws.properties.conversions import CONVERSIONS, NO_COUNTERPART, Part, Resource
from tests.aws.properties.errors import TABLE, ConversionError
from tests.aws.properties.references import References, last_segment, short_type
from tests.aws.properties.schemas import PropertySchema
from tests.aws.properties.values import convert_to_list, convert_whole_numbers, find_property, parse_json_text
from tests.stacks.recording import RecordedProgram, RecordedResource

Template = dict[str, Any]


def make_template(programs: Iterable[RecordedProgram]) -> Template:
    """Convert every AWS resource of every layer."""
    return _Converter(
        {
            logical_id(program.layer, resource): resource
            for program in programs
            for resource in program.resources
            if resource.type.startswith("aws:")
        }
    ).make_template()


def logical_id(layer: str, resource: RecordedResource) -> str:
    """The logical ID of a resource: layer, Pulumi name and type, such as `DataSuspiciousQueue`."""
    words = re.findall(r"[A-Za-z0-9]+", f"{layer} {resource.name} {resource.type.rsplit(':', 1)[-1]}")
    return "".join(word[0].upper() + word[1:] for word in words)


class _Converter:
    """The conversion of recorded resources, which are given by logical ID."""

    def __init__(self, recorded: Mapping[str, RecordedResource]) -> None:
        self._recorded = recorded
        self._references = References(recorded)
        self._resources: dict[str, Any] = {}

    def make_template(self) -> Template:
        """Build the template. Owners are converted before their parts."""
        parts = []
        for name, resource in self._recorded.items():
            conversion = _find_conversion(resource)
            if isinstance(conversion, Resource):
                self._resources[name] = self._convert_resource(resource, conversion)
            elif isinstance(conversion, Part):
                parts.append((resource, conversion))
        for resource, part in parts:
            self._attach_part(resource, part)
        return {"AWSTemplateFormatVersion": "2010-09-09", "Resources": self._resources}

    def _convert_resource(self, resource: RecordedResource, conversion: Resource) -> Mapping[str, Any]:
        inputs = {key: value for key, value in resource.inputs.items() if key not in conversion.omitted}
        schema = PropertySchema.from_type(conversion.type)
        properties = self._convert_object(conversion.reshape(inputs), schema, conversion.renames)
        return {"Type": conversion.type, "Properties": properties}

    def _attach_part(self, resource: RecordedResource, part: Part) -> None:
        owner = self._find_owner(resource, part)
        schema = PropertySchema.from_type(owner["Type"]).child(part.property)
        inputs = {key: value for key, value in resource.inputs.items() if key not in part.joins}
        value = self._convert_value(part.property, part.reshape(inputs), schema, part.renames)
        if "array" in schema.types:
            value = owner["Properties"].get(part.property, []) + value
        owner["Properties"][part.property] = value

    def _find_owner(self, resource: RecordedResource, part: Part) -> dict[str, Any]:
        for name, owner in self._recorded.items():
            if short_type(owner) == part.owner and all(
                last_segment(resource.inputs.get(key)) == last_segment(_find_value(owner, owner_key))
                for key, owner_key in part.joins.items()
            ):
                properties: dict[str, Any] = self._resources[name]
                return properties
        raise ConversionError(
            f"'{resource.name}': no {part.owner} has the same {', '.join(part.joins)}. See {TABLE}"
        )

    def _convert_object(
        self, inputs: Mapping[str, Any], schema: PropertySchema, renames: Mapping[str, str]
    ) -> dict[str, Any]:
        converted: dict[str, Any] = {}
        for key, value in inputs.items():
            name = find_property(key, schema, renames)
            if name in converted:
                raise ConversionError(
                    f"{schema.type}: '{key}' and another input both become '{name}'. See {TABLE}"
                )
            converted[name] = self._convert_value(key, value, schema.child(name), renames)
        return converted

    def _convert_value(self, key: str, value: Any, schema: PropertySchema, renames: Mapping[str, str]) -> Any:
        if "array" in schema.types:
            items = schema.items
            return [self._convert_value(key, item, items, renames) for item in convert_to_list(value, items)]
        if isinstance(value, Mapping) and schema.properties:
            return self._convert_object(value, schema, renames)
        if isinstance(value, str):
            return self._references.find(key, value) or parse_json_text(value, schema)
        return convert_whole_numbers(value)


def _find_value(owner: RecordedResource, key: str) -> Any:
    """An input of an owner, or its mocked ID."""
    return f"{owner.name}-id" if key == "id" else owner.inputs.get(key)


def _find_conversion(resource: RecordedResource) -> Resource | Part | None:
    type_ = short_type(resource)
    if type_ in NO_COUNTERPART:
        return None
    if type_ not in CONVERSIONS:
        raise ConversionError(
            f"{resource.type} ('{resource.name}') has no conversion. Add it to CONVERSIONS in {TABLE},"
            " or to NO_COUNTERPART if CloudFormation has no such type"
        )
    return CONVERSIONS[type_]
