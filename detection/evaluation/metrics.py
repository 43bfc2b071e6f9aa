"""The figures of a test, gathered decision by decision, in the same memory for any number of them."""

from collections.abc import Iterable

import numpy as np

from detection.data.columns import Labelled
from detection.data.dates import DAY_MS
from detection.evaluation.card_precision import CardPrecision, KnownAccounts
from detection.evaluation.counters import Calibration, Group, RuleCounts, Scenarios
from detection.evaluation.figures import Day, Figures
from functions.fraud.scoring.rules import Rule
from functions.fraud.scoring.scorer import Verdict

DISTRIBUTION_BINS = 40


class Metrics:
    """Takes labelled transactions with what was decided, in order of time.

    As in the Fraud Detection Handbook, transactions of accounts known to be compromised when the day began
    count for nothing but the figures of everything. Who owns `known` tells it of each fraud.
    """

    def __init__(self, rules: Iterable[Rule], known: KnownAccounts) -> None:
        self._known = known
        self._known_today: set[str] = set()
        self._days: list[Day] = []
        self._day = -1
        self._everything = Group()
        self._tested = Group()
        self._cards = CardPrecision()
        self._calibration = Calibration()
        self._scenarios = Scenarios()
        self._rules = RuleCounts(rules)

    def add(self, labelled: Labelled, verdict: Verdict) -> None:
        """One decision."""
        transaction, is_fraud = labelled.transaction, bool(labelled.is_fraud)
        score, flagged = verdict.score, verdict.suspicious
        day = transaction.timestamp // DAY_MS
        if day != self._day:
            self._begin(day)
        self._everything.add(score, is_fraud=is_fraud, flagged=flagged)
        account_id = transaction.account_id
        if account_id in self._known_today:
            return
        self._tested.add(score, is_fraud=is_fraud, flagged=flagged)
        self._cards.add(day, account_id, score, is_fraud=is_fraud)
        self._calibration.add(
            score if verdict.probability is None else verdict.probability, is_fraud=is_fraud
        )
        if verdict.reasons or verdict.shadow_rules:
            self._rules.add(verdict, is_fraud=is_fraud)
        if is_fraud and labelled.scenario:
            self._scenarios.add(labelled.scenario, flagged=flagged)
        self._count(self._days[-1], is_fraud=is_fraud, flagged=flagged)

    def figures(self) -> Figures:
        """What came of all so far."""
        tested = self._tested.figures(len(self._days))
        genuine, frauds = self._tested.scores.by_score(np.linspace(0, 1, DISTRIBUTION_BINS + 1))
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

    def _begin(self, day: int) -> None:
        self._day = day
        self._days.append(Day(day=day))
        self._known_today = self._known.on(day)

    @staticmethod
    def _count(day: Day, *, is_fraud: bool, flagged: bool) -> None:
        day.transactions += 1
        day.frauds += is_fraud
        day.alerts += flagged
        day.caught += is_fraud and flagged
