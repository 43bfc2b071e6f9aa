from typing import Any

import msgspec
import pytest

from detection.data.columns import LabelledTransaction
from detection.evaluation.figures import RuleFigures
from detection.evaluation.rule_notes import FieldObserver, describe_rules
from tests.rules import rule_data, ruleset
from tests.unit.detection.transactions import make_transaction


def _figures(
    flagged: int,
    *,
    precision: float | None = 0.5,
    expected: float | None = 0.01,
    transactions: int = 10_000,
    **fields: Any,
) -> RuleFigures:
    values: dict[str, Any] = {"decision": None, "labelled": flagged, "recall": None, **fields}
    return RuleFigures(
        id="often",
        mode="on",
        flagged=flagged,
        share=flagged / transactions,
        expected_share=expected,
        frauds=0,
        precision=precision,
        **values,
    )


@pytest.mark.parametrize(
    ("figures", "mention"),
    [
        (_figures(1_600), "16 %"),
        (_figures(80, precision=0.008), "0.8 %"),
        (_figures(1_600, expected=None, precision=0.01), "1 %"),
        (_figures(10, transactions=100), "10 %"),
        (_figures(90, precision=0.2, decision="clear", recall=0.12), "12 %"),
    ],
)
def test_rule_that_matches_too_much_or_too_badly_is_named(figures: RuleFigures, mention: str) -> None:
    (note,) = describe_rules([figures])
    assert "often" in note
    assert mention in note


@pytest.mark.parametrize(
    "figures",
    [
        _figures(100),
        _figures(1_600, expected=None),
        _figures(19, precision=0.0),
        _figures(90, precision=None),
        _figures(2, transactions=100),
        _figures(90, precision=0.0, labelled=19),
        _figures(90, precision=0.0, decision="clear", recall=0.0),
    ],
)
def test_rule_as_expected_has_no_note(figures: RuleFigures) -> None:
    assert list(describe_rules([figures])) == []


@pytest.mark.parametrize(
    ("condition", "missing"),
    [
        ("country == 'FR'", ["country"]),
        ("new_device and amount > limits.large", ["device_id"]),
        ("origin_accounts_1d > 2", ["device_id or ip_address"]),
        ("new_device or amount > limits.large", []),
        ("channel != 'atm'", []),
        ("not country == 'FR' and speed > 900", ["country"]),
    ],
)
def test_rule_that_needs_fields_without_values_cannot_hold(condition: str, missing: list[str]) -> None:
    observer = FieldObserver()
    transaction = msgspec.structs.replace(make_transaction(), channel="atm")
    observer.add(LabelledTransaction(transaction, None, ""))
    notes = list(observer.describe_unmatchable(ruleset(rule_data(when=condition)).rules))
    assert len(notes) == len(missing)
    assert all(name in note for name, note in zip(missing, notes, strict=True))
