"""Scores batches of transactions with the results of the function.

Most transactions match no rule and are not flagged by the model. The function computes nothing but the
score of these, so that only the others need it.
"""

from dataclasses import dataclass

import numpy as np

from detection.data.columns import LabelledTransaction, TransactionBatch
from detection.evaluation.batch_model import Floats, build_batch_model
from detection.replay.rule_columns import RuleColumns
from functions.fraud.scoring.model import FraudModel
from functions.fraud.scoring.reasons import to_probability
from functions.fraud.scoring.rules import RuleSet
from functions.fraud.scoring.scorer import Scorer, ScoringResult


@dataclass(frozen=True)
class ScoredBatch:
    """Transactions with the probability of the model alone, or None without a model.

    `results` has the results by row of all frauds, and of all transactions that a rule matches or that the
    model flags.
    """

    batch: TransactionBatch
    probabilities: list[float] | None
    results: dict[int, tuple[LabelledTransaction, ScoringResult]]

    def probability(self, row: int) -> float | None:
        """The probability of the model alone."""
        return None if self.probabilities is None else self.probabilities[row]

    def result(self, row: int) -> ScoringResult:
        """The result of any row."""
        if row in self.results:
            return self.results[row][1]
        probability = self.probability(row)
        return ScoringResult(
            score=0 if probability is None else probability,
            suspicious=False,
            decided_by="none",
            reasons=(),
            rules_score=0,
            probability=probability,
            shadow_rules=(),
        )


class BatchScorer:
    """Scores with rules and an optional model, as the function does."""

    def __init__(self, rules: RuleSet, model: FraudModel | None) -> None:
        self.scorer = Scorer(rules, model)
        self._active = [rule for rule in rules.rules if rule.mode != "off"]
        self._limits = rules.limits
        self._threshold = model.threshold if model else None
        self._batch_model = build_batch_model(model) if model else None

    def score(self, batch: TransactionBatch, values: Floats, *, explains_model: bool) -> ScoredBatch:
        """Score transactions with their features, one row each.

        `explains_model`: whether reasons contain those of the model.
        """
        columns = RuleColumns(batch, values)
        is_found = batch.labels == 1
        for rule in self._active:
            is_found |= columns.match(rule, self._limits)
        log_odds = probabilities = None
        if self._batch_model is not None:
            log_odds = self._batch_model.log_odds(values)
            probabilities = [to_probability(odds) for odds in log_odds.tolist()]
            is_found |= np.array(probabilities) >= self._threshold
        rows = np.flatnonzero(is_found)
        contributions: list[list[float] | None] = [None] * len(rows)
        if explains_model and self._batch_model is not None:
            contributions = self._batch_model.contributions(values[rows]).tolist()
        found = zip(rows.tolist(), batch.take(rows).rows(), values[rows].tolist(), contributions, strict=True)
        results = {}
        for row, labelled, features, contributed in found:
            transaction = labelled.transaction
            odds = None if log_odds is None else float(log_odds[row])
            result = self.scorer.score(
                transaction,
                features,
                None,
                transaction.timestamp,
                log_odds=odds,
                contributions=contributed,
                explains_model=explains_model,
            )
            results[row] = (labelled, result)
        return ScoredBatch(batch, probabilities, results)
