"""The scorer: computes a transaction's score with reasons. Pure and deterministic.

The score is the higher of the sum of the rules' weights and the model's probability. Four checks take
precedence over the score, in this order: the block list, the allow list, a rule that flags, and a rule that
clears.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import NamedTuple

from msgspec import Struct

from functions.common.domain.features import DEFAULT_LABEL_DELAY_DAYS
from functions.common.domain.overrides import ListEntry, effective_entry
from functions.common.domain.suspicious_message import Reason
from functions.common.domain.transaction_event import TransactionInserted
from functions.fraud.scoring.expressions import compile_condition, variable_values
from functions.fraud.scoring.model import FraudModel
from functions.fraud.scoring.reasons import (
    CERTAIN,
    ReasonWriter,
    list_reason,
    model_reasons,
    rule_reason,
    to_probability,
)
from functions.fraud.scoring.rules import HardDecision, Rule, RuleSet

# Binary sums of decimal fractions are inexact: 0.7 + 0.1 must reach a threshold of 0.8.
_SCORE_DIGITS = 6


class ScoringResult(Struct, frozen=True, kw_only=True):
    """The result of scoring. Scores and `probability` are 0 to 1; the heaviest reason is first.

    `decided_by` is block-list, allow-list, rule:<id> for a rule that decides alone, rules, model, rules and
    model, or none. `shadow_rules` are the IDs of matching rules in shadow mode. `snoozed` is true if only
    snoozed rules make the transaction suspicious.
    """

    score: float
    suspicious: bool
    decided_by: str
    reasons: tuple[Reason, ...]
    rules_score: float
    probability: float | None
    shadow_rules: tuple[str, ...]
    snoozed: bool = False


class _Evidence(NamedTuple):
    """The inputs of a decision: matching rules in mode `on`, the list entry, and the model's probability."""

    rules: Sequence[Rule]
    rules_score: float
    list_entry: ListEntry | None
    probability: float
    model_flags: bool

    def first_rule(self, decision: HardDecision) -> Rule | None:
        return next((rule for rule in self.rules if rule.decision == decision), None)


class _Conclusion(NamedTuple):
    decided_by: str
    suspicious: bool
    score: float


class Scorer:
    """Scores with rules and an optional model. Raises RulesError for rules that do not compile."""

    def __init__(self, ruleset: RuleSet, model: FraudModel | None = None) -> None:
        self.rules_version = ruleset.version
        self.model_version = model.version if model else ""
        self.label_delay_days = model.label_delay_days if model else DEFAULT_LABEL_DELAY_DAYS
        self._threshold = ruleset.threshold
        self._limits = ruleset.limits
        self._model = model
        evaluated = [rule for rule in ruleset.rules if rule.mode != "off"]
        self._rules = [(compile_condition(rule.when, ruleset.limits), rule) for rule in evaluated]

    def score(
        self,
        transaction: TransactionInserted,
        values: Sequence[float],
        list_entry: ListEntry | None,
        now_ms: int,
        snoozed_rules: Collection[str] = (),
        *,
        log_odds: float | None = None,
    ) -> ScoringResult:
        """Score a transaction.

        `values` are its features in the order of FEATURE_NAMES, computed with `label_delay_days`.
        `snoozed_rules` are rule IDs. Pass the model's `log_odds` if they are already computed.
        """
        matching = self._find_matching_rules(transaction, values)
        probability = self._compute_probability(values, log_odds)
        deciding = [rule for rule in matching if rule.mode == "on"]
        evidence = _Evidence(
            rules=deciding,
            rules_score=_sum_weights(deciding),
            list_entry=effective_entry((list_entry,), now_ms),
            probability=probability or 0.0,
            model_flags=self._model is not None and (probability or 0.0) >= self._model.threshold,
        )
        conclusion = self._conclude(evidence)
        writer = ReasonWriter(transaction, values, self._limits)
        reasons = self._explain(evidence, conclusion, values, writer)
        return ScoringResult(
            score=conclusion.score,
            suspicious=conclusion.suspicious,
            decided_by=conclusion.decided_by,
            reasons=tuple(sorted(reasons, key=lambda reason: (-reason.weight, reason.rule_id))),
            rules_score=evidence.rules_score,
            probability=probability,
            shadow_rules=tuple(rule.id for rule in matching if rule.mode == "shadow"),
            snoozed=conclusion.suspicious and self._depends_on_snoozed_rules(evidence, snoozed_rules),
        )

    def _find_matching_rules(self, transaction: TransactionInserted, values: Sequence[float]) -> list[Rule]:
        variables, timestamp = variable_values(transaction, values), transaction.timestamp
        return [rule for matches, rule in self._rules if matches(variables) and rule.is_valid_at(timestamp)]

    def _compute_probability(self, values: Sequence[float], log_odds: float | None) -> float | None:
        if self._model is None:
            return None
        return to_probability(self._model.log_odds(values) if log_odds is None else log_odds)

    def _conclude(self, evidence: _Evidence) -> _Conclusion:
        if evidence.list_entry:
            blocked = evidence.list_entry.list == "block"
            return _Conclusion(f"{evidence.list_entry.list}-list", blocked, CERTAIN if blocked else 0.0)
        if rule := evidence.first_rule("flag"):
            return _Conclusion(f"rule:{rule.id}", True, CERTAIN)
        if rule := evidence.first_rule("clear"):
            return _Conclusion(f"rule:{rule.id}", False, 0.0)
        flagged_by = []
        if evidence.rules_score >= self._threshold:
            flagged_by.append("rules")
        if evidence.model_flags:
            flagged_by.append("model")
        score = max(evidence.rules_score, evidence.probability)
        return _Conclusion(" and ".join(flagged_by) or "none", bool(flagged_by), score)

    def _depends_on_snoozed_rules(self, evidence: _Evidence, snoozed_rules: Collection[str]) -> bool:
        active = [rule for rule in evidence.rules if rule.id not in snoozed_rules]
        if len(active) == len(evidence.rules):
            return False
        remaining = evidence._replace(rules=active, rules_score=_sum_weights(active))
        return not self._conclude(remaining).suspicious

    def _explain(
        self, evidence: _Evidence, conclusion: _Conclusion, values: Sequence[float], writer: ReasonWriter
    ) -> Iterator[Reason]:
        clearing_rule = evidence.first_rule("clear")
        if evidence.list_entry:
            yield list_reason(evidence.list_entry, conclusion.score)
        elif clearing_rule and not conclusion.suspicious:
            yield rule_reason(clearing_rule, writer)
        # A cleared transaction has a score of 0, so nothing contributes to it.
        if conclusion.score == 0:
            return
        yield from (rule_reason(rule, writer) for rule in evidence.rules if rule.decision != "clear")
        if self._model is not None and evidence.model_flags:
            yield from model_reasons(self._model, evidence.probability, values, writer)


def _sum_weights(rules: Sequence[Rule]) -> float:
    return min(round(sum(rule.weight or 0.0 for rule in rules), _SCORE_DIGITS), 1.0)


def create_scorers(read: Callable[[str], bytes | None]) -> tuple[Scorer, Scorer | None]:
    """Create the live scorer, and the candidate if there are candidate rules or a candidate model.

    `read` returns the content of a packaged file, or None if the package lacks it. A candidate without rules
    or without a model uses the live one. Only the live rules are required.
    """
    rules, model = _read_rules(read("rules.json")), _read_model(read("model.json"))
    if rules is None:
        raise FileNotFoundError("rules.json")
    candidate_rules = _read_rules(read("candidate_rules.json"))
    candidate_model = _read_model(read("candidate_model.json"))
    if candidate_rules is None and candidate_model is None:
        return Scorer(rules, model), None
    return Scorer(rules, model), Scorer(candidate_rules or rules, candidate_model or model)


def _read_rules(content: bytes | None) -> RuleSet | None:
    return None if content is None else RuleSet.from_json(content)


def _read_model(content: bytes | None) -> FraudModel | None:
    return None if content is None else FraudModel.from_json(content)
