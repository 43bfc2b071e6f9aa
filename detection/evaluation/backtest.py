"""Backtests: replays past transactions through the function's features, model and rules."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from detection.data.columns import LabelledTransaction
from detection.data.dataset import DatasetSummary
from detection.data.dates import format_timestamp, parse_period_begin_ms, parse_period_end_ms
from detection.errors import DetectionError
from detection.evaluation.batch_model import build_batch_log_odds
from detection.evaluation.card_precision import CompromisedAccounts
from detection.evaluation.figures import Figures
from detection.evaluation.metrics import Metrics
from detection.history_features import FeaturedTransaction, compute_history_features
from functions.common.domain.time_buckets import DAY_MS
from functions.fraud.scoring.model import FraudModel
from functions.fraud.scoring.reasons import to_probability
from functions.fraud.scoring.rules import RuleSet
from functions.fraud.scoring.scorer import Scorer, ScoringResult

_BATCH_ROWS = 4096
# The handbook trains on the week before the label delay. Accounts with a reported fraud in it are known.
_KNOWN_WINDOW_MS = 7 * DAY_MS

DecisionSink = Callable[[LabelledTransaction, ScoringResult], object]
"""Receives the decision on each tested transaction, in order of time."""


@dataclass(frozen=True, kw_only=True)
class BacktestPeriod:
    """The tested period in epoch milliseconds, without `to_ms`, and the time from a fraud to its label.

    Accounts with a fraud since `known_from_ms` are known to be compromised once the fraud is reported.
    """

    from_ms: int
    to_ms: int
    label_delay_ms: int
    known_from_ms: int

    @classmethod
    def from_options(
        cls, summary: DatasetSummary, *, label_delay_ms: int, test_from: str = "", test_to: str = ""
    ) -> "BacktestPeriod":
        """The period between two dates, by default the whole dataset.

        Raises DetectionError if the period holds no transaction.
        """
        first_ms, last_ms = summary.first_ms, summary.last_ms
        begin_ms = parse_period_begin_ms("--test-from", test_from, first_ms) if test_from else first_ms
        end_ms = parse_period_end_ms("--test-to", test_to, first_ms) if test_to else last_ms + 1
        if begin_ms > last_ms or end_ms <= first_ms:
            raise DetectionError(
                f"No transactions from {format_timestamp(begin_ms)} to {format_timestamp(end_ms)}.",
                f"The dataset covers {format_timestamp(first_ms)} to {format_timestamp(last_ms)}.",
            )
        if begin_ms >= end_ms:
            raise DetectionError(
                f"--test-from: {test_from} is not before --test-to {test_to}.", "Use an earlier date."
            )
        return cls(
            from_ms=begin_ms,
            to_ms=end_ms,
            label_delay_ms=label_delay_ms,
            known_from_ms=begin_ms - label_delay_ms - _KNOWN_WINDOW_MS,
        )


class Backtest:
    """One run: rules and the optional model decide as in the function.

    `label_delay_days`: the label delay that features assume, by default that of the model.
    """

    def __init__(
        self,
        rules: RuleSet,
        model: FraudModel | None,
        period: BacktestPeriod,
        label_delay_days: int | None = None,
    ) -> None:
        self.scorer = Scorer(rules, model)
        self._period = period
        self._label_delay_days = label_delay_days or self.scorer.label_delay_days
        self._batch_log_odds = build_batch_log_odds(model) if model else None
        self._compromised = CompromisedAccounts(period.label_delay_ms, period.known_from_ms)
        self._metrics = Metrics(rules, self._compromised, model)

    def run(
        self,
        rows: Iterable[LabelledTransaction],
        sink: DecisionSink | None = None,
        progress: Callable[[], None] = lambda: None,
    ) -> Figures:
        """Replay all transactions in order of time; those before the period are history.

        A tested transaction without a label has a decision, but no part in the figures.
        `progress` is called after each batch.
        """
        period = self._period
        replayed = compute_history_features(
            rows,
            label_delay_ms=period.label_delay_ms,
            label_delay_days=self._label_delay_days,
            from_ms=period.from_ms,
        )
        for batch in _split_batches(replayed, period.to_ms):
            for labelled, _ in batch:
                if labelled.is_fraud:
                    transaction = labelled.transaction
                    self._compromised.add_fraud(transaction.account_id, transaction.timestamp)
            for labelled, result, log_odds in self._score_batch(batch):
                # A transaction without a label is history only.
                if labelled.is_fraud is not None:
                    self._metrics.add(
                        labelled, result, None if log_odds is None else to_probability(log_odds)
                    )
                if sink is not None:
                    sink(labelled, result)
            progress()
        return self._metrics.figures()

    def _score_batch(
        self, batch: Sequence[FeaturedTransaction]
    ) -> Iterator[tuple[LabelledTransaction, ScoringResult, float | None]]:
        """The tested transactions of the batch with their results and the log-odds of the model alone."""
        tested = [(labelled, values) for labelled, values in batch if values is not None]
        if not tested:
            return
        log_odds: Sequence[float | None] = [None] * len(tested)
        if self._batch_log_odds is not None:
            log_odds = self._batch_log_odds(np.array([values for _, values in tested])).tolist()
        score = self.scorer.score
        for (labelled, values), odds in zip(tested, log_odds, strict=True):
            transaction = labelled.transaction
            yield labelled, score(transaction, values, None, transaction.timestamp, log_odds=odds), odds


def _split_batches(
    replayed: Iterator[FeaturedTransaction], to_ms: int
) -> Iterator[list[FeaturedTransaction]]:
    """The transactions before `to_ms`, in batches."""
    while batch := list(islice(replayed, _BATCH_ROWS)):
        if batch[-1][0].transaction.timestamp >= to_ms:
            yield [item for item in batch if item[0].transaction.timestamp < to_ms]
            return
        yield batch
