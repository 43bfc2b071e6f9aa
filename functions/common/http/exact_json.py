"""A lossless JSON reader: numbers stay exact, and repeated names are detected.

It uses the standard library's decoder, because msgspec's cannot detect repeated names.
"""

import json
from collections import Counter
from decimal import Decimal, InvalidOperation
from typing import Never

from functions.common.http.problem import malformed_body

# No field accepts a longer integer, and int() of a long text takes quadratic time.
_MAX_INTEGER_CHARACTERS = 19


class JsonObject(dict[str, object]):
    """A JSON object. `repeated` contains the names that occur more than once."""

    def __init__(self, pairs: list[tuple[str, object]]) -> None:
        super().__init__(pairs)
        counts = Counter(name for name, _ in pairs)
        self.repeated = frozenset(name for name in self if counts[name] > 1)


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
