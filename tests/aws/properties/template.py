"""Converts what the layers of an environment registered into one CloudFormation template.

Names of properties come from AWS's schemas. Whatever has no place in the template fails with where to add it:
nothing is left out that is not in `conversions.py` with a reason.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from tests.aws.properties.conversions import CONVERSIONS, NO_COUNTERPART, Part, Resource
from tests.aws.properties.errors import TABLE, ConversionError
from tests.aws.properties.references import References, last_segment, short_type
from tests.aws.properties.schemas import Schema
from tests.aws.properties.values import as_list, parse_json, property_name, whole_numbers
from tests.stacks.recording import Program, Recorded

Template = dict[str, Any]


def make_template(programs: Iterable[Program]) -> Template:
    """The template of an environment: every AWS resource of every layer."""
    return _Converter(
        {
            logical_id(program.layer, resource): resource
            for program in programs
            for resource in program.resources
            if resource.type.startswith("aws:")
        }
    ).template()


def logical_id(layer: str, resource: Recorded) -> str:
    """The name of a resource in the template: layer, Pulumi name and type, such as `DataSuspiciousQueue`."""
    words = re.findall(r"[A-Za-z0-9]+", f"{layer} {resource.name} {resource.type.rsplit(':', 1)[-1]}")
    return "".join(word[0].upper() + word[1:] for word in words)


class _Converter:
    """Fills `resources`, the template's resources by their logical ids."""

    def __init__(self, recorded: Mapping[str, Recorded]) -> None:
        self._recorded = recorded
        self._references = References(recorded)
        self._resources: dict[str, Any] = {}

    def template(self) -> Template:
        """Owners are converted first, so that parts find them."""
        parts = []
        for name, resource in self._recorded.items():
            conversion = _conversion(resource)
            if isinstance(conversion, Resource):
                self._resources[name] = self._convert_resource(resource, conversion)
            elif isinstance(conversion, Part):
                parts.append((resource, conversion))
        for resource, part in parts:
            self._attach(resource, part)
        return {"AWSTemplateFormatVersion": "2010-09-09", "Resources": self._resources}

    def _convert_resource(self, resource: Recorded, conversion: Resource) -> Mapping[str, Any]:
        inputs = {key: value for key, value in resource.inputs.items() if key not in conversion.omitted}
        schema = Schema.from_type(conversion.type)
        properties = self._convert_object(conversion.reshape(inputs), schema, conversion.renames)
        return {"Type": conversion.type, "Properties": properties}

    def _attach(self, resource: Recorded, part: Part) -> None:
        owner = self._find_owner(resource, part)
        schema = Schema.from_type(owner["Type"]).child(part.property)
        inputs = {key: value for key, value in resource.inputs.items() if key not in part.joins}
        value = self._convert_value(part.property, part.reshape(inputs), schema, part.renames)
        if "array" in schema.types:
            value = owner["Properties"].get(part.property, []) + value
        owner["Properties"][part.property] = value

    def _find_owner(self, resource: Recorded, part: Part) -> dict[str, Any]:
        for name, owner in self._recorded.items():
            if short_type(owner) == part.owner and all(
                last_segment(resource.inputs.get(own)) == last_segment(owner.inputs.get(theirs))
                for own, theirs in part.joins.items()
            ):
                properties: dict[str, Any] = self._resources[name]
                return properties
        raise ConversionError(f"'{resource.name}': no {part.owner} fits its {', '.join(part.joins)}")

    def _convert_object(
        self, inputs: Mapping[str, Any], schema: Schema, renames: Mapping[str, str]
    ) -> dict[str, Any]:
        converted: dict[str, Any] = {}
        for key, value in inputs.items():
            name = property_name(key, schema, renames)
            if name in converted:
                raise ConversionError(f"{schema.type}: '{key}' and another input are '{name}': see {TABLE}")
            converted[name] = self._convert_value(key, value, schema.child(name), renames)
        return converted

    def _convert_value(self, key: str, value: Any, schema: Schema, renames: Mapping[str, str]) -> Any:
        if "array" in schema.types:
            items = schema.items
            return [self._convert_value(key, item, items, renames) for item in as_list(value, items)]
        if isinstance(value, Mapping) and schema.properties:
            return self._convert_object(value, schema, renames)
        if isinstance(value, str):
            return self._references.find(key, value) or parse_json(value, schema)
        return whole_numbers(value)


def _conversion(resource: Recorded) -> Resource | Part | None:
    type_ = short_type(resource)
    if type_ in NO_COUNTERPART:
        return None
    if type_ not in CONVERSIONS:
        raise ConversionError(
            f"{resource.type} ('{resource.name}') has no conversion: add it to CONVERSIONS in {TABLE},"
            " or to NO_COUNTERPART there if CloudFormation has no such type"
        )
    return CONVERSIONS[type_]
