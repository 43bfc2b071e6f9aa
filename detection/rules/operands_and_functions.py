"""Operands of expressions: names, literals, and calls of functions, which give a number its unit."""

import ast
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from detection.rules.errors import describe_unknown_name
from detection.rules.names import CHANNELS, NAME_KINDS, UNAVAILABLE_NAMES, Kind
from detection.rules.negation import Form
from functions.common.domain.countries import COUNTRIES
from functions.common.domain.currencies import ALL_CURRENCIES
from functions.fraud.scoring.expressions import LIMIT_PREFIX
from functions.fraud.scoring.rules import Limit

Limits = Mapping[str, Limit]

_MAX_NUMBER = 1e15
_SINGLE_LITERAL = re.compile(r"""'[^']*'|"[^"]*\"""")
_SECONDS = {"minutes": 60, "hours": 3_600, "days": 86_400}
_CODES = COUNTRIES | ALL_CURRENCIES | CHANNELS


class Operand(NamedTuple):
    """The kind of an operand, its compiled form, its node and its source text.

    The form of a string is the string. The form of a money(…) is its number and currency, because its
    conversion depends on the operand that it is compared with.
    """

    kind: Kind
    form: Form
    node: ast.expr
    source: str

    @property
    def is_literal(self) -> bool:
        return self.kind == "string" or isinstance(self.form, int | float | tuple)


class ExpressionError(Exception):
    """A part of an expression is not valid. `node` is that part."""

    def __init__(self, node: ast.expr, message: str) -> None:
        super().__init__(message)
        self.node = node
        self.message = message


def read_leaf(node: ast.expr, source: str, limits: Limits) -> Operand:
    """The operand of a name or a literal. Raises ExpressionError."""
    match node:
        case ast.Constant(value=bool() as truth):
            return Operand("flag", truth, node, source)
        case ast.Constant(value=int() | float() as number):
            if abs(number) > _MAX_NUMBER:
                raise ExpressionError(node, f"the number is too large: use at most {_MAX_NUMBER:g}")
            return Operand("number", number, node, source)
        case ast.Constant(value=str() as string):
            # Python concatenates adjacent literals, which hides a missing comma.
            if not _SINGLE_LITERAL.fullmatch(source):
                raise ExpressionError(
                    node, "not a plain string: use one pair of quotes, and commas between strings"
                )
            return Operand("string", string, node, source)
        case ast.Name(id="true" | "false" as name):
            return Operand("flag", name == "true", node, source)
        case ast.Name(id=name):
            return Operand(_name_kind(node, name), name, node, source)
        case ast.Attribute(value=ast.Name(id="limits"), attr=name):
            if name not in limits:
                raise ExpressionError(node, describe_unknown_name("limit", name, limits))
            return Operand("own money", LIMIT_PREFIX + name, node, source)
        case ast.BoolOp() | ast.Compare() | ast.UnaryOp(op=ast.Not()):
            raise ExpressionError(
                node, f"'{source}' is a condition: arithmetic and comparisons need a value instead"
            )
    raise ExpressionError(
        node,
        f"'{source}' is not supported: use names, numbers, strings, + - * /, comparisons, and, or, not,"
        " minutes(), hours(), days() and money()",
    )


def read_call(node: ast.Call, name: str, arguments: Sequence[Operand], source: str) -> Operand:
    """The operand of a call: a number with its unit. Raises ExpressionError."""
    if name in _SECONDS:
        if [argument.kind for argument in arguments] != ["number"] or not arguments[0].is_literal:
            raise ExpressionError(node, f"{name}(…) takes one number, such as {name}(3)")
        _check_sign(arguments[0])
        return Operand("duration", arguments[0].form * _SECONDS[name], node, source)
    if name != "money":
        raise ExpressionError(node, describe_unknown_name("function", name, [*_SECONDS, "money"]))
    if [argument.kind for argument in arguments] != ["number", "string"] or not arguments[0].is_literal:
        raise ExpressionError(node, 'money(…) takes a number and a currency, such as money(500, "EUR")')
    number, currency = arguments
    _check_sign(number)
    if currency.form not in ALL_CURRENCIES:
        raise ExpressionError(
            currency.node, f"unknown currency '{currency.form}': use an ISO 4217 code, such as EUR"
        )
    return Operand("money", (Decimal(str(number.form)), currency.form), node, source)


def _check_sign(number: Operand) -> None:
    if number.form < 0:
        raise ExpressionError(number.node, f"{number.source} is negative: use 0 or more")


def _name_kind(node: ast.expr, name: str) -> Kind:
    if name in NAME_KINDS:
        return NAME_KINDS[name]
    if name in UNAVAILABLE_NAMES:
        raise ExpressionError(node, f"{name} is not available in rules: {UNAVAILABLE_NAMES[name]}")
    if name == "limits":
        raise ExpressionError(node, "limits is not a value: use limits.NAME")
    if name in _CODES:
        raise ExpressionError(node, f"unknown name '{name}': write \"{name}\" for a string")
    raise ExpressionError(node, describe_unknown_name("name", name, NAME_KINDS))
