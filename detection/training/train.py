"""Trains a model and builds its artifact, in the format of functions/fraud/scoring/model.py.

The same rows, options, seed and library versions produce the same bytes: an artifact has no creation time
and no path.
"""

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
import sklearn
import xgboost
from numpy.typing import NDArray

from detection.data.columns import LabelledTransaction
from detection.data.dates import format_iso_time
from detection.errors import DetectionError
from detection.training import xgboost_trees
from detection.training.artifact import convert_trees
from detection.training.bootstrap_intervals import bootstrap_figures
from detection.training.calibration import (
    Calibration,
    fit_calibration,
    threshold_for_alerts,
    threshold_for_precision,
)
from detection.training.examples import Examples, collect_examples
from functions.common.domain.features import DEFAULT_LABEL_DELAY_DAYS, FEATURE_NAMES, FEATURES_VERSION
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
    selected = xgboost_trees.select_features(values, labels, FEATURE_NAMES, options.seed)
    margins = _out_of_fold_margins(examples, selected, options.seed)
    calibration = fit_calibration(margins, labels)
    probabilities = calibration.probabilities(margins)
    threshold = _choose_threshold(probabilities, examples, options)
    booster = xgboost_trees.grow_trees(values, labels, FEATURE_NAMES, selected, options.seed)
    base, trees = convert_trees(booster, selected, calibration)
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


def _out_of_fold_margins(examples: Examples, selected: list[int], seed: int) -> NDArray[np.float64]:
    """The margin of each example by trees that are trained without its fold."""
    folds = _assign_folds(examples)
    margins = np.zeros(len(examples.labels))
    for fold in np.unique(folds):
        training = folds != fold
        booster = xgboost_trees.grow_trees(
            examples.values[training], examples.labels[training], FEATURE_NAMES, selected, seed
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
