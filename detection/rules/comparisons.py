"""Comparisons of two operands, and of an operand with a list."""

import ast
import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches

from detection.rules.arithmetic import Literals, describe_operand, match_money_kinds
from detection.rules.names import (
    COMPARABLE_WITH_NUMBERS,
    DISCRETE,
    STRING_VALUES,
    VALUE_RANGES,
    suggest_operand,
)
from detection.rules.negation import Form, compile_inequality
from detection.rules.operands_and_functions import ExpressionError, Operand
from functions.common.domain.categories import normalize_category

SIGNS: Mapping[type[ast.cmpop], str] = {
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}
_MERCHANT_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_MAX_LISTED_STRINGS = 10


def compile_comparison(sign: str, left: Operand, right: Operand, literals: Literals) -> Form:
    """The compiled form of `left sign right`. Raises ExpressionError if the operands are not comparable."""
    left, right = match_money_kinds(left, right, literals)
    if left.kind in STRING_VALUES and right.kind in STRING_VALUES:
        if sign not in ("==", "!="):
            raise ExpressionError(right.node, f"strings have no order: use ==, !=, in or not in, not {sign}")
        name, string = (right, left) if left.kind == "string" else (left, right)
        return compile_membership("in" if sign == "==" else "not in", name, [string])
    if left.is_literal and right.is_literal:
        raise ExpressionError(
            right.node, "both sides are constants: compare a field or feature of the transaction"
        )
    _check_comparable(left, right)
    return compile_inequality(left.form, right.form) if sign == "!=" else [sign, left.form, right.form]


def compile_membership(relation: str, operand: Operand, members: Sequence[Operand]) -> Form:
    """The compiled form of `operand in (members)` or `not in`.

    Raises ExpressionError if a member is not a possible value of the operand.
    """
    if operand.kind == "string" or operand.kind not in DISCRETE | STRING_VALUES.keys():
        raise ExpressionError(
            operand.node,
            f"{describe_operand(operand)} cannot be compared with strings or a list: use numbers with > or <",
        )
    for member in members:
        if operand.kind in STRING_VALUES:
            _check_string(operand, member)
        elif member.kind != "number" or not member.is_literal:
            raise ExpressionError(
                member.node, f"a list for {describe_operand(operand)} can hold plain numbers only"
            )
        else:
            _check_range(operand, member)
    if operand.kind == "merchant_category":
        return [relation, operand.form, [normalize_category(member.form) for member in members]]
    return [relation, operand.form, [member.form for member in members]]


def _check_comparable(left: Operand, right: Operand) -> None:
    """Raises ExpressionError unless both operands are numbers of one kind."""
    kinds = {left.kind, right.kind}
    message = f"{describe_operand(left)} and {describe_operand(right)} are not comparable"
    if kinds == {"own money", "euros"}:
        own = left if left.kind == "own money" else right
        hint = "use amount_euros" if own.source == "amount" else "use two amounts in euros"
        raise ExpressionError(own.node, f"{message}: {hint}")
    wrong, reference = (left, right) if left.is_literal else (right, left)
    # Zero is valid in any unit.
    fits = len(kinds) == 1 or kinds - {"number"} <= COMPARABLE_WITH_NUMBERS or wrong.form == 0
    if kinds & ({"flag"} | STRING_VALUES.keys()) or not fits:
        raise ExpressionError(wrong.node, f"{message}: use {suggest_operand(reference.kind, wrong.source)}")
    if len(kinds) > 1 and "number" not in kinds:
        raise ExpressionError(right.node, f"{message}: use operands of one kind")
    if wrong.is_literal:
        _check_range(reference, wrong)


def _check_range(operand: Operand, number: Operand) -> None:
    lowest, highest = VALUE_RANGES.get(operand.kind, (number.form, number.form))
    if not lowest <= number.form <= highest:
        hint = (
            f"use {number.form / 100:g} for {number.form:g} %"
            if operand.kind == "share"
            else f"use a number from {lowest:g} to {highest:g}"
        )
        raise ExpressionError(number.node, f"{describe_operand(operand)} is never {number.source}: {hint}")


def _check_string(operand: Operand, string: Operand) -> None:
    if string.kind != "string":
        raise ExpressionError(
            string.node,
            f"{describe_operand(operand)} cannot be compared with {describe_operand(string)}: "
            "use a string in quotes",
        )
    if operand.kind == "merchant_id" and not _MERCHANT_ID.fullmatch(string.form):
        raise ExpressionError(
            string.node, f"'{string.form}' is not a merchant id: use letters, digits, '_' and '-'"
        )
    if operand.kind == "merchant_category" and normalize_category(string.form) is None:
        raise ExpressionError(string.node, "the category is empty: write its name or code")
    allowed = STRING_VALUES[operand.kind]
    if allowed is not None and string.form not in allowed:
        raise ExpressionError(
            string.node, f"unknown {operand.kind} '{string.form}'{_suggest_string(string.form, allowed)}"
        )


def _suggest_string(text: str, allowed: frozenset[str]) -> str:
    similar = [text.upper()] if text.upper() in allowed else []
    similar += get_close_matches(text.lower(), sorted(allowed), n=1)
    if similar:
        return f": did you mean '{similar[0]}'?"
    return f": use one of {', '.join(sorted(allowed))}" if len(allowed) < _MAX_LISTED_STRINGS else ""
