"""Scores a transaction: pure, deterministic, explained.

Rules add up their weights, a model gives a probability, and the higher of the two is the score. What needs no
score decides first: the block list, the allow list, a rule that flags, a rule that clears.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from msgspec import Struct

from functions.common.domain.features import DEFAULT_LABEL_DELAY_DAYS
from functions.common.domain.lists_and_snoozes import Listing, effective
from functions.common.domain.suspicious_message import Reason
from functions.common.domain.transaction_event import TransactionInserted
from functions.fraud.scoring import reasons
from functions.fraud.scoring.expressions import condition, facts_of
from functions.fraud.scoring.reasons import CERTAIN, Model, Words
from functions.fraud.scoring.rules import Rule, RuleSet

# Sums of decimal fractions are not exact in binary: 0.7 + 0.1 must reach a threshold of 0.8.
_SCORE_DIGITS = 6


class Verdict(Struct, frozen=True, kw_only=True):
    """What is thought of a transaction; scores and `probability` are 0 to 1, the heaviest reason is first.

    `decided_by`: block-list, allow-list, rule:<id> of one that decides alone, rules, model, rules and model,
    or none. `shadow_rules`: ids of those in shadow that hold. `snoozed`: only snoozed rules suspect it.
    """

    score: float
    suspicious: bool
    decided_by: str
    reasons: tuple[Reason, ...]
    rules_score: float
    probability: float | None
    shadow_rules: tuple[str, ...]
    snoozed: bool = False


class _Found(NamedTuple):
    """What speaks about one transaction: rules that hold, the list that it is on, the model."""

    rules: Sequence[Rule]
    rules_score: float
    listed: Listing | None
    probability: float
    by_model: bool

    def first(self, decision: str) -> Rule | None:
        return next((rule for rule in self.rules if rule.decision == decision), None)


class _Outcome(NamedTuple):
    by: str
    suspicious: bool
    score: float


class Scorer:
    """Rules and, where there is one, a model. Raises RulesError for rules that cannot be applied."""

    def __init__(self, ruleset: RuleSet, model: Model | None = None) -> None:
        self.rules_version = ruleset.version
        self.model_version = model.version if model else ""
        self.label_delay_days = model.label_delay_days if model else DEFAULT_LABEL_DELAY_DAYS
        self._threshold = ruleset.threshold
        self._limits = ruleset.limits
        self._model = model
        asked = [rule for rule in ruleset.rules if rule.mode != "off"]
        self._rules = [(condition(rule.when, ruleset.limits), rule) for rule in asked]

    def score(
        self,
        transaction: TransactionInserted,
        values: Sequence[float],
        listed: Listing | None,
        now_ms: int,
        snoozed_rules: Collection[str] = (),
        *,
        log_odds: float | None = None,
    ) -> Verdict:
        """How suspicious the transaction is, and why.

        `values`: its features, in the order of their NAMES, with labels as late as `label_delay_days` says.
        `snoozed_rules`: by ids. `log_odds`: the model's, if they are known already.
        """
        holding = self._holding(transaction, values)
        probability = self._probability(values, log_odds)
        on = [rule for rule in holding if rule.mode == "on"]
        found = _Found(
            rules=on,
            rules_score=_sum(on),
            listed=effective((listed,), now_ms),
            probability=probability or 0.0,
            by_model=self._model is not None and (probability or 0.0) >= self._model.threshold,
        )
        outcome = self._decide(found)
        given = self._reasons(found, outcome, values, Words(transaction, values, self._limits))
        return Verdict(
            score=outcome.score,
            suspicious=outcome.suspicious,
            decided_by=outcome.by,
            reasons=tuple(sorted(given, key=lambda reason: (-reason.weight, reason.rule_id))),
            rules_score=found.rules_score,
            probability=probability,
            shadow_rules=tuple(rule.id for rule in holding if rule.mode == "shadow"),
            snoozed=outcome.suspicious and self._only_snoozed(found, snoozed_rules),
        )

    def _holding(self, transaction: TransactionInserted, values: Sequence[float]) -> list[Rule]:
        facts, timestamp = facts_of(transaction, values), transaction.timestamp
        return [rule for holds, rule in self._rules if holds(facts) and rule.valid_at(timestamp)]

    def _probability(self, values: Sequence[float], log_odds: float | None) -> float | None:
        if self._model is None:
            return None
        return reasons.probability_of(self._model.log_odds(values) if log_odds is None else log_odds)

    def _decide(self, found: _Found) -> _Outcome:
        if found.listed:
            blocked = found.listed.list == "block"
            return _Outcome(f"{found.listed.list}-list", blocked, CERTAIN if blocked else 0.0)
        if rule := found.first("flag"):
            return _Outcome(f"rule:{rule.id}", True, CERTAIN)
        if rule := found.first("clear"):
            return _Outcome(f"rule:{rule.id}", False, 0.0)
        deciding = [
            name
            for name, suspects in (
                ("rules", found.rules_score >= self._threshold),
                ("model", found.by_model),
            )
            if suspects
        ]
        score = max(found.rules_score, found.probability)
        return _Outcome(" and ".join(deciding) or "none", bool(deciding), score)

    def _only_snoozed(self, found: _Found, snoozed: Collection[str]) -> bool:
        awake = [rule for rule in found.rules if rule.id not in snoozed]
        if len(awake) == len(found.rules):
            return False
        return not self._decide(found._replace(rules=awake, rules_score=_sum(awake))).suspicious

    def _reasons(
        self, found: _Found, outcome: _Outcome, values: Sequence[float], words: Words
    ) -> Iterator[Reason]:
        clearing = found.first("clear")
        if found.listed:
            yield reasons.of_list(found.listed, outcome.score)
        elif clearing and not outcome.suspicious:
            yield reasons.of_rule(clearing, words)
        # What was cleared has no score for anything to contribute to.
        if outcome.score == 0:
            return
        yield from (reasons.of_rule(rule, words) for rule in found.rules if rule.decision != "clear")
        if self._model is not None and found.by_model:
            yield from reasons.of_model(self._model, found.probability, values, words)


def _sum(rules: Sequence[Rule]) -> float:
    return min(round(sum(rule.weight or 0.0 for rule in rules), _SCORE_DIGITS), 1.0)
