"""Trial of rules on past transactions: the matches of each rule, in any mode and on its own."""

from collections.abc import Callable, Iterator

import numpy as np
from msgspec import Struct

from detection.data.columns import LabelledTransaction
from detection.evaluation.metrics import safe_ratio
from detection.evaluation.rule_notes import FieldObserver, describe_rules
from detection.replay.replay import FeaturedBatch
from detection.replay.rule_columns import RuleColumns
from functions.fraud.scoring.expressions import compile_condition, variable_values
from functions.fraud.scoring.rules import RuleSet
from functions.fraud.scoring.scorer import Scorer

TOGETHER = "all together"

MatchSink = Callable[[str, LabelledTransaction], object]
"""Receives the id of a rule and a transaction that it matches."""


class RuleTrialFigures(Struct, frozen=True, kw_only=True):
    """The figures of one rule. `labelled`: the number of flagged transactions that have a label.

    `precision` is the share of frauds among those, `recall` the share of all frauds that the rule flags.
    `share` is the flagged share of all transactions, `expected_share` the largest one it is meant for.
    """

    id: str
    mode: str
    flagged: int
    share: float | None
    expected_share: float | None
    labelled: int
    frauds: int
    precision: float | None
    recall: float | None


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

    def rules(self) -> Iterator[RuleTrialFigures]:
        """The figures of each rule, in the order of the rules."""
        return (
            self._figures(rule.id, rule.mode, counter, rule.expected_share)
            for rule, _, counter in self._rules
        )

    def notes(self) -> list[str]:
        """Rules that match too much, whose precision is poor, or that cannot hold, one line each."""
        return [*describe_rules(self.rules()), *self._fields.describe_unmatchable(self._ruleset.rules)]

    def together(self) -> RuleTrialFigures:
        """The figures of the whole set: rules in the mode on, with their weights and decisions."""
        return self._figures(TOGETHER, "", self._together)

    def _add_decision(self, labelled: LabelledTransaction, values: list[float]) -> None:
        transaction = labelled.transaction
        if self._scorer.score(transaction, values, None, transaction.timestamp).suspicious:
            self._together.add(labelled.is_fraud)

    def _figures(
        self, name: str, mode: str, counter: MatchCounter, expected_share: float | None = None
    ) -> RuleTrialFigures:
        return RuleTrialFigures(
            id=name,
            mode=mode,
            flagged=counter.flagged,
            share=safe_ratio(counter.flagged, self.transactions),
            expected_share=expected_share,
            labelled=counter.labelled,
            frauds=counter.frauds,
            precision=safe_ratio(counter.frauds, counter.labelled),
            recall=safe_ratio(counter.frauds, self.frauds),
        )
