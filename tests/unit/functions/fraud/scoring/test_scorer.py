import math
from collections.abc import Collection, Sequence
from typing import Any

import pytest

from functions.common.domain.features import FEATURE_NAMES
from functions.common.domain.overrides import ListEntry, ListName, ProfileKind
from functions.common.domain.suspicious_message import Reason
from functions.common.domain.time_buckets import DAY_MS
from functions.common.domain.transaction_event import TransactionInserted
from functions.fraud.scoring.model import FraudModel
from functions.fraud.scoring.reasons import probability_per_log_odds, to_probability
from functions.fraud.scoring.rules import RuleSet
from functions.fraud.scoring.scorer import Scorer, ScoringResult
from tests.rules import rule_data, ruleset
from tests.unit.functions.builders import NO_FEATURES, NOW, inserted

YES = "amount > 0"
NO = "amount < 0"


class FakeModel(FraudModel):
    """Gives every transaction the same contributions: log-odds by feature, added to `base`.

    `evidence`: the log-odds of rules by id, whatever their conditions.
    """

    def __init__(
        self,
        contributions: dict[str, float] | None = None,
        threshold: float = 0.5,
        evidence: dict[str, float] | None = None,
    ) -> None:
        self._evidence_by_id = evidence or {}
        self.version = "model-1"
        self.base = -3.0
        self.threshold = threshold
        self.label_delay_days = 5
        self._contributions = contributions or {}

    def find_evidence(self, rule_id: str, _: str) -> float | None:
        return self._evidence_by_id.get(rule_id)

    def log_odds(self, _: Sequence[float]) -> float:
        return self.base + sum(self._contributions.values())

    def contributions(self, _: Sequence[float]) -> list[float]:
        return [self._contributions.get(name, 0.0) for name in FEATURE_NAMES]


def _score(
    *rules: dict[str, Any],
    transaction: TransactionInserted | None = None,
    model: FakeModel | None = None,
    list_entry: ListEntry | None = None,
    snoozed: Collection[str] = (),
    features: dict[str, float] | None = None,
    **changes: Any,
) -> ScoringResult:
    defaults = [{"id": f"rule-{number}", "reason": "R", "when": YES} for number in range(len(rules))]
    complete = [rule_data(**(default | given)) for default, given in zip(defaults, rules, strict=True)]
    # Its weight reaches any threshold, but it never matches.
    heavy = rule_data(id="heavy", weight=1, when=NO)
    scorer = Scorer(ruleset(*complete, heavy, **changes), model)
    values = [(features or {}).get(name, math.nan) for name in FEATURE_NAMES]
    return scorer.score(transaction or inserted(), values, list_entry, NOW, snoozed)


def _weighted(*weights: float, when: str = YES) -> list[dict[str, Any]]:
    return [{"weight": weight, "when": when} for weight in weights]


def _deciding(decision: str, **changes: Any) -> dict[str, Any]:
    return {"weight": None, "decision": decision} | changes


def _list_entry(name: ListName, kind: ProfileKind = "account", until: int = NOW + 1) -> ListEntry:
    return ListEntry(
        list=name, kind=kind, id="a", reason="stolen card", author="ann", added_at=1, until=until
    )


def test_genuine_transaction_is_not_suspicious() -> None:
    assert _score(*_weighted(0.9, when=NO)) == ScoringResult(
        score=0.0,
        suspicious=False,
        decided_by="none",
        reasons=(),
        rules_score=0.0,
        probability=None,
        shadow_rules=(),
    )


def test_weights_add_up_and_the_heaviest_reason_is_first() -> None:
    result = _score(*_weighted(0.1, 0.4, 0.1))
    assert (result.score, result.suspicious, result.decided_by) == (0.6, True, "rules")
    assert [reason.rule_id for reason in result.reasons] == ["rule-1", "rule-0", "rule-2"]


def test_score_is_at_most_one() -> None:
    assert _score(*_weighted(0.9, 0.8)).score == 1.0


@pytest.mark.parametrize("weights", [(0.7, 0.1), (0.1, 0.7), (0.3, 0.3, 0.2)])
def test_decimal_sum_equal_to_the_threshold_reaches_it(weights: tuple[float, ...]) -> None:
    assert _score(*_weighted(*weights), threshold=0.8).suspicious


def test_score_below_the_threshold_keeps_its_reasons() -> None:
    result = _score(*_weighted(0.4))
    assert (result.score, result.suspicious, result.decided_by) == (0.4, False, "none")
    assert len(result.reasons) == 1


def test_reason_contains_its_values() -> None:
    ratio_rule = {"when": "amount_ratio > 5", "reason": "Amount of {amount} is {amount_ratio} times the mean"}
    result = _score(ratio_rule, features={"amount_ratio": 5.24})
    assert result.reasons == (
        Reason(rule_id="rule-0", weight=0.5, text="Amount of 12.50 USD is 5.2 times the mean"),
    )


@pytest.mark.parametrize("mode", ["shadow", "off"])
def test_rule_that_is_not_on_decides_nothing(mode: str) -> None:
    result = _score({"mode": mode}, _deciding("flag", mode=mode), {"when": NO, "mode": mode})
    assert (result.score, result.suspicious, result.reasons) == (0.0, False, ())
    assert result.shadow_rules == (("rule-0", "rule-1") if mode == "shadow" else ())


@pytest.mark.parametrize(("days", "matches"), [(-1, False), (0, True), (1, False)])
def test_rule_matches_transactions_of_its_valid_days(days: int, matches: bool) -> None:
    valid_days = {"from": "2026-05-28", "until": "2026-05-28"}
    assert _score(valid_days, transaction=inserted(timestamp=NOW + days * DAY_MS)).suspicious is matches


def test_flagging_rule_is_certain_and_takes_precedence_over_a_clearing_rule() -> None:
    result = _score(*_weighted(0.2), _deciding("clear", id="trusted"), _deciding("flag", id="stolen"))
    assert (result.score, result.suspicious, result.decided_by) == (1.0, True, "rule:stolen")
    assert [(reason.rule_id, reason.weight) for reason in result.reasons] == [
        ("stolen", 1.0),
        ("rule-0", 0.2),
    ]


def test_clearing_rule_makes_the_transaction_not_suspicious() -> None:
    result = _score(*_weighted(0.9), _deciding("clear", id="trusted"), model=FakeModel({"hour": 9.0}))
    assert (result.score, result.suspicious, result.decided_by) == (0.0, False, "rule:trusted")
    assert [(reason.rule_id, reason.weight) for reason in result.reasons] == [("trusted", 0.0)]
    assert result.rules_score == 0.9
    assert result.probability == pytest.approx(0.9975, abs=1e-4)


@pytest.mark.parametrize("kind", ["account", "merchant"])
def test_block_list_decides(kind: ProfileKind) -> None:
    result = _score(_deciding("clear"), list_entry=_list_entry("block", kind))
    reason = Reason(rule_id="block-list", weight=1.0, text=f"The {kind} is on the block list: stolen card")
    assert (result.score, result.suspicious, result.decided_by) == (1.0, True, "block-list")
    assert result.reasons == (reason,)


def test_allow_list_decides() -> None:
    result = _score(*_weighted(0.9), _deciding("flag"), list_entry=_list_entry("allow"))
    reason = Reason(rule_id="allow-list", weight=0.0, text="The account is on the allow list: stolen card")
    assert (result.score, result.suspicious, result.decided_by) == (0.0, False, "allow-list")
    assert result.reasons == (reason,)


def test_expired_list_entry_is_ignored() -> None:
    assert not _score(list_entry=_list_entry("block", until=NOW)).suspicious


def test_matching_rules_add_their_evidence_to_the_log_odds_of_the_model() -> None:
    model = FakeModel({"hour": 1.0}, evidence={"rule-0": 2.5, "rule-1": 0.5, "rule-2": 9.0})
    result = _score(*_weighted(0.4, 0.1), {"when": NO}, model=model)
    assert result.probability == result.score == to_probability(1.0)
    assert (result.suspicious, result.decided_by, result.rules_score) == (True, "rules and model", 0.5)


def test_rule_that_the_model_does_not_know_adds_nothing_however_heavy_it_is() -> None:
    result = _score(*_weighted(1.0), model=FakeModel({"hour": 1.0}))
    assert (result.score, result.suspicious) == (to_probability(-2.0), False)
    assert [(reason.rule_id, reason.weight) for reason in result.reasons] == [("rule-0", 0.0)]


def test_model_decides_alone_if_no_matching_rule_has_evidence() -> None:
    result = _score(*_weighted(0.4), model=FakeModel({"hour": 4.0}, evidence={"rule-0": 0.0}))
    assert (result.suspicious, result.decided_by, result.rules_score) == (True, "model", 0.4)


def test_weights_of_rules_and_features_add_up_to_the_probability() -> None:
    model = FakeModel({"hour": 2.0, "speed": 1.0}, evidence={"rule-0": 2.0})
    result = _score({"weight": 0.4}, model=model)
    total = sum(reason.weight for reason in result.reasons)
    assert to_probability(model.base) + total == pytest.approx(result.score)
    assert result.reasons[0].weight == pytest.approx(result.reasons[1].weight)


def test_shadow_rule_adds_no_evidence() -> None:
    result = _score({"mode": "shadow"}, model=FakeModel({"hour": 1.0}, evidence={"rule-0": 9.0}))
    assert (result.score, result.shadow_rules) == (to_probability(-2.0), ("rule-0",))


def test_rules_unknown_to_the_model_are_named() -> None:
    rules = ruleset(
        rule_data(id="learned"),
        rule_data(id="new"),
        rule_data(id="tried", mode="shadow"),
        rule_data(id="hard", weight=None, decision="flag"),
    )
    assert Scorer(rules, FakeModel(evidence={"learned": 0.0})).unlearned_rules == ("new",)
    assert Scorer(rules).unlearned_rules == ()


def test_hard_decision_is_hard_with_a_model() -> None:
    result = _score(_deciding("flag", id="stolen"), model=FakeModel())
    assert (result.score, result.suspicious, result.decided_by) == (1.0, True, "rule:stolen")


def test_model_below_its_threshold_decides_nothing_and_gives_no_reasons() -> None:
    result = _score(model=FakeModel({"hour": 4.0}, threshold=0.8))
    assert (result.score, result.suspicious, result.reasons) == (to_probability(1.0), False, ())


def test_model_gives_its_five_strongest_reasons_with_values() -> None:
    contributions = {name: 1.0 + number for number, name in enumerate(FEATURE_NAMES[:7])} | {
        "amount_ratio": 9.0,
        "speed": -2.0,
    }
    result = _score(
        model=FakeModel(contributions),
        features={"amount_ratio": 5.2},
        transaction=inserted(amount=412, currency="EUR"),
    )
    first, *rest = result.reasons
    assert first.text == "amount 412.00 EUR is 5.2 times this account's 30-day mean"
    names = [reason.rule_id for reason in result.reasons]
    assert names == ["model:amount_ratio", *(f"model:{name}" for name in FEATURE_NAMES[6:2:-1])]
    assert all(first.weight > reason.weight > 0 for reason in rest)


@pytest.mark.parametrize(
    "contributions", [{"hour": 4.0, "speed": -0.5}, {"hour": 1e-9}, {"hour": -2.0}, {}, {"hour": 800.0}]
)
def test_shares_of_contributions_add_up_to_the_probability(contributions: dict[str, float]) -> None:
    model = FakeModel(contributions)
    log_odds = model.log_odds(NO_FEATURES)
    probability, share = to_probability(log_odds), probability_per_log_odds(log_odds, model.base)
    weights = [contribution * share for contribution in model.contributions(NO_FEATURES)]
    assert to_probability(model.base) + math.fsum(weights) == pytest.approx(probability, abs=1e-12)


def test_given_log_odds_are_not_computed_again() -> None:
    scorer = Scorer(RuleSet(threshold=0.5), FakeModel())
    assert scorer.score(inserted(), NO_FEATURES, None, NOW, log_odds=0.0).probability == 0.5


@pytest.mark.parametrize("log_odds", [-800.0, -1.0, 0.0, 1.0, 800.0])
def test_probability_of_any_log_odds_is_between_0_and_1(log_odds: float) -> None:
    assert 0 <= to_probability(log_odds) <= 1
    assert to_probability(log_odds) + to_probability(-log_odds) == pytest.approx(1)


@pytest.mark.parametrize(
    ("rules", "model", "list_entry", "snoozed", "expected"),
    [
        (_weighted(0.9), None, None, ["rule-0"], True),
        (_weighted(0.9), None, None, ["rule-1"], False),
        (_weighted(0.9, 0.2), None, None, ["rule-0"], True),
        (_weighted(0.9, 0.2), None, None, ["rule-1"], False),
        (_weighted(0.9, 0.6), None, None, ["rule-0"], False),
        (_weighted(0.4), None, None, ["rule-0"], False),
        (_weighted(0.9), FakeModel({"hour": 9.0}), None, ["rule-0"], False),
        (_weighted(0.9), FakeModel({"hour": 1.0}, evidence={"rule-0": 5.0}), None, ["rule-0"], True),
        (_weighted(0.9), FakeModel({"hour": 5.0}, evidence={"rule-0": 5.0}), None, ["rule-0"], False),
        (_weighted(0.9), None, _list_entry("block"), ["rule-0"], False),
        ([_deciding("flag", id="stolen")], None, None, ["stolen"], True),
    ],
)
def test_result_is_snoozed_only_without_other_evidence(
    rules: list[dict[str, Any]],
    model: FakeModel | None,
    list_entry: ListEntry | None,
    snoozed: list[str],
    expected: bool,
) -> None:
    result = _score(*rules, model=model, list_entry=list_entry, snoozed=snoozed)
    assert result.snoozed is expected
    assert result.suspicious is (rules != _weighted(0.4))


def test_scorer_has_the_versions_of_its_rules_and_model() -> None:
    rules = ruleset(rule_data())
    assert (Scorer(rules).rules_version, Scorer(rules).model_version) == (rules.version, "")
    scorer = Scorer(rules, FakeModel())
    assert (scorer.model_version, scorer.label_delay_days) == ("model-1", 5)
