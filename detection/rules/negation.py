"""The opposite of a compiled condition, which holds where the condition surely does not.

Neither holds where something is not known: so `not` is worked out here, and the function that evaluates
conditions needs no third truth value.
"""

from typing import Any

Form = Any
"""A compiled expression: see functions/fraud/scoring/expressions.py."""

_OPPOSITES = {">": "<=", "<=": ">", "<": ">=", ">=": "<", "in": "not in", "not in": "in"}


def opposite(form: Form) -> Form:
    """What holds where `form` surely does not."""
    if isinstance(form, bool):
        return not form
    relation, *parts = form
    if relation == "==":
        return differs(*parts)
    if relation in _OPPOSITES:
        return [_OPPOSITES[relation], *parts]
    return ["or" if relation == "and" else "and", *(opposite(part) for part in parts)]


def differs(left: Form, right: Form) -> Form:
    """Two numbers that are known and not the same."""
    return ["or", ["<", left, right], [">", left, right]]
