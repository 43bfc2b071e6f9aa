"""Counts that compare the live decisions with those of a candidate and of rules in shadow.

The decisions are read in one scan of the table of transactions. Memory is constant for any number of them.
"""

import heapq
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from msgspec import Struct

from functions.common.domain.decision import FRAUD, CandidateDecision
from functions.common.dynamodb.decision_attribute import decode_decision
from terminal.aws_errors import translate_aws_errors

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# The disagreements with the largest difference of scores are shown.
MAX_DISAGREEMENTS = 10


class DecisionSummary(Struct, frozen=True):
    """The fields of a decision that a comparison needs. Decoding the rest of JSON would dominate the scan."""

    score: float
    suspicious: bool
    shadow_rules: tuple[str, ...] = ()
    candidate: CandidateDecision | None = None


class RecordedDecision(Struct, frozen=True):
    """The decision on a transaction, and its label if it has one."""

    transaction_id: str
    decision: DecisionSummary
    label: str | None


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


def scan_decisions(
    client: "DynamoDBClient",
    table: str,
    since_ms: int,
    progress: Callable[[int], None],
    unreadable: Callable[[str], None],
) -> Iterator[RecordedDecision]:
    """Yield the decisions on transactions received since `since_ms`, unordered. Raises UserError.

    `progress` gets the number of items read, `unreadable` the id of each decision that cannot be decoded.
    """
    scan: dict[str, Any] = {
        "TableName": table,
        "ProjectionExpression": "transaction_id, decision, #label",
        "FilterExpression": "attribute_exists(decision) AND received_at >= :since",
        "ExpressionAttributeNames": {"#label": "label"},
        "ExpressionAttributeValues": {":since": {"N": str(since_ms)}},
    }
    count = 0
    while True:
        with translate_aws_errors():
            page = client.scan(**scan)
        for item in page["Items"]:
            decision = _decode_decision(item)
            if decision is None:
                unreadable(item["transaction_id"]["S"])
            else:
                yield decision
        count += page["ScannedCount"]
        progress(count)
        if not (last := page.get("LastEvaluatedKey")):
            return
        scan["ExclusiveStartKey"] = last


def _decode_decision(item: Mapping[str, Any]) -> RecordedDecision | None:
    try:
        decision = _summarize_decision(item["decision"])
    except msgspec.DecodeError:
        return None
    return RecordedDecision(item["transaction_id"]["S"], decision, item.get("label", {}).get("S"))


def _summarize_decision(attribute: Mapping[str, Any]) -> DecisionSummary:
    if "S" in attribute:
        return msgspec.json.decode(attribute["S"], type=DecisionSummary)
    decision = decode_decision(attribute)
    return DecisionSummary(decision.score, decision.suspicious, decision.shadow_rules, decision.candidate)
