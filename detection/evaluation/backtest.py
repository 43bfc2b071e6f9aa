"""Replays the past through the function's own features, model and rules, and measures what they flag."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from detection.data.columns import Labelled
from detection.data.dataset import Facts
from detection.data.dates import DAY_MS, begin_ms, end_ms, readable_time
from detection.errors import DetectionError
from detection.evaluation.card_precision import KnownAccounts
from detection.evaluation.figures import Figures
from detection.evaluation.metrics import Metrics
from detection.replay import Replayed, replay
from functions.fraud.scoring.rules import Rule
from functions.fraud.scoring.scorer import Scorer, Verdict

_BATCH = 4096
# The handbook trains on the week before the delay: accounts of which fraud was reported in it are known.
_KNOWN_SINCE_MS = 7 * DAY_MS

LogOdds = Callable[[NDArray[np.float64]], NDArray[np.float64]]
"""A model for many transactions at once: rows of features in, log-odds out, bit for bit the function's."""


class Sink(Protocol):
    """Takes what was decided on each tested transaction."""

    def add(self, labelled: Labelled, verdict: Verdict) -> None:
        """One of them, in order of time."""


@dataclass(frozen=True, kw_only=True)
class Period:
    """What is tested, in epoch milliseconds, `to_ms` not with it; and how long after a fraud it is reported.

    Accounts count as known to be compromised by frauds since `known_from_ms`.
    """

    from_ms: int
    to_ms: int
    label_delay_ms: int
    known_from_ms: int

    @classmethod
    def of(cls, facts: Facts, *, label_delay_ms: int, test_from: str = "", test_to: str = "") -> "Period":
        """Between these dates, else all that the file holds. Raises DetectionError if that is nothing."""
        begin = begin_ms("--test-from", test_from, facts.first_ms) if test_from else facts.first_ms
        end = end_ms("--test-to", test_to, facts.first_ms) if test_to else facts.last_ms + 1
        if begin > facts.last_ms or end <= facts.first_ms:
            raise DetectionError(
                f"No transaction is from {readable_time(begin)} to {readable_time(end)}.",
                f"The file's are from {readable_time(facts.first_ms)} to {readable_time(facts.last_ms)}.",
            )
        if begin >= end:
            raise DetectionError(f"--test-from {test_from} is not before --test-to {test_to}.")
        return cls(
            from_ms=begin,
            to_ms=end,
            label_delay_ms=label_delay_ms,
            known_from_ms=begin - label_delay_ms - _KNOWN_SINCE_MS,
        )


class Backtest:
    """One test: `scorer` decides as it does in the function, by the same `rules`.

    `log_odds`: its model for many transactions at once; None without a model.
    """

    def __init__(
        self, scorer: Scorer, rules: Iterable[Rule], period: Period, log_odds: LogOdds | None
    ) -> None:
        self._scorer = scorer
        self._period = period
        self._log_odds = log_odds
        self._known = KnownAccounts(period.label_delay_ms, period.known_from_ms)
        self._metrics = Metrics(rules, self._known)

    def run(
        self, rows: Iterable[Labelled], sink: Sink | None = None, progress: Callable[[], None] = lambda: None
    ) -> Figures:
        """The figures; `rows` are all transactions in order of time, those before the period its history.

        `sink` gets each decision; `progress` is called now and then.
        """
        period = self._period
        replayed = replay(
            rows,
            label_delay_ms=period.label_delay_ms,
            label_delay_days=self._scorer.label_delay_days,
            from_ms=period.from_ms,
        )
        for batch in _batches(replayed, period.to_ms):
            for labelled, _ in batch:
                if labelled.is_fraud:
                    self._known.fraud(labelled.transaction.account_id, labelled.transaction.timestamp)
            for labelled, verdict in self._decided(batch):
                self._metrics.add(labelled, verdict)
                if sink is not None:
                    sink.add(labelled, verdict)
            progress()
        return self._metrics.figures()

    def _decided(self, batch: Sequence[Replayed]) -> Iterator[tuple[Labelled, Verdict]]:
        """What is decided on those of the batch that are tested."""
        tested = [(labelled, values) for labelled, values in batch if values is not None]
        if not tested:
            return
        log_odds: Sequence[float | None] = [None] * len(tested)
        if self._log_odds is not None:
            log_odds = self._log_odds(np.array([values for _, values in tested])).tolist()
        score = self._scorer.score
        for (labelled, values), odds in zip(tested, log_odds, strict=True):
            transaction = labelled.transaction
            yield labelled, score(transaction, values, None, transaction.timestamp, log_odds=odds)


def _batches(replayed: Iterator[Replayed], to_ms: int) -> Iterator[list[Replayed]]:
    """The transactions before that time, many at once."""
    while batch := list(islice(replayed, _BATCH)):
        if batch[-1][0].transaction.timestamp >= to_ms:
            yield [one for one in batch if one[0].transaction.timestamp < to_ms]
            return
        yield batch
