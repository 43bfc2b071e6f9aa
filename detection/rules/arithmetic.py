"""Arithmetic and money in expressions: the kind and the compiled form of each result."""

import ast
from collections.abc import Mapping

from detection.rules.names import COMPARABLE_WITH_NUMBERS, DIMENSIONAL, DIMENSIONLESS, KIND_DESCRIPTIONS, Kind
from detection.rules.operands_and_functions import ExpressionError, Operand
from functions.common.domain.currencies import convert_to_euros
from functions.fraud.scoring.expressions import LIMIT_PREFIX
from functions.fraud.scoring.rules import Limit

Literals = dict[str, Limit]
"""The amounts of money(…) literals, by the names of limits that stand for them."""

SIGNS: Mapping[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
_DIGITS = 4


def combine_operands(
    node: ast.expr, sign: str, left: Operand, right: Operand, *, source: str, literals: Literals
) -> Operand:
    """The result of `left sign right`. Raises ExpressionError if the kinds do not allow the operation."""
    left, right = match_money_kinds(left, right, literals)
    if "money" in (left.kind, right.kind):
        raise ExpressionError(node, "arithmetic with money(…) is not supported: write the resulting amount")
    kind = _sum_kind(left.kind, right.kind) if sign in "+-" else _product_kind(sign, left.kind, right.kind)
    if kind is None:
        raise ExpressionError(
            node,
            f"{describe_operand(left)} {sign} {describe_operand(right)} is not defined: "
            "use operands of matching kinds",
        )
    if sign == "/" and right.form == 0:
        raise ExpressionError(right.node, "division by 0: use another divisor")
    return Operand(kind, _combine_forms(sign, left, right), node, source)


def match_money_kinds(left: Operand, right: Operand, literals: Literals) -> tuple[Operand, Operand]:
    """Both operands, with a money(…) literal converted to the other's kind of money.

    Raises ExpressionError for a currency without an exchange rate.
    """
    return _convert_money(right.kind, left, literals), _convert_money(left.kind, right, literals)


def describe_operand(operand: Operand) -> str:
    """The operand's source text and kind, for messages."""
    return f"{operand.source} ({KIND_DESCRIPTIONS[operand.kind]})"


def _convert_money(kind: Kind, operand: Operand, literals: Literals) -> Operand:
    """A money(…) literal in the kind of money of its counterpart, any other operand as it is."""
    if operand.kind != "money" or kind not in ("own money", "euros"):
        return operand
    amount, currency = operand.form
    amount_euros = convert_to_euros(amount, currency)
    if amount_euros is None:
        raise ExpressionError(
            operand.node, f"no exchange rate for {currency}: use an amount in another currency"
        )
    if kind == "euros":
        return operand._replace(kind="euros", form=round(amount_euros, _DIGITS))
    # An amount in the currency of the transaction is a limit.
    name = f"{amount} {currency}"
    literals[name] = Limit(amount, currency)
    return operand._replace(kind="own money", form=LIMIT_PREFIX + name)


def _sum_kind(left: Kind, right: Kind) -> Kind | None:
    if left == right and left in DIMENSIONAL | COMPARABLE_WITH_NUMBERS:
        return left
    if "number" in (left, right):
        kind = right if left == "number" else left
        return kind if kind in COMPARABLE_WITH_NUMBERS else None
    return None


def _product_kind(sign: str, left: Kind, right: Kind) -> Kind | None:
    if left in DIMENSIONLESS and right in DIMENSIONLESS:
        return "number"
    if left in DIMENSIONAL and right in DIMENSIONLESS:
        return left
    if sign == "*":
        return right if left in DIMENSIONLESS and right in DIMENSIONAL else None
    return "number" if left == right and left in DIMENSIONAL else None


def _combine_forms(sign: str, left: Operand, right: Operand) -> object:
    if not (left.is_literal and right.is_literal):
        return [sign, left.form, right.form]
    a, b = left.form, right.form
    return {"+": a + b, "-": a - b, "*": a * b, "/": a / (b or 1)}[sign]
