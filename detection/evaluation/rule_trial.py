"""What each rule would have flagged in the past, whatever the others say and in whatever mode it is."""

from collections.abc import Callable, Iterator

from msgspec import Struct

from detection.data.columns import Labelled
from detection.evaluation.counters import share
from functions.fraud.scoring.expressions import condition, facts_of
from functions.fraud.scoring.rules import RuleSet
from functions.fraud.scoring.scorer import Scorer

TOGETHER = "all together"

Sink = Callable[[str, Labelled], object]
"""Is told of a rule, by its id, and a transaction that it holds for."""


class Tried(Struct, frozen=True, kw_only=True):
    """What one rule came to: of `flagged` transactions, `labelled` say whether they were fraud.

    `precision` is of those that do, `recall` of all frauds; None where there are none.
    """

    id: str
    mode: str
    flagged: int
    labelled: int
    frauds: int
    precision: float | None
    recall: float | None


class Tally:
    """Counts of one rule."""

    def __init__(self) -> None:
        self.flagged = self.labelled = self.frauds = 0

    def add(self, is_fraud: bool | None) -> None:
        """A transaction that the rule holds for."""
        self.flagged += 1
        if is_fraud is not None:
            self.labelled += 1
            self.frauds += is_fraud


class Trial:
    """Takes transactions with their features, in order of time."""

    def __init__(self, ruleset: RuleSet, sink: Sink = lambda _id, _labelled: None) -> None:
        self.transactions = self.labelled = self.frauds = 0
        self._scorer = Scorer(ruleset)
        self._sink = sink
        self._rules = [(rule, condition(rule.when, ruleset.limits), Tally()) for rule in ruleset.rules]
        self._together = Tally()

    def add(self, labelled: Labelled, values: list[float]) -> None:
        """One of them."""
        transaction, is_fraud = labelled.transaction, labelled.is_fraud
        self.transactions += 1
        if is_fraud is not None:
            self.labelled += 1
            self.frauds += is_fraud
        facts = facts_of(transaction, values)
        for rule, holds, tally in self._rules:
            if holds(facts) and rule.valid_at(transaction.timestamp):
                tally.add(is_fraud)
                self._sink(rule.id, labelled)
        if self._scorer.score(transaction, values, None, transaction.timestamp).suspicious:
            self._together.add(is_fraud)

    def rules(self) -> Iterator[Tried]:
        """Of each rule, in their order."""
        return (self._tried(rule.id, rule.mode, tally) for rule, _, tally in self._rules)

    def together(self) -> Tried:
        """Of what they flag together: those that are on, by their weights and decisions."""
        return self._tried(TOGETHER, "", self._together)

    def _tried(self, name: str, mode: str, tally: Tally) -> Tried:
        return Tried(
            id=name,
            mode=mode,
            flagged=tally.flagged,
            labelled=tally.labelled,
            frauds=tally.frauds,
            precision=share(tally.frauds, tally.labelled),
            recall=share(tally.frauds, self.frauds),
        )
