"""Validation of a posted JSON object against the fields of a model."""

from collections.abc import Callable, Sequence

from functions.common.domain.fields import Field
from functions.common.http.exact_json import JsonObject, read_object
from functions.common.http.problem import FieldError, invalid_fields

Convert = Callable[[Field, object], object]
"""Converts a value to its field's type. Raises ValueError for a value that the field does not accept."""


def read_fields(text: str, fields: Sequence[Field], convert: Convert, model: str) -> dict[str, object]:
    """Read the value of each field, with None for a missing optional field.

    `model` names the model, such as 'transaction'. Raises ProblemError (400), which names all invalid fields.
    """
    values = read_object(text)
    accepted: dict[str, object] = {}
    errors: list[FieldError] = []
    for field in fields:
        try:
            accepted[field.name] = _convert_field(field, values, convert)
        except ValueError as error:
            errors.append(FieldError(field.name, str(error)))
    unknown = sorted(values.keys() - {field.name for field in fields})
    errors += [FieldError(_replace_surrogates(name), f"is not a field of a {model}") for name in unknown]
    if errors:
        raise invalid_fields(model, errors)
    return accepted


def _convert_field(field: Field, values: JsonObject, convert: Convert) -> object:
    if field.name in values.repeated:
        raise ValueError("is given more than once")
    if field.name not in values and field.required:
        raise ValueError("is missing")
    value = values.get(field.name)
    if value is None and not field.required:
        return None
    try:
        return convert(field, value)
    except ValueError:
        raise ValueError(f"must be {field.description}") from None


def _replace_surrogates(name: str) -> str:
    # A JSON name can contain a lone surrogate ("\\ud800"), which UTF-8 cannot encode.
    return name.encode(errors="replace").decode()
