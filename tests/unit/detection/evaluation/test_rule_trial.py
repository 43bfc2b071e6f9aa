from detection.data.columns import Labelled
from detection.evaluation.rule_trial import TOGETHER, Trial, Tried
from tests.rules import rule, ruleset
from tests.unit.detection.transactions import transaction
from tests.unit.functions.builders import NO_FEATURES

RULES = ruleset(
    rule(id="large", when="amount > money(100, 'EUR')"),
    rule(id="quiet", when="amount > money(10, 'EUR')", mode="off"),
    rule(id="later", when="amount > money(10, 'EUR')", mode="shadow", **{"from": "2018-04-02"}),
)
DAY_MS = 86_400_000


def _tried(*labels: tuple[str, bool | None], later_ms: int = 0) -> dict[str, Tried]:
    trial = Trial(RULES)
    for number, (amount, is_fraud) in enumerate(labels):
        one = transaction(f"t{number}", amount=amount, timestamp=1_522_540_800_000 + later_ms)
        trial.add(Labelled(one, is_fraud, ""), list(NO_FEATURES))
    return {one.id: one for one in (*trial.rules(), trial.together())}


def test_each_rule_is_counted_whatever_its_mode() -> None:
    tried = _tried(("150", True), ("50", False), ("5", True))
    assert (tried["large"].flagged, tried["large"].precision, tried["large"].recall) == (1, 1.0, 0.5)
    assert (tried["quiet"].flagged, tried["quiet"].precision, tried["quiet"].recall) == (2, 0.5, 0.5)
    assert tried["quiet"].mode == "off"


def test_rule_is_tried_on_days_on_which_it_is_valid() -> None:
    assert _tried(("50", True))["later"].flagged == 0
    assert _tried(("50", True), later_ms=DAY_MS)["later"].flagged == 1


def test_only_rules_that_are_on_flag_something_together() -> None:
    tried = _tried(("150", True), ("50", False))
    assert (tried[TOGETHER].flagged, tried[TOGETHER].precision) == (1, 1.0)


def test_what_has_no_label_is_flagged_but_has_no_precision() -> None:
    tried = _tried(("150", None), ("50", True), ("60", None))
    assert (tried["large"].flagged, tried["large"].labelled, tried["large"].precision) == (1, 0, None)
    assert (tried["quiet"].flagged, tried["quiet"].labelled, tried["quiet"].precision) == (3, 1, 1.0)


def test_sink_is_told_of_each_rule_and_transaction() -> None:
    told: list[tuple[str, str]] = []
    trial = Trial(RULES, lambda name, labelled: told.append((name, labelled.transaction.transaction_id)))
    trial.add(Labelled(transaction("t7", amount="150"), None, ""), list(NO_FEATURES))
    assert told == [("large", "t7"), ("quiet", "t7")]
