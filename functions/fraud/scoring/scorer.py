"""The scorer: computes a transaction's score with reasons. Pure and deterministic.

With a model, the score is the joint probability of the model and of the rules that it was trained with.
Without a model, it is the sum of the rules' weights. Four checks take precedence over the score, in this
order: the block list, the allow list, a rule that flags, and a rule that clears.
"""

import math
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import NamedTuple

from msgspec import Struct

from functions.common.domain.features import DEFAULT_LABEL_DELAY_DAYS
from functions.common.domain.overrides import ListEntry, effective_entry
from functions.common.domain.suspicious_message import Reason
from functions.common.domain.transaction_event import TransactionInserted
from functions.fraud.scoring.expressions import (
    Condition,
    compile_condition,
    digest_condition,
    variable_values,
)
from functions.fraud.scoring.model import FraudModel
from functions.fraud.scoring.reasons import (
    CERTAIN,
    ReasonWriter,
    list_reason,
    model_reasons,
    probability_per_log_odds,
    to_probability,
)
from functions.fraud.scoring.rules import HardDecision, Rule, RuleSet

# Binary sums of decimal fractions are inexact: 0.7 + 0.1 must reach a threshold of 0.8.
_SCORE_DIGITS = 6


class ScoringResult(Struct, frozen=True, kw_only=True):
    """The result of scoring. Scores and `probability` are 0 to 1; the heaviest reason is first.

    `decided_by` is block-list, allow-list, rule:<id> for a rule that decides alone, rules (without a model),
    model, rules and model (if a matching rule added evidence), or none. `rules_score` is the sum of the
    weights of the matching rules. `probability` is the joint probability of model and rules, None without a
    model. `shadow_rules` are the IDs of matching rules in shadow mode. `snoozed` is true if only snoozed
    rules make the transaction suspicious.
    """

    score: float
    suspicious: bool
    decided_by: str
    reasons: tuple[Reason, ...]
    rules_score: float
    probability: float | None
    shadow_rules: tuple[str, ...]
    snoozed: bool = False


class _CompiledRule(NamedTuple):
    """A rule with its condition, and the log-odds that a match adds to those of the model."""

    matches: Condition
    rule: Rule
    evidence: float


class _Evidence(NamedTuple):
    """The inputs of a decision: matching rules in mode `on`, the list entry, and the model's log-odds.

    `model_log_odds` are without the rules, and NaN without a model.
    """

    rules: Sequence[_CompiledRule]
    list_entry: ListEntry | None
    model_log_odds: float

    @property
    def weight(self) -> float:
        """The sum of the weights of the rules."""
        return min(round(sum(compiled.rule.weight or 0.0 for compiled in self.rules), _SCORE_DIGITS), 1.0)

    @property
    def log_odds(self) -> float:
        """The joint log-odds of model and rules."""
        return self.model_log_odds + sum(compiled.evidence for compiled in self.rules)

    def first_rule(self, decision: HardDecision) -> Rule | None:
        return next((compiled.rule for compiled in self.rules if compiled.rule.decision == decision), None)


class _Conclusion(NamedTuple):
    decided_by: str
    suspicious: bool
    score: float


class Scorer:
    """Scores with rules and an optional model. Raises RulesError for rules that do not compile.

    `unlearned_rules` are the IDs of the rules with a weight that are on and that the model was not trained
    with. They add nothing to the score until a model is trained again.
    """

    def __init__(self, ruleset: RuleSet, model: FraudModel | None = None) -> None:
        self.rules_version = ruleset.version
        self.model_version = model.version if model else ""
        self.label_delay_days = model.label_delay_days if model else DEFAULT_LABEL_DELAY_DAYS
        self._threshold = ruleset.threshold
        self._limits = ruleset.limits
        self._model = model
        self._rules: list[_CompiledRule] = []
        unlearned = []
        for rule in ruleset.rules:
            if rule.mode == "off":
                continue
            evidence = None
            if model is not None and rule.weight is not None and rule.mode == "on":
                evidence = model.find_evidence(rule.id, digest_condition(rule.when, ruleset.limits))
                if evidence is None:
                    unlearned.append(rule.id)
            condition = compile_condition(rule.when, ruleset.limits)
            self._rules.append(_CompiledRule(condition, rule, evidence or 0.0))
        self.unlearned_rules = tuple(unlearned)

    def score(
        self,
        transaction: TransactionInserted,
        values: Sequence[float],
        list_entry: ListEntry | None,
        now_ms: int,
        snoozed_rules: Collection[str] = (),
        *,
        log_odds: float | None = None,
        contributions: Sequence[float] | None = None,
        explains_model: bool = True,
    ) -> ScoringResult:
        """Score a transaction.

        `values` are its features in the order of FEATURE_NAMES, computed with `label_delay_days`.
        `snoozed_rules` are rule IDs. Pass the model's `log_odds` and `contributions` if they are already
        computed. `explains_model`: whether the reasons contain those of the model, which take most of the
        time.
        """
        matching = self._find_matching_rules(transaction, values)
        evidence = _Evidence(
            rules=[compiled for compiled in matching if compiled.rule.mode == "on"],
            list_entry=effective_entry((list_entry,), now_ms),
            model_log_odds=self._compute_log_odds(values, log_odds),
        )
        conclusion = self._conclude(evidence)
        writer = ReasonWriter(transaction, values, self._limits)
        reasons = list(self._explain(evidence, conclusion, writer))
        if explains_model and conclusion.score:
            reasons += self._explain_model(evidence, values, contributions, writer)
        return ScoringResult(
            score=conclusion.score,
            suspicious=conclusion.suspicious,
            decided_by=conclusion.decided_by,
            reasons=tuple(sorted(reasons, key=lambda reason: (-reason.weight, reason.rule_id))),
            rules_score=evidence.weight,
            probability=None if self._model is None else to_probability(evidence.log_odds),
            shadow_rules=tuple(compiled.rule.id for compiled in matching if compiled.rule.mode == "shadow"),
            snoozed=conclusion.suspicious and self._depends_on_snoozed_rules(evidence, snoozed_rules),
        )

    def _find_matching_rules(
        self, transaction: TransactionInserted, values: Sequence[float]
    ) -> list[_CompiledRule]:
        variables, timestamp = variable_values(transaction, values), transaction.timestamp
        return [
            compiled
            for compiled in self._rules
            if compiled.matches(variables) and compiled.rule.is_valid_at(timestamp)
        ]

    def _compute_log_odds(self, values: Sequence[float], log_odds: float | None) -> float:
        if self._model is None:
            return math.nan
        return self._model.log_odds(values) if log_odds is None else log_odds

    def _conclude(self, evidence: _Evidence) -> _Conclusion:
        if evidence.list_entry:
            blocked = evidence.list_entry.list == "block"
            return _Conclusion(f"{evidence.list_entry.list}-list", blocked, CERTAIN if blocked else 0.0)
        if rule := evidence.first_rule("flag"):
            return _Conclusion(f"rule:{rule.id}", True, CERTAIN)
        if rule := evidence.first_rule("clear"):
            return _Conclusion(f"rule:{rule.id}", False, 0.0)
        if self._model is None:
            score, suspicious, decided_by = evidence.weight, evidence.weight >= self._threshold, "rules"
        else:
            score = to_probability(evidence.log_odds)
            suspicious = self._is_flagged_by_model(evidence)
            adds_evidence = any(compiled.evidence for compiled in evidence.rules)
            decided_by = "rules and model" if adds_evidence else "model"
        return _Conclusion(decided_by if suspicious else "none", suspicious, score)

    def _is_flagged_by_model(self, evidence: _Evidence) -> bool:
        return self._model is not None and to_probability(evidence.log_odds) >= self._model.threshold

    def _depends_on_snoozed_rules(self, evidence: _Evidence, snoozed_rules: Collection[str]) -> bool:
        active = [compiled for compiled in evidence.rules if compiled.rule.id not in snoozed_rules]
        if len(active) == len(evidence.rules):
            return False
        return not self._conclude(evidence._replace(rules=active)).suspicious

    def _explain(
        self, evidence: _Evidence, conclusion: _Conclusion, writer: ReasonWriter
    ) -> Iterator[Reason]:
        clearing_rule = evidence.first_rule("clear")
        if evidence.list_entry:
            yield list_reason(evidence.list_entry, conclusion.score)
        elif clearing_rule and not conclusion.suspicious:
            yield _rule_reason(clearing_rule, 0.0, writer)
        # A cleared transaction has a score of 0, so nothing contributes to it.
        if conclusion.score == 0:
            return
        for compiled in evidence.rules:
            if compiled.rule.decision != "clear":
                yield _rule_reason(compiled.rule, self._weigh(compiled, evidence), writer)

    def _explain_model(
        self,
        evidence: _Evidence,
        values: Sequence[float],
        contributions: Sequence[float] | None,
        writer: ReasonWriter,
    ) -> Iterator[Reason]:
        if self._model is not None and self._is_flagged_by_model(evidence):
            if contributions is None:
                contributions = self._model.contributions(values)
            yield from model_reasons(contributions, evidence.log_odds, self._model.base, writer)

    def _weigh(self, compiled: _CompiledRule, evidence: _Evidence) -> float:
        """The weight of a matching rule: its share of the probability, or without a model its own weight."""
        if compiled.rule.decision == "flag":
            return CERTAIN
        if self._model is None:
            return compiled.rule.weight or 0.0
        return compiled.evidence * probability_per_log_odds(evidence.log_odds, self._model.base)


def _rule_reason(rule: Rule, weight: float, writer: ReasonWriter) -> Reason:
    return Reason(rule_id=rule.id, weight=weight, text=writer.fill_template(rule.reason))


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
