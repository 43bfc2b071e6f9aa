"""Counts that compare the live decisions with those of a candidate and of rules in shadow.

Memory is constant for any number of decisions.
"""

import heapq
from dataclasses import dataclass, field
from typing import NamedTuple

from msgspec import Struct

from functions.common.domain.decision import FRAUD
from operations.review.decision_scan import RecordedDecision

# The disagreements with the largest difference of scores are shown.
MAX_DISAGREEMENTS = 10


class FlagCounts(Struct):
    """The number of flagged transactions and of their labels. The rest has no label."""

    count: int = 0
    fraud: int = 0
    genuine: int = 0

    def add(self, label: str | None) -> None:
        """Count a flagged transaction."""
        self.count += 1
        self.fraud += label == FRAUD
        self.genuine += label is not None and label != FRAUD

    @property
    def precision(self) -> float | None:
        """The share of fraud in the labelled transactions; None without labels."""
        labelled = self.fraud + self.genuine
        return self.fraud / labelled if labelled else None

    def recall(self, frauds: int) -> float | None:
        """Return the share of `frauds` that is flagged; None without frauds."""
        return self.fraud / frauds if frauds else None


class Disagreement(NamedTuple):
    """A transaction that only one of the two flags. `difference` is that of the scores."""

    difference: float
    transaction_id: str
    live: float
    candidate: float
    label: str | None


@dataclass
class CandidateComparison:
    """The comparison of a candidate, by the versions of its rules and model, with live decisions."""

    rules: str
    model: str
    both: int = 0
    only_live: int = 0
    only_candidate: int = 0
    neither: int = 0
    frauds: int = 0
    live: FlagCounts = field(default_factory=FlagCounts)
    candidate: FlagCounts = field(default_factory=FlagCounts)
    _largest: list[Disagreement] = field(default_factory=list)

    @property
    def count(self) -> int:
        """The number of transactions that both decided."""
        return self.both + self.only_live + self.only_candidate + self.neither

    @property
    def disagreements(self) -> list[Disagreement]:
        """The disagreements with the largest difference, largest first."""
        return sorted(self._largest, reverse=True)

    def add(self, recorded: RecordedDecision) -> None:
        """Count a transaction, if the candidate decided it too."""
        live, candidate = recorded.decision, recorded.decision.candidate
        if candidate is None:
            return
        self.both += live.suspicious and candidate.suspicious
        self.only_live += live.suspicious and not candidate.suspicious
        self.only_candidate += candidate.suspicious and not live.suspicious
        self.neither += not (live.suspicious or candidate.suspicious)
        self.frauds += recorded.label == FRAUD
        if live.suspicious:
            self.live.add(recorded.label)
        if candidate.suspicious:
            self.candidate.add(recorded.label)
        if live.suspicious != candidate.suspicious:
            self._add_disagreement(recorded, live.score, candidate.score)

    def _add_disagreement(self, recorded: RecordedDecision, live: float, candidate: float) -> None:
        difference = abs(live - candidate)
        disagreement = Disagreement(difference, recorded.transaction_id, live, candidate, recorded.label)
        if len(self._largest) < MAX_DISAGREEMENTS:
            heapq.heappush(self._largest, disagreement)
        else:
            heapq.heappushpop(self._largest, disagreement)


@dataclass
class ShadowRuleCounts:
    """The transactions that a rule in shadow matched, and how many of them are not flagged live."""

    matched: FlagCounts = field(default_factory=FlagCounts)
    not_flagged_live: int = 0


@dataclass
class ShadowReport:
    """The counts of all decisions, with candidates by the versions of rules and model, and rules by id."""

    decisions: int = 0
    labelled: int = 0
    frauds: int = 0
    candidates: dict[tuple[str, str], CandidateComparison] = field(default_factory=dict)
    rules: dict[str, ShadowRuleCounts] = field(default_factory=dict)

    def add(self, recorded: RecordedDecision) -> None:
        """Count a decision."""
        decision = recorded.decision
        self.decisions += 1
        self.labelled += recorded.label is not None
        self.frauds += recorded.label == FRAUD
        if candidate := decision.candidate:
            versions = (candidate.rules, candidate.model)
            self.candidates.setdefault(versions, CandidateComparison(*versions)).add(recorded)
        for rule_id in decision.shadow_rules:
            rule = self.rules.setdefault(rule_id, ShadowRuleCounts())
            rule.matched.add(recorded.label)
            rule.not_flagged_live += not decision.suspicious
