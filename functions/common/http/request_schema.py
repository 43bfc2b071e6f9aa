"""The request schema that API Gateway enforces, derived from the fields of a model.

The gateway cannot report the invalid field and its error, so it only rejects bodies that are not flat objects
of scalars. The function validates each field and reports all invalid ones.
"""

from collections.abc import Sequence

from functions.common.domain.fields import Field

# null is a missing field. No field accepts a boolean, but the function reports that with the field's name.
_SCALAR_TYPES: list[str] = ["string", "number", "boolean", "null"]
# Allows for some unknown fields, which the function reports by name.
_MAX_PROPERTIES = 64


def build_request_schema(title: str, fields: Sequence[Field]) -> dict[str, object]:
    """Build the JSON schema (draft 4) of a request's body: an object of scalars."""
    return {
        "$schema": "http://json-schema.org/draft-04/schema#",
        "title": title,
        "type": "object",
        "maxProperties": _MAX_PROPERTIES,
        "properties": {
            field.name: {"type": _SCALAR_TYPES, "description": field.description} for field in fields
        },
        "additionalProperties": {"type": _SCALAR_TYPES},
    }
