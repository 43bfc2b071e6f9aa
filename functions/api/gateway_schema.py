"""The envelope that API Gateway enforces on a request, made from the model.

The gateway cannot say which field is wrong or why, so it only refuses what is no flat object of scalars; every
rule of a field is the function's, which names all that are at fault.
"""

from typing import get_args

import msgspec

from functions.common.transaction import Transaction

# null stands for a field left out; a boolean is never right, but the function says so by name.
_SCALAR: list[str] = ["string", "number", "boolean", "null"]
# Room for some unknown fields, so that the function can name them, but not for thousands.
_MAX_PROPERTIES = 64


def envelope_schema() -> dict[str, object]:
    """A JSON schema (draft 4) of the request's body: an object of scalars."""
    fields = msgspec.structs.fields(Transaction)
    return {
        "$schema": "http://json-schema.org/draft-04/schema#",
        "title": "Transaction",
        "type": "object",
        "maxProperties": _MAX_PROPERTIES,
        "properties": {
            field.name: {"type": _SCALAR, "description": describe(field.type)} for field in fields
        },
        "additionalProperties": {"type": _SCALAR},
    }


def describe(field_type: object) -> str:
    """What a field may hold, in words, from the description in the model."""
    for part in (field_type, *get_args(field_type)):
        for annotation in getattr(part, "__metadata__", ()):
            if isinstance(annotation, msgspec.Meta) and annotation.description:
                return annotation.description
    raise TypeError(f"{field_type} has no description")
