"""Evaluation of compiled expressions: each condition becomes a function of a transaction's variables.

`detection/rules` compiles expressions to plain JSON:
  12.5                                    a number
  "amount", "limits.large"                a variable or a limit
  ["+", a, b]  and  - * /                 arithmetic; division by 0 is unknown
  [">", a, b]  and  >= < <= ==            a comparison of numbers
  ["in", a, [values]]  and  "not in"      membership
  ["and", c, d]  ["or", c, d]  true       combined conditions

An unknown number is NaN and an unknown text is None. A condition is true only if it is certainly true. The
compiled form has no "not" and no "!=", because the compiler replaces them with the opposite comparisons. A
comparison with NaN is always false, which is correct for a comparison and for its opposite.
"""

import hashlib
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from functions.common.domain.categories import normalize_category
from functions.common.domain.currencies import ALL_CURRENCIES
from functions.common.domain.features import FEATURE_NAMES, UNKNOWN
from functions.common.domain.transaction_event import TransactionInserted
from functions.fraud.scoring.rules import Limit, RulesError

TEXT_VARIABLES = ("currency", "country", "channel", "merchant_id", "merchant_category")
VARIABLES = ("amount", *TEXT_VARIABLES, *FEATURE_NAMES)
"""The names of the variables, in order."""

LIMIT_PREFIX = "limits."
"""The prefix of limit names in an expression."""

VariableValues = Sequence[Any]
"""Numbers and texts in the order of VARIABLES."""

Condition = Callable[[VariableValues], bool]
Limits = Mapping[str, Limit]
_Value = Callable[[VariableValues], Any]

_POSITIONS = {name: position for position, name in enumerate(VARIABLES)}
_CURRENCY = _POSITIONS["currency"]
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
}
_DIGEST_DIGITS = 12
_ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": lambda left, right: left / right if right else UNKNOWN,
}


def variable_values(transaction: TransactionInserted, values: Sequence[float]) -> VariableValues:
    """The values of VARIABLES for a transaction. `values` are its features in the order of FEATURE_NAMES."""
    return [
        float(transaction.amount),
        transaction.currency,
        transaction.country,
        transaction.channel,
        transaction.merchant_id,
        normalize_category(transaction.merchant_category),
        *values,
    ]


def digest_condition(form: object, limits: Limits) -> str:
    """A digest of a compiled condition and of the limits that it uses."""
    used = {
        name: limits[name] for text in _iterate_texts(form) if (name := text[len(LIMIT_PREFIX) :]) in limits
    }
    return hashlib.sha256(msgspec.json.encode([form, used], order="deterministic")).hexdigest()[
        :_DIGEST_DIGITS
    ]


def _iterate_texts(form: object) -> Iterator[str]:
    if isinstance(form, str):
        yield form
    elif isinstance(form, list):
        for part in form:
            yield from _iterate_texts(part)


def compile_condition(form: object, limits: Limits) -> Condition:
    """Build the function that evaluates a compiled condition. Raises RulesError for an invalid form."""
    match form:
        case bool():
            return lambda variables: form
        case ["and", *parts]:
            return _combine_all([compile_condition(part, limits) for part in parts])
        case ["or", *parts]:
            return _combine_any([compile_condition(part, limits) for part in parts])
        case [("in" | "not in") as relation, value, list(members)]:
            return _build_membership(
                _compile_value(value, limits), frozenset(members), within=relation == "in"
            )
        case [str(relation), left, right] if relation in _COMPARISONS:
            return _build_comparison(_COMPARISONS[relation], left, right, limits)
    raise RulesError(f"{form!r} is not a compiled condition; deploy the rules again")


def _combine_all(parts: Sequence[Condition]) -> Condition:
    if len(parts) == 2:  # noqa: PLR2004  # the common case, without a loop
        first, second = parts
        return lambda variables: first(variables) and second(variables)

    def evaluate(variables: VariableValues) -> bool:
        for part in parts:  # noqa: SIM110  # a generator takes twice as long
            if not part(variables):
                return False
        return True

    return evaluate


def _combine_any(parts: Sequence[Condition]) -> Condition:
    def evaluate(variables: VariableValues) -> bool:
        for part in parts:  # noqa: SIM110  # as above
            if part(variables):
                return True
        return False

    return evaluate


def _build_membership(value: _Value, members: frozenset[Any], *, within: bool) -> Condition:
    if within:
        return lambda variables: value(variables) in members

    def evaluate(variables: VariableValues) -> bool:
        member = value(variables)
        # Unknown values, None and NaN, satisfy neither "in" nor "not in".
        return member is not None and member == member and member not in members  # noqa: PLR0124

    return evaluate


def _build_comparison(
    compare: Callable[[Any, Any], bool], left: object, right: object, limits: Limits
) -> Condition:
    if isinstance(left, str) and left in _POSITIONS and type(right) in (int, float):
        # The common case: a variable and a number.
        position, number = _POSITIONS[left], float(right)  # type: ignore[arg-type]  # checked above
        return lambda variables: compare(variables[position], number)
    first, second = _compile_value(left, limits), _compile_value(right, limits)
    return lambda variables: compare(first(variables), second(variables))


def _compile_value(form: object, limits: Limits) -> _Value:
    match form:
        case bool():
            pass
        case int() | float():
            number = float(form)
            return lambda variables: number
        case str() if form in _POSITIONS:
            return operator.itemgetter(_POSITIONS[form])
        case str() if form.startswith(LIMIT_PREFIX) and form[len(LIMIT_PREFIX) :] in limits:
            return _build_limit(limits[form[len(LIMIT_PREFIX) :]])
        case [str(sign), left, right] if sign in _ARITHMETIC:
            calculate = _ARITHMETIC[sign]
            first, second = _compile_value(left, limits), _compile_value(right, limits)
            return lambda variables: calculate(first(variables), second(variables))
    raise RulesError(f"{form!r} is not a compiled value; deploy the rules again")


def _build_limit(limit: Limit) -> _Value:
    amounts = {currency: limit.convert(currency) for currency in ALL_CURRENCIES}
    return lambda variables: amounts.get(variables[_CURRENCY], UNKNOWN)
