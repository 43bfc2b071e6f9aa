"""Examples that a model learns from: features, labels, and the matches of the rules that are on."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import takewhile

import numpy as np
from numpy.typing import NDArray

from detection.data.columns import LabelledTransaction, TransactionBatch, batch_rows
from detection.data.dates import format_timestamp
from detection.errors import DetectionError
from detection.replay.replay import FeaturedBatch, cut_batches, replay_batches
from detection.replay.rule_columns import RuleColumns
from detection.training.sampling import GenuineSampler
from functions.common.domain.time_buckets import DAY_MS
from functions.fraud.scoring.expressions import digest_condition
from functions.fraud.scoring.rules import RuleSet

Labels = NDArray[np.bool_]
Floats = NDArray[np.float64]
FeaturedTransactions = tuple[TransactionBatch, Floats]
"""Labelled transactions, with a row of features in the order of FEATURE_NAMES for each."""


@dataclass(frozen=True)
class LearnedRule:
    """A rule with a weight. `condition`: the digest of its condition."""

    id: str
    condition: str


@dataclass(frozen=True)
class RuleMatches:
    """The matches of rules: `matches` has a column for each of `rules`.

    `flagged` and `cleared` are the transactions that rules decide alone.
    """

    rules: tuple[LearnedRule, ...]
    matches: Labels
    flagged: Labels
    cleared: Labels

    @classmethod
    def without_rules(cls, count: int) -> "RuleMatches":
        none = np.zeros(count, np.bool_)
        return cls((), np.zeros((count, 0), np.bool_), none, none)


@dataclass(frozen=True)
class Examples:
    """Features in the order of FEATURE_NAMES, labels, and days since 1970. Rows are in order of time.

    `weights`: the number of transactions that each row represents, by default 1. `rule_matches`: by default
    there are no rules.
    """

    values: NDArray[np.float32]
    labels: Labels
    days: NDArray[np.int64]
    weights: NDArray[np.float32] | None = None
    rule_matches: RuleMatches | None = None

    def row_weights(self) -> NDArray[np.float32]:
        return np.ones(len(self.labels), np.float32) if self.weights is None else self.weights

    def matches(self) -> RuleMatches:
        return RuleMatches.without_rules(len(self.labels)) if self.rule_matches is None else self.rule_matches


def collect_examples(
    rows: Iterable[LabelledTransaction],
    *,
    label_delay_days: int,
    from_ms: int,
    to_ms: int,
    rules: RuleSet | None = None,
    sampler: GenuineSampler | None = None,
) -> Examples:
    """The examples of transactions in rows, as `collect_batch_examples` collects them."""
    relevant = takewhile(lambda labelled: labelled.transaction.timestamp < to_ms, rows)
    return collect_batch_examples(
        batch_rows(relevant),
        label_delay_days=label_delay_days,
        from_ms=from_ms,
        to_ms=to_ms,
        rules=rules,
        sampler=sampler,
    )


def collect_batch_examples(
    batches: Iterable[TransactionBatch],
    *,
    label_delay_days: int,
    from_ms: int,
    to_ms: int,
    rules: RuleSet | None = None,
    sampler: GenuineSampler | None = None,
) -> Examples:
    """The labelled transactions from `from_ms` to before `to_ms`. Earlier rows are their history.

    `batches`: transactions in order of time. Batches after `to_ms` are not read. `sampler`: chooses the
    genuine ones. Raises DetectionError unless there are frauds and genuine transactions.
    """
    replayed = replay_batches(
        cut_batches(batches, to_ms),
        label_delay_ms=label_delay_days * DAY_MS,
        label_delay_days=label_delay_days,
        from_ms=from_ms,
    )
    return gather_examples(
        _choose_labelled(replayed, sampler),
        period=f"from {format_timestamp(from_ms)} to {format_timestamp(to_ms)}",
        rules=rules,
        sampler=sampler,
    )


def _choose_labelled(
    replayed: Iterable[FeaturedBatch], sampler: GenuineSampler | None
) -> Iterator[FeaturedTransactions]:
    for featured in replayed:
        labels = featured.batch.labels
        chosen = np.flatnonzero(featured.is_scored & (labels >= 0))
        if sampler is not None:
            chosen = chosen[sampler.choose(labels[chosen] == 1)]
        if len(chosen):
            yield featured.batch.take(chosen), featured.values[chosen]


def gather_examples(
    transactions: Iterable[FeaturedTransactions],
    *,
    period: str,
    rules: RuleSet | None = None,
    sampler: GenuineSampler | None = None,
) -> Examples:
    """The examples of transactions. `period`: for errors. `sampler`: has chosen the genuine ones.

    Raises DetectionError unless there are frauds and genuine transactions.
    """
    learned, collected = LearnedRules(rules or RuleSet(threshold=1)), _Columns()
    for batch, values in transactions:
        collected.add(batch, values, learned.match(batch, values))
    return collected.to_examples(period, learned, sampler)


class LearnedRules:
    """The rules that are on: those with a weight, and those that decide alone."""

    def __init__(self, ruleset: RuleSet) -> None:
        self._limits = ruleset.limits
        active = [rule for rule in ruleset.rules if rule.mode == "on"]
        self._weighted = [rule for rule in active if rule.weight is not None]
        self._deciding = [rule for rule in active if rule.weight is None]
        self.rules = tuple(
            LearnedRule(rule.id, digest_condition(rule.when, ruleset.limits)) for rule in self._weighted
        )

    def match(self, batch: TransactionBatch, values: Floats) -> RuleMatches:
        """The matches of transactions with their features. A flagged transaction is not cleared."""
        columns = RuleColumns(batch, values)
        matches = np.zeros((len(batch), len(self._weighted)), np.bool_)
        for number, rule in enumerate(self._weighted):
            matches[:, number] = columns.match(rule, self._limits)
        decided = {decision: np.zeros(len(batch), np.bool_) for decision in ("flag", "clear")}
        for rule in self._deciding:
            decided[str(rule.decision)] |= columns.match(rule, self._limits)
        return RuleMatches(self.rules, matches, decided["flag"], decided["clear"] & ~decided["flag"])


class _Columns:
    """The columns of examples, part by part."""

    def __init__(self) -> None:
        self._values: list[NDArray[np.float32]] = []
        self._labels: list[Labels] = []
        self._days: list[NDArray[np.int64]] = []
        self._matches: list[RuleMatches] = []

    def add(self, batch: TransactionBatch, values: Floats, matches: RuleMatches) -> None:
        # An amount can be too large for single precision, and is infinite then.
        with np.errstate(over="ignore"):
            self._values.append(values.astype(np.float32, order="C"))
        self._labels.append(batch.labels == 1)
        self._days.append(batch.times_ms // DAY_MS)
        self._matches.append(matches)

    def to_examples(self, period: str, learned: LearnedRules, sampler: GenuineSampler | None) -> Examples:
        """The examples. Raises DetectionError unless both labels occur."""
        labels = np.concatenate([np.zeros(0, np.bool_), *self._labels])
        _check_labels(labels, period)
        return Examples(
            np.concatenate(self._values),
            labels,
            np.concatenate(self._days),
            None if sampler is None else sampler.weights(labels),
            RuleMatches(
                learned.rules,
                *(
                    np.concatenate([getattr(part, name) for part in self._matches])
                    for name in ("matches", "flagged", "cleared")
                ),
            ),
        )


def _check_labels(labels: Labels, period: str) -> None:
    frauds = int(labels.sum())
    if not len(labels):
        raise DetectionError(f"No labelled transactions {period}.", "Use other days for --from and --to.")
    if not frauds or frauds == len(labels):
        present, missing = ("fraud", "genuine") if frauds else ("genuine", "fraudulent")
        raise DetectionError(
            f"Every transaction {period} is {present} ({len(labels):,} in all). Training needs both labels.",
            f"Use --from and --to for more days, or a dataset with {missing} transactions.",
        )
