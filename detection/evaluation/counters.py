"""Counters for the figures of a backtest. Their memory does not depend on the number of transactions."""

from collections import Counter
from collections.abc import Iterable

import numpy as np

from detection.evaluation.curves import ScoreHistogram
from detection.evaluation.figures import CalibrationBin, GroupFigures, RuleFigures, ScenarioFigures
from functions.fraud.scoring.rules import Rule
from functions.fraud.scoring.scorer import ScoringResult

CALIBRATION_BINS = 10
_BUFFERED = 1 << 13
# A column with more values holds free text.
_MAX_SCENARIOS = 50
_OTHER_SCENARIOS = "others"


class GroupCounter:
    """Counts the transactions of a group, and the frauds and alerts among them."""

    def __init__(self) -> None:
        self._scores = ScoreHistogram()
        self._frauds = self._flagged = self._caught = self._transactions = 0
        self._buffered_scores: list[float] = []
        self._buffered_labels: list[bool] = []

    def add(self, score: float, *, is_fraud: bool, flagged: bool) -> None:
        self._buffered_scores.append(score)
        self._buffered_labels.append(is_fraud)
        if len(self._buffered_scores) == _BUFFERED:
            self._flush()
        if flagged:
            self._flagged += 1
        if is_fraud:
            self._frauds += 1
            if flagged:
                self._caught += 1

    @property
    def scores(self) -> ScoreHistogram:
        self._flush()
        return self._scores

    def figures(self, days: int) -> GroupFigures:
        """The figures of all transactions so far. `days`: the number of days that they cover."""
        scores = self.scores
        return GroupFigures(
            transactions=self._transactions,
            frauds=self._frauds,
            auc_roc=scores.auc_roc(),
            average_precision=scores.average_precision(),
            precision=safe_ratio(self._caught, self._flagged),
            recall=safe_ratio(self._caught, self._frauds),
            alerts=self._flagged,
            alerts_per_day=safe_ratio(self._flagged, days),
        )

    def _flush(self) -> None:
        self._transactions += len(self._buffered_scores)
        self._scores.add(np.array(self._buffered_scores, float), np.array(self._buffered_labels, bool))
        self._buffered_scores.clear()
        self._buffered_labels.clear()


class CalibrationCounter:
    """Counts transactions and frauds by score, in bins of equal width."""

    def __init__(self) -> None:
        self._bins = [[0.0, 0.0, 0.0] for _ in range(CALIBRATION_BINS)]

    def add(self, score: float, *, is_fraud: bool) -> None:
        sums = self._bins[min(int(score * CALIBRATION_BINS), CALIBRATION_BINS - 1)]
        sums[0] += 1
        sums[1] += score
        sums[2] += is_fraud

    def figures(self) -> list[CalibrationBin]:
        """All bins, including empty ones."""
        return [
            CalibrationBin(
                from_score=number / CALIBRATION_BINS,
                to_score=(number + 1) / CALIBRATION_BINS,
                transactions=int(count),
                mean_score=safe_ratio(total, count),
                observed=safe_ratio(frauds, count),
            )
            for number, (count, total, frauds) in enumerate(self._bins)
        ]


class ScenarioCounter:
    """Counts frauds and caught frauds by scenario."""

    def __init__(self) -> None:
        self._frauds: Counter[str] = Counter()
        self._caught: Counter[str] = Counter()

    def add(self, scenario: str, *, flagged: bool) -> None:
        """Add a fraud."""
        if scenario not in self._frauds and len(self._frauds) >= _MAX_SCENARIOS:
            scenario = _OTHER_SCENARIOS
        self._frauds[scenario] += 1
        self._caught[scenario] += flagged

    def figures(self) -> list[ScenarioFigures]:
        """The figures of each scenario, by name."""
        return [
            ScenarioFigures(name=name, frauds=frauds, recall=self._caught[name] / frauds)
            for name, frauds in sorted(self._frauds.items())
        ]


class RuleCounter:
    """Counts the transactions that each rule matches, in the modes on and shadow."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules = list(rules)
        self._matches: Counter[str] = Counter()
        self._caught: Counter[str] = Counter()

    def add(self, result: ScoringResult, *, is_fraud: bool) -> None:
        for rule_id in (*(reason.rule_id for reason in result.reasons), *result.shadow_rules):
            self._matches[rule_id] += 1
            self._caught[rule_id] += is_fraud

    def figures(self, frauds: int) -> list[RuleFigures]:
        """The figures of each rule, in the order of the rules. `frauds`: the number of all frauds."""
        return [
            RuleFigures(
                id=rule.id,
                mode=rule.mode,
                flagged=self._matches[rule.id],
                frauds=self._caught[rule.id],
                precision=safe_ratio(self._caught[rule.id], self._matches[rule.id]),
                recall=safe_ratio(self._caught[rule.id], frauds),
            )
            for rule in self._rules
        ]


def safe_ratio(numerator: float, denominator: float) -> float | None:
    """The ratio, or None if the denominator is 0."""
    return numerator / denominator if denominator else None
