"""Sums and products of values: of what kind they are, and which make no sense."""

import ast
from collections.abc import Mapping
from decimal import Decimal

from detection.rules import money_literals
from detection.rules.names import MEASURED, PLAIN, SAID, WITH_NUMBERS, Kind
from detection.rules.operands import Value, WrongError

Tables = dict[str, dict[str, Decimal]]

SIGNS: Mapping[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}


def calculated(
    node: ast.expr, sign: str, left: Value, right: Value, *, written: str, tables: Tables
) -> Value:
    """The value of `left sign right`. Raises WrongError where it has none."""
    left, right = alike(left, right, tables)
    if "money" in (left.kind, right.kind):
        raise WrongError(node, "work this out and write the amount itself in money(…)")
    kind = _of_sum(left.kind, right.kind) if sign in "+-" else _of_product(sign, left.kind, right.kind)
    if kind is None:
        raise WrongError(node, f"{said(left)} {sign} {said(right)} makes no sense")
    if sign == "/" and right.form == 0:
        raise WrongError(right.node, "this divides by 0")
    return Value(kind, _form(sign, left, right), node, written)


def alike(left: Value, right: Value, tables: Tables) -> tuple[Value, Value]:
    """Both, a money(…) in the kind of money that the other one is. Raises WrongError."""
    return _beside(right.kind, left, tables), _beside(left.kind, right, tables)


def _beside(kind: Kind, value: Value, tables: Tables) -> Value:
    if value.kind == "money" and kind == "own money":
        return money_literals.own(value, tables)
    if value.kind == "money" and kind == "euros":
        return money_literals.euros(value)
    return value


def said(value: Value) -> str:
    """The value as it was written, and what it is."""
    return f"{value.written} ({SAID[value.kind]})"


def _of_sum(left: Kind, right: Kind) -> Kind | None:
    if left == right and left in MEASURED | WITH_NUMBERS:
        return left
    if "number" in (left, right):
        other = right if left == "number" else left
        return other if other in WITH_NUMBERS else None
    return None


def _of_product(sign: str, left: Kind, right: Kind) -> Kind | None:
    if left in PLAIN and right in PLAIN:
        return "number"
    if left in MEASURED and right in PLAIN:
        return left
    if sign == "*":
        return right if left in PLAIN and right in MEASURED else None
    return "number" if left == right and left in MEASURED else None


def _form(sign: str, left: Value, right: Value) -> object:
    if not (left.literal and right.literal):
        return [sign, left.form, right.form]
    one, other = left.form, right.form
    return {"+": one + other, "-": one - other, "*": one * other, "/": one / (other or 1)}[sign]
