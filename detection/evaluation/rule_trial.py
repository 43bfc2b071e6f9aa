"""Trial of rules on past transactions: the matches of each rule, in any mode and on its own."""

from collections.abc import Callable, Iterator

import numpy as np

from detection.data.columns import LabelledTransaction
from detection.evaluation.figures import RuleFigures
from detection.evaluation.metrics import safe_ratio
from detection.evaluation.rule_notes import FieldObserver, describe_rules
from detection.replay.replay import FeaturedBatch
from detection.replay.rule_columns import RuleColumns
from functions.fraud.scoring.expressions import compile_condition, variable_values
from functions.fraud.scoring.rules import Rule, RuleSet
from functions.fraud.scoring.scorer import Scorer

TOGETHER = "all together"

MatchSink = Callable[[str, LabelledTransaction], object]
"""Receives the id of a rule and a transaction that it matches."""


class MatchCounter:
    """Counts the matches of one rule."""

    def __init__(self) -> None:
        self.flagged = self.labelled = self.frauds = 0

    def add(self, is_fraud: bool | None) -> None:
        self.flagged += 1
        if is_fraud is not None:
            self.labelled += 1
            self.frauds += is_fraud


class RuleTrial:
    """Collects transactions with their features, in order of time."""

    def __init__(self, ruleset: RuleSet, sink: MatchSink = lambda _id, _labelled: None) -> None:
        self.transactions = self.labelled = self.frauds = 0
        self._scorer = Scorer(ruleset)
        self._ruleset = ruleset
        self._fields = FieldObserver()
        self._sink = sink
        self._rules = [
            (rule, compile_condition(rule.when, ruleset.limits), MatchCounter()) for rule in ruleset.rules
        ]
        self._together = MatchCounter()

    def add(self, labelled: LabelledTransaction, values: list[float]) -> None:
        transaction, is_fraud = labelled.transaction, labelled.is_fraud
        self.transactions += 1
        self._fields.add(labelled)
        if is_fraud is not None:
            self.labelled += 1
            self.frauds += is_fraud
        variables = variable_values(transaction, values)
        for rule, matches, counter in self._rules:
            if matches(variables) and rule.is_valid_at(transaction.timestamp):
                counter.add(is_fraud)
                self._sink(rule.id, labelled)
        self._add_decision(labelled, values)

    def add_batch(self, featured: FeaturedBatch) -> None:
        """Add the transactions of a batch that have features. Rules do not apply to a refund."""
        rows = np.flatnonzero(featured.is_scored)
        batch, values = featured.batch.take(rows), featured.values[rows]
        self.transactions += len(batch)
        self._fields.add_batch(batch)
        self.labelled += int((batch.labels >= 0).sum())
        self.frauds += int((batch.labels == 1).sum())
        columns = RuleColumns(batch, values)
        is_found = np.zeros(len(batch), np.bool_)
        found = []
        for rule, _, counter in self._rules:
            matching = np.flatnonzero(columns.match(rule, self._ruleset.limits))
            labels = batch.labels[matching]
            counter.flagged += len(matching)
            counter.labelled += int((labels >= 0).sum())
            counter.frauds += int((labels == 1).sum())
            is_found[matching] = True
            found.append(set(matching.tolist()))
        rows = np.flatnonzero(is_found)
        matched = zip(rows.tolist(), batch.take(rows).rows(), values[rows].tolist(), strict=True)
        for row, labelled, features in matched:
            for (rule, _, _), matching_rows in zip(self._rules, found, strict=True):
                if row in matching_rows:
                    self._sink(rule.id, labelled)
            self._add_decision(labelled, features)

    def rules(self) -> Iterator[RuleFigures]:
        """The figures of each rule, in the order of the rules."""
        return (self._figures(counter, rule) for rule, _, counter in self._rules)

    def notes(self) -> list[str]:
        """Rules that match too much, whose precision is poor, or that cannot hold, one line each."""
        return [*describe_rules(self.rules()), *self._fields.describe_unmatchable(self._ruleset.rules)]

    def together(self) -> RuleFigures:
        """The figures of the whole set: rules in the mode on, with their weights and decisions."""
        return self._figures(self._together)

    def _add_decision(self, labelled: LabelledTransaction, values: list[float]) -> None:
        transaction = labelled.transaction
        if self._scorer.score(transaction, values, None, transaction.timestamp).suspicious:
            self._together.add(labelled.is_fraud)

    def _figures(self, counter: MatchCounter, rule: Rule | None = None) -> RuleFigures:
        return RuleFigures(
            id=rule.id if rule else TOGETHER,
            mode=rule.mode if rule else "",
            decision=rule.decision if rule else None,
            flagged=counter.flagged,
            share=safe_ratio(counter.flagged, self.transactions),
            expected_share=rule.expected_share if rule else None,
            labelled=counter.labelled,
            frauds=counter.frauds,
            precision=safe_ratio(counter.frauds, counter.labelled),
            recall=safe_ratio(counter.frauds, self.frauds),
        )
