import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from functions.common.domain.features import NAMES
from functions.common.domain.lists_and_snoozes import Listing
from functions.common.domain.suspicious_message import Reason
from functions.common.domain.transaction_event import TransactionInserted
from functions.fraud.scoring.reasons import probability_of, shares
from functions.fraud.scoring.rules import RuleSet
from functions.fraud.scoring.scorer import Scorer, Verdict
from tests.rules import rule, ruleset
from tests.unit.functions.builders import NO_FEATURES, NOW, inserted

DAY = 86_400_000
YES = "amount > 0"
NO = "amount < 0"


@dataclass
class FakeModel:
    """Says the same of every transaction: `said` by feature, in log-odds above `base`."""

    said: dict[str, float] = field(default_factory=dict)
    base: float = -3.0
    threshold: float = 0.5
    version: str = "model-1"
    label_delay_days: int = 5

    def log_odds(self, _: Sequence[float]) -> float:
        return self.base + sum(self.said.values())

    def contributions(self, _: Sequence[float]) -> list[float]:
        return [self.said.get(name, 0.0) for name in NAMES]


def _score(
    *rules: dict[str, Any],
    transaction: TransactionInserted | None = None,
    model: FakeModel | None = None,
    listed: Listing | None = None,
    snoozed: Collection[str] = (),
    features: dict[str, float] | None = None,
    **changes: Any,
) -> Verdict:
    defaults = [{"id": f"rule-{number}", "reason": "R", "when": YES} for number in range(len(rules))]
    named = [rule(**(default | one)) for default, one in zip(defaults, rules, strict=True)]
    # Reaches every threshold, but never holds.
    heavy = rule(id="heavy", weight=1, when=NO)
    scorer = Scorer(ruleset(*named, heavy, **changes), model)
    values = [(features or {}).get(name, math.nan) for name in NAMES]
    return scorer.score(transaction or inserted(), values, listed, NOW, snoozed)


def _weighted(*weights: float, when: str = YES) -> list[dict[str, Any]]:
    return [{"weight": weight, "when": when} for weight in weights]


def _hard(decision: str, **changes: Any) -> dict[str, Any]:
    return {"weight": None, "decision": decision} | changes


def _on(kind: str, of: str = "account", until: int = NOW + 1) -> Listing:
    return Listing(list=kind, kind=of, id="a", reason="stolen card", author="ann", added_at=1, until=until)  # type: ignore[arg-type]


def test_ordinary_transaction_is_not_suspicious() -> None:
    assert _score(*_weighted(0.9, when=NO)) == Verdict(
        score=0.0,
        suspicious=False,
        decided_by="none",
        reasons=(),
        rules_score=0.0,
        probability=None,
        shadow_rules=(),
    )


def test_weights_add_up_and_the_heaviest_reason_is_first() -> None:
    verdict = _score(*_weighted(0.1, 0.4, 0.1))
    assert (verdict.score, verdict.suspicious, verdict.decided_by) == (0.6, True, "rules")
    assert [reason.rule_id for reason in verdict.reasons] == ["rule-1", "rule-0", "rule-2"]


def test_score_is_at_most_one() -> None:
    assert _score(*_weighted(0.9, 0.8)).score == 1.0


@pytest.mark.parametrize("weights", [(0.7, 0.1), (0.1, 0.7), (0.3, 0.3, 0.2)])
def test_sum_that_equals_the_threshold_on_paper_reaches_it(weights: tuple[float, ...]) -> None:
    assert _score(*_weighted(*weights), threshold=0.8).suspicious


def test_score_below_the_threshold_keeps_its_reasons() -> None:
    verdict = _score(*_weighted(0.4))
    assert (verdict.score, verdict.suspicious, verdict.decided_by) == (0.4, False, "none")
    assert len(verdict.reasons) == 1


def test_reason_is_a_sentence_with_its_numbers() -> None:
    one = {"when": "amount_ratio > 5", "reason": "Amount of {amount} is {amount_ratio} times the mean"}
    verdict = _score(one, features={"amount_ratio": 5.24})
    assert verdict.reasons == (
        Reason(rule_id="rule-0", weight=0.5, text="Amount of 12.50 USD is 5.2 times the mean"),
    )


@pytest.mark.parametrize("mode", ["shadow", "off"])
def test_rule_that_is_not_on_decides_nothing(mode: str) -> None:
    verdict = _score({"mode": mode}, _hard("flag", mode=mode), {"when": NO, "mode": mode})
    assert (verdict.score, verdict.suspicious, verdict.reasons) == (0.0, False, ())
    assert verdict.shadow_rules == (("rule-0", "rule-1") if mode == "shadow" else ())


@pytest.mark.parametrize(("days", "holds"), [(-1, False), (0, True), (1, False)])
def test_rule_holds_on_days_of_the_transaction_on_which_it_is_valid(days: int, holds: bool) -> None:
    valid = {"from": "2026-05-28", "until": "2026-05-28"}
    assert _score(valid, transaction=inserted(timestamp=NOW + days * DAY)).suspicious is holds


def test_rule_that_flags_is_certain_and_goes_before_one_that_clears() -> None:
    verdict = _score(*_weighted(0.2), _hard("clear", id="trusted"), _hard("flag", id="stolen"))
    assert (verdict.score, verdict.suspicious, verdict.decided_by) == (1.0, True, "rule:stolen")
    assert [(reason.rule_id, reason.weight) for reason in verdict.reasons] == [
        ("stolen", 1.0),
        ("rule-0", 0.2),
    ]


def test_rule_that_clears_ends_it_as_not_suspicious() -> None:
    verdict = _score(*_weighted(0.9), _hard("clear", id="trusted"), model=FakeModel({"hour": 9.0}))
    assert (verdict.score, verdict.suspicious, verdict.decided_by) == (0.0, False, "rule:trusted")
    assert [(reason.rule_id, reason.weight) for reason in verdict.reasons] == [("trusted", 0.0)]
    assert verdict.rules_score == 0.9
    assert verdict.probability == pytest.approx(0.9975, abs=1e-4)


@pytest.mark.parametrize("of", ["account", "merchant"])
def test_block_list_is_decisive(of: str) -> None:
    verdict = _score(_hard("clear"), listed=_on("block", of))
    reason = Reason(rule_id="block-list", weight=1.0, text=f"The {of} is on the block list: stolen card")
    assert (verdict.score, verdict.suspicious, verdict.decided_by) == (1.0, True, "block-list")
    assert verdict.reasons == (reason,)


def test_allow_list_is_decisive_the_other_way() -> None:
    verdict = _score(*_weighted(0.9), _hard("flag"), listed=_on("allow"))
    reason = Reason(rule_id="allow-list", weight=0.0, text="The account is on the allow list: stolen card")
    assert (verdict.score, verdict.suspicious, verdict.decided_by) == (0.0, False, "allow-list")
    assert verdict.reasons == (reason,)


def test_list_counts_until_its_end() -> None:
    assert not _score(listed=_on("block", until=NOW)).suspicious


def test_probability_is_the_score_where_it_is_higher() -> None:
    model = FakeModel({"amount_ratio": 4.0}, threshold=0.7)
    verdict = _score(
        *_weighted(0.4), {"weight": 0.2, "when": NO}, model=model, features={"amount_ratio": 5.0}
    )
    assert verdict.probability == verdict.score == probability_of(1.0)
    assert (verdict.suspicious, verdict.decided_by, verdict.rules_score) == (True, "model", 0.4)


def test_rules_and_model_both_decide() -> None:
    verdict = _score(*_weighted(0.9), model=FakeModel({"hour": 4.0}))
    assert (verdict.score, verdict.decided_by) == (0.9, "rules and model")


def test_model_below_its_own_threshold_decides_nothing_and_gives_no_reasons() -> None:
    verdict = _score(model=FakeModel({"hour": 4.0}, threshold=0.8))
    assert (verdict.score, verdict.suspicious, verdict.reasons) == (probability_of(1.0), False, ())


def test_model_gives_its_five_strongest_reasons_with_numbers() -> None:
    said = {name: 1.0 + number for number, name in enumerate(NAMES[:7])} | {
        "amount_ratio": 9.0,
        "speed": -2.0,
    }
    verdict = _score(
        model=FakeModel(said),
        features={"amount_ratio": 5.2},
        transaction=inserted(amount=412, currency="EUR"),
    )
    first, *others = verdict.reasons
    assert first.text == "amount 412.00 EUR is 5.2 times this account's 30-day mean"
    names = [reason.rule_id for reason in verdict.reasons]
    assert names == ["model:amount_ratio", *(f"model:{name}" for name in NAMES[6:2:-1])]
    assert all(first.weight > reason.weight > 0 for reason in others)


@pytest.mark.parametrize(
    "said", [{"hour": 4.0, "speed": -0.5}, {"hour": 1e-9}, {"hour": -2.0}, {}, {"hour": 800.0}]
)
def test_shares_of_contributions_add_up_to_the_probability(said: dict[str, float]) -> None:
    model = FakeModel(said)
    probability = probability_of(model.log_odds(NO_FEATURES))
    weights = shares(probability, model.base, model.contributions(NO_FEATURES))
    assert probability_of(model.base) + math.fsum(weights) == pytest.approx(probability, abs=1e-12)


def test_log_odds_that_are_known_are_not_computed_again() -> None:
    scorer = Scorer(RuleSet(threshold=0.5), FakeModel())
    assert scorer.score(inserted(), NO_FEATURES, None, NOW, log_odds=0.0).probability == 0.5


@pytest.mark.parametrize("log_odds", [-800.0, -1.0, 0.0, 1.0, 800.0])
def test_probability_of_any_log_odds_is_between_0_and_1(log_odds: float) -> None:
    assert 0 <= probability_of(log_odds) <= 1
    assert probability_of(log_odds) + probability_of(-log_odds) == pytest.approx(1)


@pytest.mark.parametrize(
    ("rules", "model", "listed", "snoozed", "expected"),
    [
        (_weighted(0.9), None, None, ["rule-0"], True),
        (_weighted(0.9), None, None, ["rule-1"], False),
        (_weighted(0.9, 0.2), None, None, ["rule-0"], True),
        (_weighted(0.9, 0.2), None, None, ["rule-1"], False),
        (_weighted(0.9, 0.6), None, None, ["rule-0"], False),
        (_weighted(0.4), None, None, ["rule-0"], False),
        (_weighted(0.9), FakeModel({"hour": 9.0}), None, ["rule-0"], False),
        (_weighted(0.9), None, _on("block"), ["rule-0"], False),
        ([_hard("flag", id="stolen")], None, None, ["stolen"], True),
    ],
)
def test_only_what_no_other_rule_nor_model_nor_list_suspects_is_snoozed(
    rules: list[dict[str, Any]],
    model: FakeModel | None,
    listed: Listing | None,
    snoozed: list[str],
    expected: bool,
) -> None:
    verdict = _score(*rules, model=model, listed=listed, snoozed=snoozed)
    assert verdict.snoozed is expected
    assert verdict.suspicious is (rules != _weighted(0.4))


def test_scorer_tells_its_versions() -> None:
    rules = ruleset(rule())
    assert (Scorer(rules).rules_version, Scorer(rules).model_version) == (rules.version, "")
    scorer = Scorer(rules, FakeModel())
    assert (scorer.model_version, scorer.label_delay_days) == ("model-1", 5)
