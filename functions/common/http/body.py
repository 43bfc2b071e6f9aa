"""The values of a model's fields out of the JSON that a client posted."""

from collections.abc import Callable, Sequence

from functions.common.domain.fields import Field
from functions.common.http.exact_json import JsonObject, read_object
from functions.common.http.problem import FieldError, invalid

Convert = Callable[[Field, object], object]
"""A field's value in its own type. Raises ValueError if it is none that the field may hold."""


def read_fields(text: str, fields: Sequence[Field], convert: Convert, what: str) -> dict[str, object]:
    """The value of each field, None for an optional one left out.

    Raises ProblemError (400), naming all fields at fault; `what` is what the fields are of, 'transaction'.
    """
    values = read_object(text)
    accepted: dict[str, object] = {}
    errors: list[FieldError] = []
    for field in fields:
        try:
            accepted[field.name] = _accept(field, values, convert)
        except ValueError as error:
            errors.append(FieldError(field.name, str(error)))
    unknown = sorted(values.keys() - {field.name for field in fields})
    errors += [FieldError(_sendable(name), f"is not a field of a {what}") for name in unknown]
    if errors:
        raise invalid(what, errors)
    return accepted


def _accept(field: Field, values: JsonObject, convert: Convert) -> object:
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


def _sendable(name: str) -> str:
    # JSON can write a lone surrogate ("\\ud800") into a name; UTF-8 cannot send it back.
    return name.encode(errors="replace").decode()
