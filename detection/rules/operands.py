"""The parts of a condition that have a value: names, literals, and calls that give a number its unit."""

import ast
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from detection.rules.errors import unknown
from detection.rules.names import CHANNELS, LEFT_OUT, NAMES, Kind
from detection.rules.negation import Form
from functions.common.domain.countries import COUNTRIES
from functions.common.domain.currencies import CURRENCIES
from functions.fraud.scoring.expressions import LIMIT

Limits = Mapping[str, Mapping[str, Decimal]]

_LARGEST = 1e15
_ONE_TEXT = re.compile(r"""'[^']*'|"[^"]*\"""")
_SECONDS = {"minutes": 60, "hours": 3_600, "days": 86_400}
_KNOWN_TEXTS = COUNTRIES | CURRENCIES | CHANNELS


class Value(NamedTuple):
    """Of what kind something is, its compiled form, where it stands and how it was written.

    The form of a text is the text. That of a money(…) is its number and currency: what it comes to depends on
    what it is compared with.
    """

    kind: Kind
    form: Form
    node: ast.expr
    written: str

    @property
    def literal(self) -> bool:
        return self.kind == "text" or isinstance(self.form, int | float | tuple)


class WrongError(Exception):
    """Something is wrong with a part of an expression."""

    def __init__(self, node: ast.expr, message: str) -> None:
        super().__init__(message)
        self.node = node
        self.message = message


def leaf(node: ast.expr, written: str, limits: Limits) -> Value:
    """The value of a name or a literal. Raises WrongError."""
    match node:
        case ast.Constant(value=bool() as truth):
            return Value("flag", truth, node, written)
        case ast.Constant(value=int() | float() as number):
            if abs(number) > _LARGEST:
                raise WrongError(node, "this number is too large")
            return Value("number", number, node, written)
        case ast.Constant(value=str() as text):
            # Python joins texts that stand side by side, where a comma was forgotten.
            if not _ONE_TEXT.fullmatch(written):
                raise WrongError(node, "a text stands in one pair of quotes, and commas between texts")
            return Value("text", text, node, written)
        case ast.Name(id="true" | "false" as name):
            return Value("flag", name == "true", node, written)
        case ast.Name(id=name):
            return Value(_kind(node, name), name, node, written)
        case ast.Attribute(value=ast.Name(id="limits"), attr=name):
            if name not in limits:
                raise WrongError(node, unknown("limit", name, limits))
            return Value("own money", LIMIT + name, node, written)
        case ast.BoolOp() | ast.Compare() | ast.UnaryOp(op=ast.Not()):
            raise WrongError(node, f"'{written}' holds or not: it is no value to calculate or compare with")
    raise WrongError(
        node,
        f"rules cannot say '{written}': they have names, numbers, texts, + - * /, comparisons, and, or, not",
    )


def call(node: ast.Call, name: str, arguments: Sequence[Value], written: str) -> Value:
    """A number with its unit. Raises WrongError."""
    if name in _SECONDS:
        if [argument.kind for argument in arguments] != ["number"] or not arguments[0].literal:
            raise WrongError(node, f"{name}(…) takes one number, such as {name}(3)")
        _check_sign(arguments[0])
        return Value("duration", arguments[0].form * _SECONDS[name], node, written)
    if name != "money":
        raise WrongError(node, unknown("function", name, [*_SECONDS, "money"]))
    if [argument.kind for argument in arguments] != ["number", "text"] or not arguments[0].literal:
        raise WrongError(node, 'money(…) takes a number and a currency, such as money(500, "EUR")')
    number, currency = arguments
    _check_sign(number)
    if currency.form not in CURRENCIES:
        raise WrongError(currency.node, f"there is no currency '{currency.form}' in ISO 4217")
    return Value("money", (Decimal(str(number.form)), currency.form), node, written)


def _check_sign(number: Value) -> None:
    if number.form < 0:
        raise WrongError(number.node, "a number of 0 or more is expected here")


def _kind(node: ast.expr, name: str) -> Kind:
    if name in NAMES:
        return NAMES[name]
    if name in LEFT_OUT:
        raise WrongError(node, f"there is no {name} here: {LEFT_OUT[name]}")
    if name == "limits":
        raise WrongError(node, "write limits.NAME")
    if name in _KNOWN_TEXTS:
        raise WrongError(node, f"unknown name '{name}': a text stands in quotes, \"{name}\"")
    raise WrongError(node, unknown("name", name, NAMES))
