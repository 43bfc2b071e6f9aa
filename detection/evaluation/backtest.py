"""Backtests: replays past transactions through the function's features, model and rules."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass

import numpy as np

from detection.data.columns import LabelledTransaction, TransactionBatch, batch_rows
from detection.data.dataset import DatasetSummary
from detection.data.dates import format_timestamp, parse_period_begin_ms, parse_period_end_ms
from detection.errors import DetectionError
from detection.evaluation.card_precision import CompromisedAccounts
from detection.evaluation.figures import Figures
from detection.evaluation.metrics import Metrics
from detection.evaluation.parallel_scoring import Chunk, ParallelScorer
from detection.replay.replay import FeaturedBatch, cut_batches, replay_batches
from functions.common.domain.time_buckets import DAY_MS
from functions.fraud.scoring.model import FraudModel
from functions.fraud.scoring.rules import RuleSet
from functions.fraud.scoring.scorer import ScoringResult

_CHUNK_ROWS = 4096
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

    `label_delay_days`: the label delay that features assume, by default that of the model. `workers`: the
    number of processes, by default for all cores. The result does not depend on it.
    """

    def __init__(
        self,
        rules: RuleSet,
        model: FraudModel | None,
        period: BacktestPeriod,
        label_delay_days: int | None = None,
        workers: int | None = None,
    ) -> None:
        self._parallel_scorer = ParallelScorer(rules, model, workers)
        self.scorer = self._parallel_scorer.scorer
        self._period = period
        self._label_delay_days = label_delay_days or self.scorer.label_delay_days
        self._compromised = CompromisedAccounts(period.label_delay_ms, period.known_from_ms)
        self._metrics = Metrics(rules, self._compromised, model)

    def run(
        self,
        rows: Iterable[LabelledTransaction],
        sink: DecisionSink | None = None,
        progress: Callable[[], None] = lambda: None,
    ) -> Figures:
        """Replay transactions in order of time, as `run_batches` does."""
        return self.run_batches(batch_rows(rows), sink, progress)

    def run_batches(
        self,
        batches: Iterable[TransactionBatch],
        sink: DecisionSink | None = None,
        progress: Callable[[], None] = lambda: None,
    ) -> Figures:
        """Replay all transactions in order of time; those before the period are history.

        A tested transaction without a label has a decision, but no part in the figures.
        `progress` is called after each batch.
        """
        period = self._period
        replayed = replay_batches(
            cut_batches(batches, period.to_ms),
            label_delay_ms=period.label_delay_ms,
            label_delay_days=self._label_delay_days,
            from_ms=period.from_ms,
        )
        chunks = _cut_chunks(replayed, progress)
        # An error of the sink ends the workers, too.
        with closing(self._parallel_scorer.score(chunks, explains_model=sink is not None)) as results:
            for chunk, scored in results:
                for account_id, time_ms in chunk.frauds:
                    self._compromised.add_fraud(account_id, time_ms)
                self._metrics.add_batch(scored)
                if sink is not None:
                    for row, labelled in enumerate(scored.batch.rows()):
                        sink(labelled, scored.result(row))
        return self._metrics.figures()


def _cut_chunks(replayed: Iterable[FeaturedBatch], progress: Callable[[], None]) -> Iterator[Chunk]:
    """The transactions that have features. `progress` is called after each batch."""
    frauds: list[tuple[str, int]] = []
    for featured in replayed:
        frauds += _find_frauds(featured.batch)
        rows = np.flatnonzero(featured.is_scored)
        for begin in range(0, len(rows), _CHUNK_ROWS):
            part = rows[begin : begin + _CHUNK_ROWS]
            yield Chunk(featured.batch.take(part), featured.values[part], frauds)
            frauds = []
        progress()


def _find_frauds(batch: TransactionBatch) -> Iterator[tuple[str, int]]:
    rows = np.flatnonzero(batch.labels == 1)
    accounts = batch.texts["account_id"].take(rows).to_pylist()
    return zip(accounts, batch.times_ms[rows].tolist(), strict=True)
