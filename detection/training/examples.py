"""What a model learns from: the features of past transactions, as the pipeline would have known them."""

from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import takewhile

import numpy as np
from numpy.typing import NDArray

from detection.data.columns import Labelled
from detection.data.dates import DAY_MS, readable_time
from detection.errors import DetectionError
from detection.replay import replay
from functions.common.domain.features import NAMES


@dataclass(frozen=True)
class Examples:
    """Features each, in the order of NAMES and of time, whether it was fraud, and its day since 1970."""

    values: NDArray[np.float32]
    labels: NDArray[np.bool_]
    days: NDArray[np.int64]


def examples(rows: Iterable[Labelled], *, label_delay_days: int, from_ms: int, to_ms: int) -> Examples:
    """The transactions from `from_ms` to before `to_ms`; what is before them in `rows` is their history.

    `rows` are read no further than that. Raises DetectionError where there is nothing to learn from.
    """
    values, labels, days = array("f"), array("b"), array("q")
    wanted = takewhile(lambda labelled: labelled.transaction.timestamp < to_ms, rows)
    replayed = replay(
        wanted, label_delay_ms=label_delay_days * DAY_MS, label_delay_days=label_delay_days, from_ms=from_ms
    )
    for labelled, row in replayed:
        if row is not None and labelled.is_fraud is not None:
            values.extend(row)
            labels.append(labelled.is_fraud)
            days.append(labelled.transaction.timestamp // DAY_MS)
    found = Examples(
        np.array(values, np.float32).reshape(-1, len(NAMES)), np.array(labels, np.bool_), np.array(days)
    )
    _check(found, f"from {readable_time(from_ms)} to {readable_time(to_ms)}")
    return found


def _check(found: Examples, period: str) -> None:
    frauds = int(found.labels.sum())
    if not len(found.labels):
        raise DetectionError(f"There is no transaction {period}.", "Give other days by --from and --to.")
    if not frauds or frauds == len(found.labels):
        kind = "fraud" if frauds else "genuine"
        only = f"All of the {frauds:,}" if frauds else f"None of the {len(found.labels):,}"
        raise DetectionError(
            f"{only} transactions {period} {'are' if frauds else 'is'} fraud: a model needs both kinds.",
            f"Give more days by --from and --to, or a file that says what was {kind}.",
        )
