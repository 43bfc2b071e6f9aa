"""Collects the figures of a backtest decision by decision, in constant memory."""

from bisect import bisect_left
from collections import Counter
from itertools import compress, pairwise

import numpy as np
from numpy.typing import NDArray

from detection.data.columns import LabelledTransaction
from detection.evaluation.batch_scorer import ScoredBatch
from detection.evaluation.card_precision import CardPrecision, CompromisedAccounts
from detection.evaluation.curves import ScoreHistogram
from detection.evaluation.figures import (
    CalibrationBin,
    DayFigures,
    Figures,
    GroupFigures,
    RuleFigures,
    ScenarioFigures,
)
from functions.common.domain.currencies import convert_to_euros
from functions.common.domain.time_buckets import DAY_MS
from functions.fraud.scoring.model import FraudModel
from functions.fraud.scoring.rules import RuleSet
from functions.fraud.scoring.scorer import ScoringResult

_DISTRIBUTION_BINS = 40
_CALIBRATION_BINS = 10
_FALSE_POSITIVES = 0.01
_DECIDED_BY_RULE = "rule:"
_BUFFERED = 1 << 13
# A column with more values holds free text.
_MAX_SCENARIOS = 50
_OTHER_SCENARIOS = "others"


class Metrics:
    """Collects decisions on labelled transactions by `ruleset` and `model`, in order of time.

    As in the Fraud Detection Handbook, transactions of accounts that are known to be compromised when the day
    begins count for `everything` only. The caller adds each fraud to `compromised`.
    """

    def __init__(
        self, ruleset: RuleSet, compromised: CompromisedAccounts, model: FraudModel | None = None
    ) -> None:
        self._rules_threshold = ruleset.threshold
        self._model_threshold = model.threshold if model else None
        self._rules_alone = _GroupCounter() if model and ruleset.rules else None
        self._model_alone = _GroupCounter() if model and ruleset.rules else None
        self._compromised = compromised
        self._known_today: set[str] = set()
        self._days: list[DayFigures] = []
        self._day = -1
        self._everything = _GroupCounter()
        self._tested = _GroupCounter()
        self._cards = CardPrecision()
        self._calibration = _CalibrationCounter()
        self._scenarios = _ScenarioCounter()
        self._rules = _RuleCounter(ruleset)

    def add(
        self, labelled: LabelledTransaction, result: ScoringResult, model_probability: float | None = None
    ) -> None:
        """Add a decision. `model_probability`: the probability of the model without the rules."""
        transaction, is_fraud = labelled.transaction, bool(labelled.is_fraud)
        score, flagged = result.score, result.suspicious
        day = transaction.timestamp // DAY_MS
        if day != self._day:
            self._start_day(day)
        value = (convert_to_euros(transaction.amount, transaction.currency) or 0.0) if is_fraud else 0.0
        self._everything.add(score, is_fraud=is_fraud, flagged=flagged, value=value)
        account_id = transaction.account_id
        if account_id in self._known_today:
            return
        self._tested.add(score, is_fraud=is_fraud, flagged=flagged, value=value)
        self._add_alone(result, model_probability, is_fraud=is_fraud, value=value)
        self._cards.add(day, account_id, score, is_fraud=is_fraud)
        self._calibration.add(score if result.probability is None else result.probability, is_fraud=is_fraud)
        if result.reasons or result.shadow_rules:
            self._rules.add(result, is_fraud=is_fraud)
        if is_fraud and labelled.scenario:
            self._scenarios.add(labelled.scenario, flagged=flagged)
        today = self._days[-1]
        today.transactions += 1
        today.frauds += is_fraud
        today.alerts += flagged
        today.caught += is_fraud and flagged

    def add_batch(self, scored: ScoredBatch) -> None:
        """Add the decisions on the transactions of a batch that have a label."""
        days = scored.batch.times_ms // DAY_MS
        starts = np.flatnonzero(np.diff(days, prepend=-1)).tolist()
        remarkable = sorted(scored.results)
        is_other = scored.batch.labels == 0
        is_other[remarkable] = False
        for begin, end in pairwise([*starts, len(days)]):
            self._add_unremarkable(scored, begin + np.flatnonzero(is_other[begin:end]))
            for row in remarkable[bisect_left(remarkable, begin) : bisect_left(remarkable, end)]:
                labelled, result = scored.results[row]
                if labelled.is_fraud is not None:
                    self.add(labelled, result, scored.probability(row))

    def _add_unremarkable(self, scored: ScoredBatch, rows: NDArray[np.intp]) -> None:
        """Add genuine transactions of one day that no rule matches and that are not flagged."""
        if not len(rows):
            return
        day = int(scored.batch.times_ms[rows[0]]) // DAY_MS
        if day != self._day:
            self._start_day(day)
        account_ids = scored.batch.texts["account_id"].take(rows).to_pylist()
        scores = [scored.probability(row) or 0.0 for row in rows.tolist()]
        self._everything.add_passed(scores)
        if self._known_today:
            unknown = [account_id not in self._known_today for account_id in account_ids]
            account_ids, scores = list(compress(account_ids, unknown)), list(compress(scores, unknown))
        self._tested.add_passed(scores)
        if self._rules_alone is not None:
            self._rules_alone.add_passed([0.0] * len(scores))
        if self._model_alone is not None:
            self._model_alone.add_passed(scores)
        for account_id, score in zip(account_ids, scores, strict=True):
            self._cards.add(day, account_id, score, is_fraud=False)
        self._calibration.add_genuine(scores)
        self._days[-1].transactions += len(scores)

    def figures(self) -> Figures:
        """The figures of all decisions so far."""
        tested = self._tested.figures(len(self._days))
        genuine, frauds = self._tested.scores.count_between(np.linspace(0, 1, _DISTRIBUTION_BINS + 1))
        return Figures(
            tested=tested,
            everything=self._everything.figures(len(self._days)),
            rules_alone=self._rules_alone.figures(len(self._days)) if self._rules_alone else None,
            model_alone=self._model_alone.figures(len(self._days)) if self._model_alone else None,
            calibration_error=self._calibration.expected_error(),
            card_precision_100=self._cards.mean(),
            scenarios=self._scenarios.figures(),
            calibration=self._calibration.figures(),
            rules=self._rules.figures(tested),
            days=self._days,
            precision_recall=self._tested.scores.precision_recall(),
            distribution=list(zip(genuine.tolist(), frauds.tolist(), strict=True)),
        )

    def _add_alone(
        self, result: ScoringResult, model_probability: float | None, *, is_fraud: bool, value: float
    ) -> None:
        """Add the decisions that the rules or the model make without the other."""
        if self._rules_alone is not None:
            score, flagged = result.rules_score, result.rules_score >= self._rules_threshold
            if result.decided_by.startswith(_DECIDED_BY_RULE):
                score, flagged = result.score, result.suspicious
            self._rules_alone.add(score, is_fraud=is_fraud, flagged=flagged, value=value)
        if self._model_alone is not None and model_probability is not None and self._model_threshold:
            flagged = model_probability >= self._model_threshold
            self._model_alone.add(model_probability, is_fraud=is_fraud, flagged=flagged, value=value)

    def _start_day(self, day: int) -> None:
        self._day = day
        self._days.append(DayFigures(day=day))
        self._known_today = self._compromised.known_by(day)


class _GroupCounter:
    """Counts the transactions of a group, and the frauds and alerts among them."""

    def __init__(self) -> None:
        self._scores = ScoreHistogram()
        self._frauds = self._flagged = self._caught = self._transactions = 0
        self._value = self._caught_value = 0.0
        self._buffered_scores: list[float] = []
        self._buffered_labels: list[bool] = []

    def add(self, score: float, *, is_fraud: bool, flagged: bool, value: float) -> None:
        """Add a transaction. `value`: the amount of a fraud in euros."""
        self._buffered_scores.append(score)
        self._buffered_labels.append(is_fraud)
        if len(self._buffered_scores) >= _BUFFERED:
            self._flush()
        if flagged:
            self._flagged += 1
        if is_fraud:
            self._frauds += 1
            self._value += value
            if flagged:
                self._caught += 1
                self._caught_value += value

    def add_passed(self, scores: list[float]) -> None:
        """Add genuine transactions that are not flagged."""
        self._buffered_scores += scores
        self._buffered_labels += [False] * len(scores)
        if len(self._buffered_scores) >= _BUFFERED:
            self._flush()

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
            recall_at_1_percent=scores.recall_at_false_positives(_FALSE_POSITIVES),
            fraud_value_eur=round(self._value, 2),
            detected_value_eur=round(self._caught_value, 2),
            detected_value_share=safe_ratio(self._caught_value, self._value),
            alerts=self._flagged,
            alerts_per_day=safe_ratio(self._flagged, days),
        )

    def _flush(self) -> None:
        self._transactions += len(self._buffered_scores)
        self._scores.add(np.array(self._buffered_scores, float), np.array(self._buffered_labels, bool))
        self._buffered_scores.clear()
        self._buffered_labels.clear()


class _CalibrationCounter:
    """Counts transactions and frauds by score, in bins of equal width."""

    def __init__(self) -> None:
        self._bins = [[0.0, 0.0, 0.0] for _ in range(_CALIBRATION_BINS)]

    def add(self, score: float, *, is_fraud: bool) -> None:
        sums = self._bins[min(int(score * _CALIBRATION_BINS), _CALIBRATION_BINS - 1)]
        sums[0] += 1
        sums[1] += score
        sums[2] += is_fraud

    def add_genuine(self, scores: list[float]) -> None:
        for score in scores:
            sums = self._bins[min(int(score * _CALIBRATION_BINS), _CALIBRATION_BINS - 1)]
            sums[0] += 1
            sums[1] += score

    def expected_error(self) -> float | None:
        """The mean over all transactions of the difference between score and share of fraud in their bins."""
        count = sum(count for count, _, _ in self._bins)
        return safe_ratio(sum(abs(total - frauds) for _, total, frauds in self._bins), count)

    def figures(self) -> list[CalibrationBin]:
        """All bins, including empty ones."""
        return [
            CalibrationBin(
                from_score=number / _CALIBRATION_BINS,
                to_score=(number + 1) / _CALIBRATION_BINS,
                transactions=int(count),
                mean_score=safe_ratio(total, count),
                observed=safe_ratio(frauds, count),
            )
            for number, (count, total, frauds) in enumerate(self._bins)
        ]


class _ScenarioCounter:
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


class _RuleCounter:
    """Counts the transactions that each rule matches, in the modes on and shadow."""

    def __init__(self, ruleset: RuleSet) -> None:
        self._rules = ruleset.rules
        self._matches: Counter[str] = Counter()
        self._caught: Counter[str] = Counter()

    def add(self, result: ScoringResult, *, is_fraud: bool) -> None:
        for rule_id in (*(reason.rule_id for reason in result.reasons), *result.shadow_rules):
            self._matches[rule_id] += 1
            self._caught[rule_id] += is_fraud

    def figures(self, tested: GroupFigures) -> list[RuleFigures]:
        """The figures of each rule, in the order of the rules."""
        return [
            RuleFigures(
                id=rule.id,
                mode=rule.mode,
                decision=rule.decision,
                flagged=self._matches[rule.id],
                share=safe_ratio(self._matches[rule.id], tested.transactions),
                expected_share=rule.expected_share,
                labelled=self._matches[rule.id],
                frauds=self._caught[rule.id],
                precision=safe_ratio(self._caught[rule.id], self._matches[rule.id]),
                recall=safe_ratio(self._caught[rule.id], tested.frauds),
            )
            for rule in self._rules
        ]


def safe_ratio(numerator: float, denominator: float) -> float | None:
    """The ratio, or None if the denominator is 0."""
    return numerator / denominator if denominator else None
