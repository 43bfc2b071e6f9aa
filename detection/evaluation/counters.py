"""Counts that a test's figures are made of, in the same memory for any number of transactions."""

from collections import Counter
from collections.abc import Iterable

import numpy as np

from detection.evaluation.curves import ScoreCounts
from detection.evaluation.figures import Bin, Overall, RuleFigures, Scenario
from functions.fraud.scoring.rules import Rule
from functions.fraud.scoring.scorer import Verdict

CALIBRATION_BINS = 10
_BUFFERED = 1 << 13
# A column of free text is no list of scenarios.
_MOST_SCENARIOS = 50
_OTHER_SCENARIOS = "others"


class Group:
    """Transactions whose figures are wanted together."""

    def __init__(self) -> None:
        self._scores = ScoreCounts()
        self._frauds = self._flagged = self._caught = self._transactions = 0
        self._waiting: list[float] = []
        self._labels: list[bool] = []

    def add(self, score: float, *, is_fraud: bool, flagged: bool) -> None:
        """One of them."""
        self._waiting.append(score)
        self._labels.append(is_fraud)
        if len(self._waiting) == _BUFFERED:
            self._settle()
        if flagged:
            self._flagged += 1
        if is_fraud:
            self._frauds += 1
            if flagged:
                self._caught += 1

    @property
    def scores(self) -> ScoreCounts:
        """All scores so far."""
        self._settle()
        return self._scores

    def figures(self, days: int) -> Overall:
        """What came of them so far, in so many days."""
        scores = self.scores
        return Overall(
            transactions=self._transactions,
            frauds=self._frauds,
            auc_roc=scores.auc_roc(),
            average_precision=scores.average_precision(),
            precision=share(self._caught, self._flagged),
            recall=share(self._caught, self._frauds),
            alerts=self._flagged,
            alerts_per_day=share(self._flagged, days),
        )

    def _settle(self) -> None:
        self._transactions += len(self._waiting)
        self._scores.add(np.array(self._waiting, float), np.array(self._labels, bool))
        self._waiting.clear()
        self._labels.clear()


class Calibration:
    """Whether of what is scored 0.3 three in ten are fraud, in bins of equal width."""

    def __init__(self) -> None:
        self._bins = [[0.0, 0.0, 0.0] for _ in range(CALIBRATION_BINS)]

    def add(self, score: float, *, is_fraud: bool) -> None:
        """One transaction."""
        sums = self._bins[min(int(score * CALIBRATION_BINS), CALIBRATION_BINS - 1)]
        sums[0] += 1
        sums[1] += score
        sums[2] += is_fraud

    def figures(self) -> list[Bin]:
        """All bins, also those that hold nothing."""
        return [
            Bin(
                from_score=number / CALIBRATION_BINS,
                to_score=(number + 1) / CALIBRATION_BINS,
                transactions=int(count),
                mean_score=share(total, count),
                observed=share(frauds, count),
            )
            for number, (count, total, frauds) in enumerate(self._bins)
        ]


class Scenarios:
    """What of each kind of fraud is found."""

    def __init__(self) -> None:
        self._frauds: Counter[str] = Counter()
        self._caught: Counter[str] = Counter()

    def add(self, scenario: str, *, flagged: bool) -> None:
        """A fraud."""
        if scenario not in self._frauds and len(self._frauds) >= _MOST_SCENARIOS:
            scenario = _OTHER_SCENARIOS
        self._frauds[scenario] += 1
        self._caught[scenario] += flagged

    def figures(self) -> list[Scenario]:
        """By name."""
        return [
            Scenario(name=name, frauds=frauds, recall=self._caught[name] / frauds)
            for name, frauds in sorted(self._frauds.items())
        ]


class RuleCounts:
    """For which transactions each rule holds, whether it is on or in shadow."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules = list(rules)
        self._held: Counter[str] = Counter()
        self._caught: Counter[str] = Counter()

    def add(self, verdict: Verdict, *, is_fraud: bool) -> None:
        """One transaction."""
        for rule_id in (*(reason.rule_id for reason in verdict.reasons), *verdict.shadow_rules):
            self._held[rule_id] += 1
            self._caught[rule_id] += is_fraud

    def figures(self, frauds: int) -> list[RuleFigures]:
        """In the order of the rules, of so many frauds."""
        return [
            RuleFigures(
                id=rule.id,
                mode=rule.mode,
                flagged=self._held[rule.id],
                frauds=self._caught[rule.id],
                precision=share(self._caught[rule.id], self._held[rule.id]),
                recall=share(self._caught[rule.id], frauds),
            )
            for rule in self._rules
        ]


def share(part: float, whole: float) -> float | None:
    """None where there is no whole."""
    return part / whole if whole else None
