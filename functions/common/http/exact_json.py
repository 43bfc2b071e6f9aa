"""JSON read without losing anything: numbers stay exact, names given twice are noticed.

Python's own reader is used, for msgspec's gives no way to notice a name given twice.
"""

import json
from collections import Counter
from decimal import Decimal, InvalidOperation
from typing import Never

from functions.common.http.problem import malformed

# No field takes an integer of more digits; int() of a long text takes quadratic time.
_MAX_INTEGER_CHARACTERS = 19


class JsonObject(dict[str, object]):
    """A JSON object; `repeated` are the names that it gives more than once."""

    def __init__(self, pairs: list[tuple[str, object]]) -> None:
        super().__init__(pairs)
        times = Counter(name for name, _ in pairs)
        self.repeated = frozenset(name for name in self if times[name] > 1)


def read_object(text: str) -> JsonObject:
    """The JSON object in `text`; fractions are Decimal. Raises ProblemError (400) if it is none."""
    try:
        value = json.loads(
            text,
            parse_float=_number,
            parse_int=_integer,
            parse_constant=_refuse_constant,
            object_pairs_hook=JsonObject,
        )
    except json.JSONDecodeError as error:
        raise malformed(f"{error.msg} (line {error.lineno}, column {error.colno})") from None
    except RecursionError:
        raise malformed("The values are nested too deeply") from None
    if not isinstance(value, JsonObject):
        raise malformed("The body must be one JSON object")
    return value


def _integer(text: str) -> int | Decimal:
    return int(text) if len(text) <= _MAX_INTEGER_CHARACTERS else _number(text)


def _number(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:  # An exponent beyond what Decimal can hold: no field takes that.
        return Decimal("Infinity")


def _refuse_constant(name: str) -> Never:
    raise malformed(f"{name} is not JSON")
