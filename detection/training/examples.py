"""Training examples: the features of past transactions at their time, with labels."""

from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import takewhile

import numpy as np
from numpy.typing import NDArray

from detection.data.columns import LabelledTransaction
from detection.data.dates import format_timestamp
from detection.errors import DetectionError
from detection.replay import replay_transactions
from functions.common.domain.features import FEATURE_NAMES
from functions.common.domain.time_buckets import DAY_MS


@dataclass(frozen=True)
class Examples:
    """Features in the order of FEATURE_NAMES, labels, and days since 1970. Rows are in order of time."""

    values: NDArray[np.float32]
    labels: NDArray[np.bool_]
    days: NDArray[np.int64]


def collect_examples(
    rows: Iterable[LabelledTransaction], *, label_delay_days: int, from_ms: int, to_ms: int
) -> Examples:
    """The labelled transactions from `from_ms` to before `to_ms`. Earlier rows are their history.

    Rows after `to_ms` are not read. Raises DetectionError unless there are frauds and genuine transactions.
    """
    values, labels, days = array("f"), array("b"), array("q")
    relevant = takewhile(lambda labelled: labelled.transaction.timestamp < to_ms, rows)
    replayed = replay_transactions(
        relevant, label_delay_ms=label_delay_days * DAY_MS, label_delay_days=label_delay_days, from_ms=from_ms
    )
    for labelled, row in replayed:
        if row is not None and labelled.is_fraud is not None:
            values.extend(row)
            labels.append(labelled.is_fraud)
            days.append(labelled.transaction.timestamp // DAY_MS)
    examples = Examples(
        np.array(values, np.float32).reshape(-1, len(FEATURE_NAMES)),
        np.array(labels, np.bool_),
        np.array(days),
    )
    _check_labels(examples, f"from {format_timestamp(from_ms)} to {format_timestamp(to_ms)}")
    return examples


def _check_labels(examples: Examples, period: str) -> None:
    frauds = int(examples.labels.sum())
    if not len(examples.labels):
        raise DetectionError(f"No labelled transactions {period}.", "Use other days for --from and --to.")
    if not frauds or frauds == len(examples.labels):
        present, missing = ("frauds", "genuine") if frauds else ("genuine", "fraud")
        raise DetectionError(
            f"All {len(examples.labels):,} transactions {period} are {present}. Training needs both labels.",
            f"Use --from and --to for more days, or a dataset with {missing} transactions.",
        )
