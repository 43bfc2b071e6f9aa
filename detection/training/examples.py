"""Examples that a model learns from: features, labels, and the matches of the rules that are on."""

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile

import numpy as np
from numpy.typing import NDArray

from detection.data.columns import LabelledTransaction
from detection.data.dates import format_timestamp
from detection.errors import DetectionError
from detection.history_features import FeaturedTransaction, compute_history_features
from detection.training.sampling import GenuineSampler
from functions.common.domain.features import FEATURE_NAMES
from functions.common.domain.time_buckets import DAY_MS
from functions.common.domain.transaction_event import TransactionInserted
from functions.fraud.scoring.expressions import compile_condition, digest_condition, variable_values
from functions.fraud.scoring.rules import RuleSet

Labels = NDArray[np.bool_]
Floats = NDArray[np.float64]
_FLAGGED, _CLEARED = 1, -1


@dataclass(frozen=True)
class LearnedRule:
    """A rule with a weight. `condition`: the digest of its condition."""

    id: str
    condition: str


class RuleMatcher:
    """Evaluates the rules that are on: those with a weight one by one, and the others as a decision."""

    def __init__(self, ruleset: RuleSet) -> None:
        active = [rule for rule in ruleset.rules if rule.mode == "on"]
        limits = ruleset.limits
        weighted = [rule for rule in active if rule.weight is not None]
        self.rules = tuple(LearnedRule(rule.id, digest_condition(rule.when, limits)) for rule in weighted)
        self._weighted = [(compile_condition(rule.when, limits), rule) for rule in weighted]
        self._flagging, self._clearing = (
            [(compile_condition(rule.when, limits), rule) for rule in active if rule.decision == decision]
            for decision in ("flag", "clear")
        )

    def match(self, transaction: TransactionInserted, values: Sequence[float]) -> tuple[list[bool], int]:
        """Whether each of `rules` matches, and the decision of the others: 1 flags, -1 clears, 0 is none."""
        variables, timestamp = variable_values(transaction, values), transaction.timestamp
        matches = [when(variables) and rule.is_valid_at(timestamp) for when, rule in self._weighted]
        if any(when(variables) and rule.is_valid_at(timestamp) for when, rule in self._flagging):
            return matches, _FLAGGED
        if any(when(variables) and rule.is_valid_at(timestamp) for when, rule in self._clearing):
            return matches, _CLEARED
        return matches, 0


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
    """The labelled transactions from `from_ms` to before `to_ms`. Earlier rows are their history.

    Rows after `to_ms` are not read. `sampler`: chooses the genuine ones. Raises DetectionError unless there
    are frauds and genuine transactions.
    """
    relevant = takewhile(lambda labelled: labelled.transaction.timestamp < to_ms, rows)
    replayed = compute_history_features(
        relevant, label_delay_ms=label_delay_days * DAY_MS, label_delay_days=label_delay_days, from_ms=from_ms
    )
    period = f"from {format_timestamp(from_ms)} to {format_timestamp(to_ms)}"
    return gather_examples(replayed, period=period, rules=rules, sampler=sampler)


def gather_examples(
    transactions: Iterable[FeaturedTransaction],
    *,
    period: str,
    rules: RuleSet | None = None,
    sampler: GenuineSampler | None = None,
) -> Examples:
    """The examples of transactions that have features and a label. `period`: for errors.

    Raises DetectionError unless there are frauds and genuine transactions.
    """
    matcher = RuleMatcher(rules or RuleSet(threshold=1))
    values, labels, days = array("f"), array("b"), array("q")
    matches, decisions = array("b"), array("b")
    for labelled, row in transactions:
        if row is None or labelled.is_fraud is None:
            continue
        if sampler is not None and not sampler.chooses(labelled.is_fraud):
            continue
        values.extend(row)
        labels.append(labelled.is_fraud)
        days.append(labelled.transaction.timestamp // DAY_MS)
        matching, decision = matcher.match(labelled.transaction, row)
        matches.extend(matching)
        decisions.append(decision)
    label_column = np.array(labels, np.bool_)
    _check_labels(label_column, period)
    decided = np.array(decisions)
    return Examples(
        np.frombuffer(values, np.float32).reshape(-1, len(FEATURE_NAMES)),
        label_column,
        np.array(days),
        None if sampler is None else sampler.weights(label_column),
        RuleMatches(
            matcher.rules,
            np.array(matches, np.bool_).reshape(len(labels), len(matcher.rules)),
            decided == _FLAGGED,
            decided == _CLEARED,
        ),
    )


def _check_labels(labels: Labels, period: str) -> None:
    frauds = int(labels.sum())
    if not len(labels):
        raise DetectionError(f"No labelled transactions {period}.", "Use other days for --from and --to.")
    if not frauds or frauds == len(labels):
        present, missing = ("fraud", "genuine") if frauds else ("genuine", "fraudulent")
        raise DetectionError(
            f"All {len(labels):,} transactions {period} are {present}. Training needs both labels.",
            f"Use --from and --to for more days, or a dataset with {missing} transactions.",
        )
