"""The envelope that API Gateway enforces on a request, made from the fields of a model.

The gateway cannot say which field is wrong or why, so it only refuses what is no flat object of scalars. The
rules of each field are the function's, which names all that are at fault.
"""

from collections.abc import Sequence

from functions.common.domain.fields import Field

# null stands for a field left out; a boolean is never right, but the function says so by name.
_SCALAR: list[str] = ["string", "number", "boolean", "null"]
# Room for some unknown fields, so that the function can name them, but not for thousands.
_MAX_PROPERTIES = 64


def envelope(title: str, fields: Sequence[Field]) -> dict[str, object]:
    """A JSON schema (draft 4) of a request's body: an object of scalars."""
    return {
        "$schema": "http://json-schema.org/draft-04/schema#",
        "title": title,
        "type": "object",
        "maxProperties": _MAX_PROPERTIES,
        "properties": {field.name: {"type": _SCALAR, "description": field.description} for field in fields},
        "additionalProperties": {"type": _SCALAR},
    }
