"""What a candidate and rules in shadow would have decided, against what was decided and what became known.

Counts only, of any number of decisions in constant memory; where they come from is recorded.py's.
"""

import heapq
from dataclasses import dataclass, field
from typing import NamedTuple

from msgspec import Struct

from functions.common.domain.decision import FRAUD
from operations.review.decision_scan import Recorded

# Such disagreements are shown, by how far the two scores are apart.
DISAGREEMENTS = 10


class Flagged(Struct):
    """How many were flagged, or would be, and what those turned out to be; the rest has no label."""

    count: int = 0
    fraud: int = 0
    genuine: int = 0

    def add(self, label: str | None) -> None:
        """Count one that was flagged."""
        self.count += 1
        self.fraud += label == FRAUD
        self.genuine += label is not None and label != FRAUD

    @property
    def precision(self) -> float | None:
        """The share of fraud among those with a label."""
        labelled = self.fraud + self.genuine
        return self.fraud / labelled if labelled else None

    def recall(self, frauds: int) -> float | None:
        """The share of all `frauds` that was flagged."""
        return self.fraud / frauds if frauds else None


class Disagreement(NamedTuple):
    """One transaction that only one of the two flags; `apart` is how far their scores are."""

    apart: float
    transaction_id: str
    live: float
    candidate: float
    label: str | None


@dataclass
class Comparison:
    """One candidate, by the versions of its rules and model, against what was live beside it."""

    rules: str
    model: str
    both: int = 0
    only_live: int = 0
    only_candidate: int = 0
    neither: int = 0
    frauds: int = 0
    live: Flagged = field(default_factory=Flagged)
    candidate: Flagged = field(default_factory=Flagged)
    _furthest: list[Disagreement] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many transactions both decided on."""
        return self.both + self.only_live + self.only_candidate + self.neither

    @property
    def disagreements(self) -> list[Disagreement]:
        """Those that are the furthest apart, furthest first."""
        return sorted(self._furthest, reverse=True)

    def add(self, recorded: Recorded) -> None:
        """Count one transaction that the candidate decided on, too."""
        live, candidate = recorded.decision, recorded.decision.candidate
        if candidate is None:
            return
        self.both += live.suspicious and candidate.suspicious
        self.only_live += live.suspicious and not candidate.suspicious
        self.only_candidate += candidate.suspicious and not live.suspicious
        self.neither += not (live.suspicious or candidate.suspicious)
        self.frauds += recorded.label == FRAUD
        for flagged, by in ((self.live, live.suspicious), (self.candidate, candidate.suspicious)):
            if by:
                flagged.add(recorded.label)
        if live.suspicious != candidate.suspicious:
            self._keep(recorded, live.score, candidate.score)

    def _keep(self, recorded: Recorded, live: float, candidate: float) -> None:
        found = Disagreement(abs(live - candidate), recorded.transaction_id, live, candidate, recorded.label)
        if len(self._furthest) < DISAGREEMENTS:
            heapq.heappush(self._furthest, found)
        else:
            heapq.heappushpop(self._furthest, found)


@dataclass
class ShadowRule:
    """How often a rule in shadow held; `new` is where nothing else had the transaction flagged."""

    held: Flagged = field(default_factory=Flagged)
    new: int = 0


@dataclass
class ShadowReport:
    """All that was recorded; candidates by the versions of their rules and model, rules by their ids."""

    decisions: int = 0
    labelled: int = 0
    frauds: int = 0
    candidates: dict[tuple[str, str], Comparison] = field(default_factory=dict)
    rules: dict[str, ShadowRule] = field(default_factory=dict)

    def add(self, recorded: Recorded) -> None:
        """Count one transaction."""
        decision = recorded.decision
        self.decisions += 1
        self.labelled += recorded.label is not None
        self.frauds += recorded.label == FRAUD
        if candidate := decision.candidate:
            versions = (candidate.rules, candidate.model)
            self.candidates.setdefault(versions, Comparison(*versions)).add(recorded)
        for rule_id in decision.shadow_rules:
            rule = self.rules.setdefault(rule_id, ShadowRule())
            rule.held.add(recorded.label)
            rule.new += not decision.suspicious
