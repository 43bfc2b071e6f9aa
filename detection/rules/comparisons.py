"""Comparisons of two values, and of one with a list: which make sense, and what to write instead."""

import ast
import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches

from detection.rules.arithmetic import Tables, alike, said
from detection.rules.names import COUNTED, RANGES, TEXTS, WITH_NUMBERS, instead
from detection.rules.negation import Form, differs
from detection.rules.operands import Value, WrongError

SIGNS: Mapping[type[ast.cmpop], str] = {
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}
_IDENTIFIER = re.compile(r"[A-Za-z0-9_-]{1,64}")


def comparison(sign: str, left: Value, right: Value, tables: Tables) -> Form:
    """`left sign right`, compiled. Raises WrongError where the two cannot be compared."""
    left, right = alike(left, right, tables)
    if left.kind in TEXTS and right.kind in TEXTS:
        named, text = (right, left) if left.kind == "text" else (left, right)
        if sign not in ("==", "!="):
            raise WrongError(right.node, "texts are compared by ==, !=, in and not in")
        return membership("in" if sign == "==" else "not in", named, [text])
    if left.literal and right.literal:
        raise WrongError(right.node, "this compares two values that are always the same")
    _check(left, right)
    return differs(left.form, right.form) if sign == "!=" else [sign, left.form, right.form]


def membership(relation: str, value: Value, members: Sequence[Value]) -> Form:
    """`value in (members)`, or not in, compiled. Raises WrongError where it cannot be one of them."""
    if value.kind == "text" or value.kind not in COUNTED | TEXTS.keys():
        raise WrongError(value.node, f"{said(value)} cannot be looked for in texts or a list")
    for member in members:
        if value.kind in TEXTS:
            _check_text(value, member)
        elif member.kind != "number" or not member.literal:
            raise WrongError(member.node, f"a list for {said(value)} has plain numbers")
        else:
            _check_range(value, member)
    return [relation, value.form, [member.form for member in members]]


def _check(left: Value, right: Value) -> None:
    """Raises WrongError unless both are numbers of one kind."""
    kinds = {left.kind, right.kind}
    if kinds == {"own money", "euros"}:
        own = left if left.kind == "own money" else right
        hint = (
            "the amount in euros is amount_euros" if own.written == "amount" else "compare euros with euros"
        )
        raise WrongError(own.node, f"{said(left)} and {said(right)} cannot be compared: {hint}")
    wrong, other = (left, right) if left.literal else (right, left)
    # Nothing is nothing in every unit.
    fits = len(kinds) == 1 or kinds - {"number"} <= WITH_NUMBERS or wrong.form == 0
    if kinds & ({"flag"} | TEXTS.keys()) or not fits:
        hint = instead(other.kind, wrong.written)
        raise WrongError(wrong.node, f"{said(left)} and {said(right)} cannot be compared: write {hint}")
    if len(kinds) > 1 and "number" not in kinds:
        raise WrongError(right.node, f"{said(left)} and {said(right)} cannot be compared")
    if wrong.literal:
        _check_range(other, wrong)


def _check_range(value: Value, number: Value) -> None:
    lowest, highest = RANGES.get(value.kind, (number.form, number.form))
    if not lowest <= number.form <= highest:
        hint = f": write {number.form / 100:g} for {number.form:g} %" if value.kind == "share" else ""
        raise WrongError(number.node, f"{said(value)} is never {number.written}{hint}")


def _check_text(value: Value, text: Value) -> None:
    if text.kind != "text":
        raise WrongError(text.node, f"{said(value)} is compared with texts in quotes, not with {said(text)}")
    if value.kind == "merchant_id" and not _IDENTIFIER.fullmatch(text.form):
        raise WrongError(text.node, f"no merchant has the id '{text.form}'")
    possible = TEXTS[value.kind]
    if possible is not None and text.form not in possible:
        raise WrongError(
            text.node, f"no transaction has the {value.kind} '{text.form}'{_meant(text.form, possible)}"
        )


def _meant(text: str, possible: frozenset[str]) -> str:
    close = [text.upper()] if text.upper() in possible else []
    close += get_close_matches(text.lower(), sorted(possible), n=1)
    if close:
        return f": did you mean '{close[0]}'?"
    return f"; possible are {', '.join(sorted(possible))}" if len(possible) < 10 else ""  # noqa: PLR2004
