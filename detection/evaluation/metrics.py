"""Collects the figures of a backtest decision by decision, in constant memory."""

from collections.abc import Iterable

import numpy as np

from detection.data.columns import LabelledTransaction
from detection.evaluation.card_precision import CardPrecision, CompromisedAccounts
from detection.evaluation.counters import CalibrationCounter, GroupCounter, RuleCounter, ScenarioCounter
from detection.evaluation.figures import DayFigures, Figures
from functions.common.domain.time_buckets import DAY_MS
from functions.fraud.scoring.rules import Rule
from functions.fraud.scoring.scorer import ScoringResult

DISTRIBUTION_BINS = 40


class Metrics:
    """Collects decisions on labelled transactions, in order of time.

    As in the Fraud Detection Handbook, transactions of accounts that are known to be compromised when the day
    begins count for `everything` only. The caller adds each fraud to `compromised`.
    """

    def __init__(self, rules: Iterable[Rule], compromised: CompromisedAccounts) -> None:
        self._compromised = compromised
        self._known_today: set[str] = set()
        self._days: list[DayFigures] = []
        self._day = -1
        self._everything = GroupCounter()
        self._tested = GroupCounter()
        self._cards = CardPrecision()
        self._calibration = CalibrationCounter()
        self._scenarios = ScenarioCounter()
        self._rules = RuleCounter(rules)

    def add(self, labelled: LabelledTransaction, result: ScoringResult) -> None:
        transaction, is_fraud = labelled.transaction, bool(labelled.is_fraud)
        score, flagged = result.score, result.suspicious
        day = transaction.timestamp // DAY_MS
        if day != self._day:
            self._start_day(day)
        self._everything.add(score, is_fraud=is_fraud, flagged=flagged)
        account_id = transaction.account_id
        if account_id in self._known_today:
            return
        self._tested.add(score, is_fraud=is_fraud, flagged=flagged)
        self._cards.add(day, account_id, score, is_fraud=is_fraud)
        self._calibration.add(score if result.probability is None else result.probability, is_fraud=is_fraud)
        if result.reasons or result.shadow_rules:
            self._rules.add(result, is_fraud=is_fraud)
        if is_fraud and labelled.scenario:
            self._scenarios.add(labelled.scenario, flagged=flagged)
        self._count_decision(self._days[-1], is_fraud=is_fraud, flagged=flagged)

    def figures(self) -> Figures:
        """The figures of all decisions so far."""
        tested = self._tested.figures(len(self._days))
        genuine, frauds = self._tested.scores.count_between(np.linspace(0, 1, DISTRIBUTION_BINS + 1))
        return Figures(
            tested=tested,
            everything=self._everything.figures(len(self._days)),
            card_precision_100=self._cards.mean(),
            scenarios=self._scenarios.figures(),
            calibration=self._calibration.figures(),
            rules=self._rules.figures(tested.frauds),
            days=self._days,
            precision_recall=self._tested.scores.precision_recall(),
            distribution=list(zip(genuine.tolist(), frauds.tolist(), strict=True)),
        )

    def _start_day(self, day: int) -> None:
        self._day = day
        self._days.append(DayFigures(day=day))
        self._known_today = self._compromised.known_by(day)

    @staticmethod
    def _count_decision(day: DayFigures, *, is_fraud: bool, flagged: bool) -> None:
        day.transactions += 1
        day.frauds += is_fraud
        day.alerts += flagged
        day.caught += is_fraud and flagged
