from detection.data.columns import LabelledTransaction
from detection.evaluation.figures import RuleFigures
from detection.evaluation.rule_trial import TOGETHER, RuleTrial
from functions.common.domain.time_buckets import DAY_MS
from tests.rules import rule_data, ruleset
from tests.unit.detection.transactions import make_transaction
from tests.unit.functions.builders import NO_FEATURES

RULES = ruleset(
    rule_data(id="large", when="amount > money(100, 'EUR')"),
    rule_data(id="quiet", when="amount > money(10, 'EUR')", mode="off"),
    rule_data(id="later", when="amount > money(10, 'EUR')", mode="shadow", **{"from": "2018-04-02"}),
)


def try_rules(*labels: tuple[str, bool | None], later_ms: int = 0) -> dict[str, RuleFigures]:
    trial = RuleTrial(RULES)
    for number, (amount, is_fraud) in enumerate(labels):
        transaction = make_transaction(f"t{number}", amount=amount, timestamp=1_522_540_800_000 + later_ms)
        trial.add(LabelledTransaction(transaction, is_fraud, ""), list(NO_FEATURES))
    return {figures.id: figures for figures in (*trial.rules(), trial.together())}


def test_each_rule_is_counted_in_any_mode() -> None:
    figures = try_rules(("150", True), ("50", False), ("5", True))
    assert (figures["large"].flagged, figures["large"].precision, figures["large"].recall) == (1, 1.0, 0.5)
    assert (figures["quiet"].flagged, figures["quiet"].precision, figures["quiet"].recall) == (2, 0.5, 0.5)
    assert figures["quiet"].mode == "off"


def test_rule_is_counted_only_while_it_is_valid() -> None:
    assert try_rules(("50", True))["later"].flagged == 0
    assert try_rules(("50", True), later_ms=DAY_MS)["later"].flagged == 1


def test_whole_set_uses_rules_in_mode_on_only() -> None:
    figures = try_rules(("150", True), ("50", False))
    assert (figures[TOGETHER].flagged, figures[TOGETHER].precision) == (1, 1.0)


def test_transactions_without_labels_do_not_count_for_precision() -> None:
    figures = try_rules(("150", None), ("50", True), ("60", None))
    assert (figures["large"].flagged, figures["large"].labelled, figures["large"].precision) == (1, 0, None)
    assert (figures["quiet"].flagged, figures["quiet"].labelled, figures["quiet"].precision) == (3, 1, 1.0)


def test_sink_receives_each_match() -> None:
    matches: list[tuple[str, str]] = []
    trial = RuleTrial(
        RULES, lambda rule_id, labelled: matches.append((rule_id, labelled.transaction.transaction_id))
    )
    trial.add(LabelledTransaction(make_transaction("t7", amount="150"), None, ""), list(NO_FEATURES))
    assert matches == [("large", "t7"), ("quiet", "t7")]
