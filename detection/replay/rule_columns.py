"""Conditions of rules for many transactions at a time, as in `functions/fraud/scoring/expressions.py`."""

from collections.abc import Mapping
from functools import reduce
from typing import Any

import numpy as np

from detection.data.columns import DEFAULT_CURRENCY, TransactionBatch
from detection.replay.segments import Flags, Floats, Integers
from functions.common.domain.categories import normalize_category
from functions.common.domain.features import FEATURE_NAMES
from functions.fraud.scoring.expressions import LIMIT_PREFIX, TEXT_VARIABLES
from functions.fraud.scoring.rules import Limit, Rule, RulesError

_COMPARISONS = {">": np.greater, ">=": np.greater_equal, "<": np.less, "<=": np.less_equal, "==": np.equal}
_ARITHMETIC = {"+": np.add, "-": np.subtract, "*": np.multiply}
_POSITIONS = {name: position for position, name in enumerate(FEATURE_NAMES)}


class RuleColumns:
    """The variables of conditions for a batch. `values` has a row of features for each transaction."""

    def __init__(self, batch: TransactionBatch, values: Floats) -> None:
        self._batch = batch
        self._values = values
        self._texts: dict[str, tuple[list[str | None], Integers]] = {}
        self._amounts: Floats | None = None

    def match(self, rule: Rule, limits: Mapping[str, Limit]) -> Flags:
        """The transactions that the rule matches. Raises RulesError for an invalid condition."""
        matches = self._evaluate(rule.when, limits)
        if rule.valid_from is not None:
            matches = matches & (self._batch.times_ms >= rule.valid_from)
        if rule.valid_until is not None:
            matches = matches & (self._batch.times_ms < rule.valid_until)
        return matches

    def _evaluate(self, form: Any, limits: Mapping[str, Limit]) -> Flags:
        match form:
            case bool():
                return np.full(len(self._batch), form)
            case ["and", *parts]:
                return reduce(
                    np.logical_and, (self._evaluate(part, limits) for part in parts), np.array(True)
                )
            case ["or", *parts]:
                return reduce(
                    np.logical_or, (self._evaluate(part, limits) for part in parts), np.array(False)
                )
            case [("in" | "not in") as relation, str(name), list(members)] if name in TEXT_VARIABLES:
                texts, codes = self._find_texts(name)
                within = relation == "in"
                by_code = [text is not None and (text in members) == within for text in texts]
                return np.array(by_code, np.bool_)[codes]
            case [("in" | "not in") as relation, value, list(members)]:
                numbers = np.broadcast_to(self._compute(value, limits), len(self._batch))
                is_member = np.isin(numbers, [member for member in members if not isinstance(member, str)])
                return is_member if relation == "in" else ~is_member & ~np.isnan(numbers)
            case [str(relation), left, right] if relation in _COMPARISONS:
                with np.errstate(invalid="ignore"):
                    result: Flags = _COMPARISONS[relation](
                        self._compute(left, limits), self._compute(right, limits)
                    )
                return np.broadcast_to(result, len(self._batch))
        raise RulesError(f"{form!r} is not a compiled condition; deploy the rules again")

    def _compute(self, form: Any, limits: Mapping[str, Limit]) -> Floats:
        match form:
            case bool():
                pass
            case int() | float():
                return np.array(float(form))
            case "amount":
                return self._find_amounts()
            case str() if form in _POSITIONS:
                return self._values[:, _POSITIONS[form]]
            case str() if form.removeprefix(LIMIT_PREFIX) in limits:
                limit = limits[form.removeprefix(LIMIT_PREFIX)]
                texts, codes = self._find_texts("currency")
                return np.array([limit.convert(text or "") for text in texts])[codes]
            case ["/", left, right]:
                divisor = self._compute(right, limits)
                with np.errstate(all="ignore"):
                    return np.where(divisor == 0, np.nan, self._compute(left, limits) / divisor)
            case [str(sign), left, right] if sign in _ARITHMETIC:
                with np.errstate(all="ignore"):
                    result: Floats = _ARITHMETIC[sign](
                        self._compute(left, limits), self._compute(right, limits)
                    )
                return result
        raise RulesError(f"{form!r} is not a compiled value; deploy the rules again")

    def _find_amounts(self) -> Floats:
        if self._amounts is None:
            texts = self._batch.texts["amount"].to_pylist()
            self._amounts = np.fromiter(map(float, texts), np.float64, len(texts))
        return self._amounts

    def _find_texts(self, name: str) -> tuple[list[str | None], Integers]:
        """The distinct texts of a field, None for a missing one, and the number of each row's text."""
        if name not in self._texts:
            self._texts[name] = self._encode_texts(name)
        return self._texts[name]

    def _encode_texts(self, name: str) -> tuple[list[str | None], Integers]:
        default = DEFAULT_CURRENCY if name == "currency" else None
        if name not in self._batch.texts:
            return [default], np.zeros(len(self._batch), np.int64)
        encoded = self._batch.texts[name].dictionary_encode()
        texts = [text or default for text in encoded.dictionary.to_pylist()]
        if name == "merchant_category":
            texts = [normalize_category(text) for text in texts]
        return texts, encoded.indices.to_numpy()
