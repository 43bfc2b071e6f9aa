"""Negation of compiled conditions.

Neither a condition nor its negation holds if a value is unknown. The compiler therefore removes every `not`,
and the function that evaluates conditions needs no third truth value.
"""

from typing import Any

Form = Any
"""A compiled expression. functions/fraud/scoring/expressions.py defines the format."""

_OPPOSITES = {">": "<=", "<=": ">", "<": ">=", ">=": "<", "in": "not in", "not in": "in"}


def negate_condition(form: Form) -> Form:
    """The condition that holds if all values are known and `form` does not hold."""
    if isinstance(form, bool):
        return not form
    relation, *parts = form
    if relation == "==":
        return compile_inequality(*parts)
    if relation in _OPPOSITES:
        return [_OPPOSITES[relation], *parts]
    return ["or" if relation == "and" else "and", *(negate_condition(part) for part in parts)]


def compile_inequality(left: Form, right: Form) -> Form:
    """The condition that both numbers are known and differ."""
    return ["or", ["<", left, right], [">", left, right]]
