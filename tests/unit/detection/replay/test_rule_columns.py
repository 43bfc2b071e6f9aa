"""Conditions in columns must hold for the transactions for which the function's conditions hold."""

import random
from decimal import Decimal
from typing import Any

import msgspec
import numpy as np
import pytest

from detection.data.columns import LabelledTransaction, batch_rows
from detection.replay.rule_columns import RuleColumns
from functions.common.domain.categories import normalize_category
from functions.common.domain.features import FEATURE_NAMES
from functions.fraud.scoring.expressions import TEXT_VARIABLES, compile_condition, variable_values
from functions.fraud.scoring.rules import Limit, Rule
from tests.unit.detection.transactions import make_transaction

LIMITS = {"large": Limit(Decimal(500), "USD"), "small": Limit(Decimal(20), "JPY")}
NUMBERS = (0.0, 1.0, -1.0, 2.5, 20.0, 1e300, float("inf"))
TEXTS: dict[str, tuple[str | None, ...]] = {
    # ADP is withdrawn, and XAU has no rate.
    "currency": ("EUR", "JPY", "ADP", "XAU"),
    "country": (None, "DE", "FR"),
    "channel": (None, "atm", "ecommerce"),
    "merchant_id": ("m-1", "m-2", "m-3"),
    "merchant_category": (None, "5411", " Gambling", "4829.0"),
}
ROWS = 400
COMPARISONS = (">", ">=", "<", "<=", "==")
OPERATORS = (*COMPARISONS, "in", "not in", "and", "or", "+", "-", "*", "/", "text in", "text not in", "true")


class RandomConditions:
    def __init__(self) -> None:
        self._random = random.Random(7)  # noqa: S311  # test data, not a secret

    def condition(self, operator: str, depth: int = 2) -> Any:
        """A condition with this operator."""
        match operator:
            case "true":
                return self._random.choice([True, False])
            case "and" | "or":
                count = self._random.randrange(2, 4)
                parts = [self.condition(self._random.choice(OPERATORS), depth - 1) for _ in range(count)]
                return [operator, *parts]
            case "text in" | "text not in":
                name = self._random.choice(TEXT_VARIABLES)
                members = [text for text in TEXTS[name] if text and self._random.random() < 0.5]
                if name == "merchant_category":
                    members = list(filter(None, map(normalize_category, members)))
                return [operator.removeprefix("text "), name, members]
            case "in" | "not in":
                return [operator, self.value(depth), self._random.sample(NUMBERS, 3)]
            case "+" | "-" | "*" | "/":
                return [self._random.choice(COMPARISONS), self.arithmetic(operator, depth), self.value(depth)]
        return [operator, self.value(depth), self.value(depth)]

    def value(self, depth: int) -> Any:
        choice = self._random.random()
        if choice < 0.2:
            return self._random.choice((*NUMBERS, 3, 0))
        if choice < 0.35:
            return self._random.choice(["limits.large", "limits.small"])
        if choice < 0.8 or depth <= 0:
            return self._random.choice(["amount", *FEATURE_NAMES[:6]])
        return self.arithmetic(self._random.choice("+-*/"), depth)

    def arithmetic(self, sign: str, depth: int) -> Any:
        return [sign, self.value(depth - 1), self.value(depth - 1)]


def make_rows() -> tuple[list[LabelledTransaction], list[list[float]]]:
    """Random transactions with missing texts, and features with unknown values."""
    generator = random.Random(8)  # noqa: S311  # test data, not a secret
    rows = []
    for _ in range(ROWS):
        amount = generator.choice(["0", "0.0001", "2.5", "20", "500", "99999999"])
        texts = {name: generator.choice(texts) for name, texts in TEXTS.items()}
        transaction = msgspec.structs.replace(make_transaction(amount=amount), **texts)
        rows.append(LabelledTransaction(transaction, None, ""))
    values = [[generator.choice([*NUMBERS, float("nan")]) for _ in FEATURE_NAMES] for _ in range(ROWS)]
    return rows, values


@pytest.mark.parametrize("operator", OPERATORS)
def test_columns_hold_where_the_function_holds(operator: str) -> None:
    conditions, (rows, values) = RandomConditions(), make_rows()
    [batch] = batch_rows(rows, ROWS)
    columns = RuleColumns(batch, np.array(values))
    outcomes = set()
    for _ in range(60):
        form = conditions.condition(operator)
        holds = compile_condition(form, LIMITS)
        expected = [
            bool(holds(variable_values(labelled.transaction, row)))
            for labelled, row in zip(rows, values, strict=True)
        ]
        matches = columns.match(Rule(id="r", reason="r", weight=0.5, when=form), LIMITS)
        assert matches.tolist() == expected, form
        outcomes.update(expected)
    assert outcomes == {True, False}


def test_rule_holds_within_its_period() -> None:
    times = [make_transaction().timestamp + second for second in range(4)]
    rows = [LabelledTransaction(make_transaction(timestamp=time), None, "") for time in times]
    [batch] = batch_rows(rows)
    rule = Rule(id="r", reason="r", weight=0.5, when=True, valid_from=times[1], valid_until=times[3])
    matches = RuleColumns(batch, np.zeros((4, len(FEATURE_NAMES)))).match(rule, {})
    assert matches.tolist() == [rule.is_valid_at(time) for time in times] == [False, True, True, False]
