"""What a compiled expression means: a function of a transaction's facts, built once when the process starts.

The compiled form is plain JSON, made by detection/rules:
  12.5                                    a number
  "amount", "limits.large"                what is known by that name
  ["+", a, b]  and  - * /                 a calculation; dividing by 0 gives what is not known
  [">", a, b]  and  >= < <= ==            a comparison of numbers
  ["in", a, [values]]  and  "not in"      whether it is one of them
  ["and", c, d]  ["or", c, d]  true       conditions of conditions

What is not known is NaN, or None for a text, and a condition holds only if it surely does. There is no "not"
and no "!=" here: the compiler turns them into their opposites, so that a comparison with NaN, which is always
false, is the right answer to both.
"""

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from functions.common.domain.features import NAMES
from functions.common.domain.transaction_event import TransactionInserted
from functions.fraud.scoring.rules import DEFAULT, RulesError

UNKNOWN = math.nan
TEXTS = ("currency", "country", "channel", "merchant_id", "merchant_category")
FACTS = ("amount", *TEXTS, *NAMES)
"""The names of a transaction's facts, in their order."""

LIMIT = "limits."
"""What names of limits begin with in an expression."""

Facts = Sequence[Any]
"""Numbers and texts in the order of FACTS."""

Condition = Callable[[Facts], bool]
Limits = Mapping[str, Mapping[str, Decimal]]
_Value = Callable[[Facts], Any]

_PLACES = {name: place for place, name in enumerate(FACTS)}
_CURRENCY = _PLACES["currency"]
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
}
_CALCULATIONS: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": lambda left, right: left / right if right else UNKNOWN,
}


def facts_of(transaction: TransactionInserted, values: Sequence[float]) -> Facts:
    """What conditions ask about; `values` are the features, in the order of their NAMES."""
    return [
        float(transaction.amount),
        transaction.currency,
        transaction.country,
        transaction.channel,
        transaction.merchant_id,
        transaction.merchant_category,
        *values,
    ]


def condition(form: object, limits: Limits) -> Condition:
    """The condition of a compiled form. Raises RulesError for what is none."""
    match form:
        case bool():
            return lambda facts: form
        case ["and", *parts]:
            return _all([condition(part, limits) for part in parts])
        case ["or", *parts]:
            return _any([condition(part, limits) for part in parts])
        case [("in" | "not in") as relation, value, list(members)]:
            return _member(_value(value, limits), frozenset(members), within=relation == "in")
        case [str(relation), left, right] if relation in _COMPARISONS:
            return _comparison(_COMPARISONS[relation], left, right, limits)
    raise RulesError(f"no condition is compiled to {form!r}")


def _all(parts: Sequence[Condition]) -> Condition:
    if len(parts) == 2:  # noqa: PLR2004  # most have two, and need no loop
        first, second = parts
        return lambda facts: first(facts) and second(facts)

    def holds(facts: Facts) -> bool:
        for part in parts:  # noqa: SIM110  # a generator takes twice the time
            if not part(facts):
                return False
        return True

    return holds


def _any(parts: Sequence[Condition]) -> Condition:
    def holds(facts: Facts) -> bool:
        for part in parts:  # noqa: SIM110  # as above
            if part(facts):
                return True
        return False

    return holds


def _member(value: _Value, members: frozenset[Any], *, within: bool) -> Condition:
    if within:
        return lambda facts: value(facts) in members

    def holds(facts: Facts) -> bool:
        found = value(facts)
        return found is not None and found == found and found not in members  # noqa: PLR0124  # NaN

    return holds


def _comparison(
    compare: Callable[[Any, Any], bool], left: object, right: object, limits: Limits
) -> Condition:
    if isinstance(left, str) and left in _PLACES and type(right) in (int, float):
        # By far the most: a fact against a number.
        place, number = _PLACES[left], float(right)  # type: ignore[arg-type]  # as the line above says
        return lambda facts: compare(facts[place], number)
    one, other = _value(left, limits), _value(right, limits)
    return lambda facts: compare(one(facts), other(facts))


def _value(form: object, limits: Limits) -> _Value:
    match form:
        case bool():
            pass
        case int() | float():
            number = float(form)
            return lambda facts: number
        case str() if form in _PLACES:
            return operator.itemgetter(_PLACES[form])
        case str() if form.startswith(LIMIT) and form[len(LIMIT) :] in limits:
            return _limit(limits[form[len(LIMIT) :]])
        case [str(sign), left, right] if sign in _CALCULATIONS:
            calculate, one, other = _CALCULATIONS[sign], _value(left, limits), _value(right, limits)
            return lambda facts: calculate(one(facts), other(facts))
    raise RulesError(f"nothing is known as {form!r}")


def _limit(by_currency: Mapping[str, Decimal]) -> _Value:
    amounts = {currency: float(amount) for currency, amount in by_currency.items()}
    otherwise = amounts.get(DEFAULT, UNKNOWN)
    return lambda facts: amounts.get(facts[_CURRENCY], otherwise)
