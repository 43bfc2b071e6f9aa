"""Trains a model and builds its artifact, in the format of functions/fraud/scoring/model.py.

The same rows, options, seed and library versions produce the same bytes: an artifact has no creation time
and no path.
"""

import sys
from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

import msgspec
import numpy as np
import sklearn
import xgboost
from numpy.typing import NDArray

from detection.data.columns import LabelledTransaction
from detection.data.dates import format_iso_time, format_timestamp
from detection.errors import DetectionError
from detection.history_features import compute_history_features
from detection.training import xgboost_trees
from detection.training.calibration import (
    Calibration,
    bootstrap_figures,
    fit_calibration,
    threshold_for_alerts,
    threshold_for_precision,
)
from functions.common.domain.features import DEFAULT_LABEL_DELAY_DAYS, FEATURE_NAMES, FEATURES_VERSION
from functions.common.domain.time_buckets import DAY_MS
from functions.fraud.scoring.model import ARTIFACT_FORMAT, Artifact

DEFAULT_ALERTS_PER_DAY = 100.0
_MAX_FOLDS = 4


@dataclass(frozen=True, kw_only=True)
class TrainingOptions:
    """Training options. The period is from `from_ms` (inclusive) to `to_ms` (exclusive), in epoch ms.

    `precision` is from 0 to 1 and overrides `alerts_per_day`. `data_sha256`: the digest of the dataset, for
    the card.
    """

    from_ms: int
    to_ms: int
    label_delay_days: int = DEFAULT_LABEL_DELAY_DAYS
    seed: int = 0
    alerts_per_day: float = DEFAULT_ALERTS_PER_DAY
    precision: float | None = None
    data_sha256: str = ""


@dataclass(frozen=True)
class Examples:
    """Features in the order of FEATURE_NAMES, labels, and days since 1970. Rows are in order of time."""

    values: NDArray[np.float32]
    labels: NDArray[np.bool_]
    days: NDArray[np.int64]


def train_artifact(rows: Iterable[LabelledTransaction], options: TrainingOptions) -> bytes:
    """The artifact of a model. `rows`: transactions in order of time; those before the period are history.

    Raises DetectionError if the period has too few transactions, or if no threshold meets the options.
    """
    examples = collect_examples(
        rows, label_delay_days=options.label_delay_days, from_ms=options.from_ms, to_ms=options.to_ms
    )
    return train_on_examples(examples, options)


def train_on_examples(examples: Examples, options: TrainingOptions) -> bytes:
    """The artifact of a model that is trained on these examples. Raises DetectionError."""
    values, labels = examples.values, examples.labels
    selected = xgboost_trees.select_features(values, labels, options.seed)
    margins = _out_of_fold_margins(examples, selected, options.seed)
    calibration = fit_calibration(margins, labels)
    probabilities = calibration.probabilities(margins)
    threshold = _choose_threshold(probabilities, examples, options)
    booster = xgboost_trees.grow_trees(values, labels, selected, options.seed)
    base, trees = xgboost_trees.convert_trees(booster, selected, calibration)
    artifact = Artifact(
        format=ARTIFACT_FORMAT,
        features_version=FEATURES_VERSION,
        features=list(FEATURE_NAMES),
        label_delay_days=options.label_delay_days,
        base=base,
        trees=trees,
        threshold=threshold,
        card=_build_card(examples, options, selected, calibration)
        | {"out_of_fold": bootstrap_figures(probabilities, labels, threshold, options.seed)},
    )
    return msgspec.json.encode(artifact, order="deterministic")


def collect_examples(
    rows: Iterable[LabelledTransaction], *, label_delay_days: int, from_ms: int, to_ms: int
) -> Examples:
    """The labelled transactions from `from_ms` to before `to_ms`. Earlier rows are their history.

    Rows after `to_ms` are not read. Raises DetectionError unless there are frauds and genuine transactions.
    """
    values, labels, days = array("f"), array("b"), array("q")
    relevant = takewhile(lambda labelled: labelled.transaction.timestamp < to_ms, rows)
    replayed = compute_history_features(
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


def _out_of_fold_margins(examples: Examples, selected: list[int], seed: int) -> NDArray[np.float64]:
    """The margin of each example by trees that are trained without its fold."""
    folds = _assign_folds(examples)
    margins = np.zeros(len(examples.labels))
    for fold in np.unique(folds):
        training = folds != fold
        booster = xgboost_trees.grow_trees(
            examples.values[training], examples.labels[training], selected, seed
        )
        margins[~training] = xgboost_trees.predict_margins(booster, examples.values[~training], selected)
    return margins


def _assign_folds(examples: Examples) -> NDArray[np.int64]:
    """The fold of each example. A fold consists of consecutive days; folds have about equally many days."""
    days, day_indexes = np.unique(examples.days, return_inverse=True)
    count = min(_MAX_FOLDS, len(days))
    if count == 1:
        raise DetectionError(
            "The training period has only one day.", "Use --from and --to for at least two days."
        )
    folds = (np.arange(len(days)) * count // len(days))[day_indexes]
    for fold in range(count):
        if not examples.labels[folds != fold].any():
            raise DetectionError("All frauds are in one fold of the training period.", "Train on more days.")
    return folds


def _choose_threshold(
    probabilities: NDArray[np.float64], examples: Examples, options: TrainingOptions
) -> float:
    if options.precision is not None:
        return threshold_for_precision(probabilities, examples.labels, options.precision)
    days = len(np.unique(examples.days))
    return threshold_for_alerts(probabilities, days, options.alerts_per_day)


def _build_card(
    examples: Examples, options: TrainingOptions, selected: list[int], calibration: Calibration
) -> dict[str, Any]:
    criterion = (
        {"alerts_per_day": options.alerts_per_day}
        if options.precision is None
        else {"precision": options.precision}
    )
    return {
        "data_sha256": options.data_sha256,
        "from": format_iso_time(options.from_ms),
        "to": format_iso_time(options.to_ms),
        "transactions": len(examples.labels),
        "frauds": int(examples.labels.sum()),
        "features_used": [FEATURE_NAMES[index] for index in selected],
        "threshold_by": criterion,
        "calibration": calibration._asdict(),
        "seed": options.seed,
        "python": ".".join(str(part) for part in sys.version_info[:3]),
        "libraries": {
            "numpy": np.__version__,
            "scikit-learn": sklearn.__version__,
            "xgboost": xgboost.__version__,
        },
    }
