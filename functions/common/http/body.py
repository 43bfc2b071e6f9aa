"""The body of a request: its text in an event of API Gateway, its JSON, and the fields of a model in it.

Numbers stay exact, and repeated names are detected. The JSON decoder is the standard library's, because
msgspec's cannot detect repeated names.
"""

import base64
import binascii
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from email.message import Message
from typing import Any, Never

from functions.common.domain.card_numbers import CARD_NUMBER_ERROR, contains_card_number, mask_card_numbers
from functions.common.domain.fields import Field
from functions.common.domain.time_units import MILLISECONDS, find_time_unit
from functions.common.http.problem import (
    FieldError,
    body_too_large,
    invalid_fields,
    malformed_body,
    unsupported_media_type,
)

MAX_BODY_BYTES = 16 * 1024
_CHARSETS = frozenset({"utf-8", "utf8", "us-ascii"})
# The longest value of a field. A longer one is refused anyway.
_MAX_TEXT_CHARACTERS = 128
# The number of characters of an unknown field's name in a response.
_MAX_NAME_CHARACTERS = 64
_CARD_NUMBER = (
    f"{CARD_NUMBER_ERROR}: send a token in its place. If it is an ID, write a letter between its digits"
)
# No field accepts a longer integer, and int() of a long text takes quadratic time.
_MAX_INTEGER_CHARACTERS = 19
_NUMBER = re.compile(r"-?[0-9]{1,19}(\.[0-9]{1,19})?")

Convert = Callable[[Field, object], object]
"""Converts a value to its field's type. Raises ValueError for a value that the field does not accept."""

Check = Callable[[Mapping[str, object]], Iterable[FieldError]]
"""Returns the errors of the valid values together, by name."""


class InvalidValueError(ValueError):
    """A value that its field does not accept, with the reason for the response: 'is in seconds'."""


class JsonObject(dict[str, object]):
    """A JSON object. `repeated` contains the names that occur more than once."""

    def __init__(self, pairs: list[tuple[str, object]]) -> None:
        super().__init__(pairs)
        counts = Counter(name for name, _ in pairs)
        self.repeated = frozenset(name for name in self if counts[name] > 1)


def read_body(event: dict[str, Any], max_bytes: int = MAX_BODY_BYTES) -> str:
    """Read the posted JSON text. Raises ProblemError with status 400, 413 or 415."""
    _check_content_type(_find_header(event, "content-type"))
    body = event.get("body") or ""
    if event.get("isBase64Encoded"):
        body = _decode_base64(body, max_bytes)
    if len(body.encode("utf-8", "surrogatepass")) > max_bytes:
        raise body_too_large(max_bytes)
    return body


def _find_header(event: dict[str, Any], name: str) -> str:
    """The value of a header, by its lower-case name. Header names are case-insensitive."""
    headers = event.get("headers") or {}
    return next((value for key, value in headers.items() if key.lower() == name), "") or ""


def _check_content_type(value: str) -> None:
    header = Message()
    header["content-type"] = " ".join(value.split())
    charset = str(header.get_param("charset", "utf-8")).lower()
    if not value or header.get_content_type() != "application/json" or charset not in _CHARSETS:
        raise unsupported_media_type()


def _decode_base64(body: str, max_bytes: int) -> str:
    # Check the size before decoding: four characters encode three bytes.
    if len(body) > max_bytes * 4 // 3 + 4:
        raise body_too_large(max_bytes)
    try:
        return base64.b64decode(body, validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        raise malformed_body("The body is not UTF-8 text") from None


def read_fields(text: str, fields: Sequence[Field], convert: Convert, model: str) -> dict[str, object]:
    """Read the value of each field in a JSON object, with None for a missing optional field.

    `model` names the model, such as 'transaction'. Raises ProblemError (400), which names all invalid fields.
    """
    return convert_fields(read_object(text), fields, convert, model)


def convert_fields(
    values: JsonObject, fields: Sequence[Field], convert: Convert, model: str, check: Check = lambda _: ()
) -> dict[str, object]:
    """Convert the value of each field, as `read_fields` does, and check the valid values together."""
    accepted: dict[str, object] = {}
    errors: list[FieldError] = []
    for field in fields:
        try:
            accepted[field.name] = _convert_field(field, values, convert)
        except ValueError as error:
            errors.append(FieldError(field.name, str(error)))
    errors += check(accepted)
    unknown = sorted(values.keys() - {field.name for field in fields})
    errors += [FieldError(_clean_name(name), f"is not a field of a {model}") for name in unknown]
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
        converted = convert(field, value)
    except InvalidValueError:
        _refuse_card_number(value)
        raise
    except ValueError:
        _refuse_card_number(value)
        raise ValueError(f"must be {field.description}") from None
    # An amount is a number, also if it is posted as a string.
    _refuse_card_number(converted)
    return converted


def _refuse_card_number(value: object) -> None:
    if isinstance(value, str) and len(value) <= _MAX_TEXT_CHARACTERS and contains_card_number(value):
        raise InvalidValueError(_CARD_NUMBER)


def check_time_unit(value: object) -> None:
    """Raises InvalidValueError for a number that is not a time in milliseconds by its magnitude.

    Also for a number with a fraction or in a text, such as `1767225600.123`, which no field accepts.
    """
    number = _read_number(value)
    if number is None:
        return
    if number <= 0:
        raise InvalidValueError("is not after the beginning of 1970: send epoch milliseconds")
    unit = find_time_unit(number)
    if unit != MILLISECONDS:
        raise InvalidValueError(f"seems to be in {unit}: send epoch milliseconds as an integer")


def _read_number(value: object) -> int | Decimal | None:
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return Decimal(value)
    return value if isinstance(value, int | Decimal) and not isinstance(value, bool) else None


def _clean_name(name: str) -> str:
    """The name of an unknown field for a response, which repeats no card number in it."""
    masked = mask_card_numbers(name[: 4 * _MAX_NAME_CHARACTERS])
    cut = masked if len(masked) <= _MAX_NAME_CHARACTERS else f"{masked[:_MAX_NAME_CHARACTERS]}…"
    # A JSON name can contain a lone surrogate ("\\ud800"), which UTF-8 cannot encode.
    return cut.encode(errors="replace").decode()


def read_object(text: str) -> JsonObject:
    """Read a JSON object, with fractions as Decimal. Raises ProblemError (400) for any other text."""
    try:
        value = json.loads(
            text,
            parse_float=_parse_number,
            parse_int=_parse_integer,
            parse_constant=_refuse_constant,
            object_pairs_hook=JsonObject,
        )
    except json.JSONDecodeError as error:
        raise malformed_body(f"{error.msg} (line {error.lineno}, column {error.colno})") from None
    except RecursionError:
        raise malformed_body("The values are nested too deeply") from None
    if not isinstance(value, JsonObject):
        raise malformed_body("The body must be one JSON object")
    return value


def _parse_integer(text: str) -> int | Decimal:
    return int(text) if len(text) <= _MAX_INTEGER_CHARACTERS else _parse_number(text)


def _parse_number(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:  # The exponent exceeds Decimal's range. No field accepts the value.
        return Decimal("Infinity")


def _refuse_constant(name: str) -> Never:
    raise malformed_body(f"{name} is not JSON")
