"""Trains a model on the past and writes its artifact, which functions/fraud/scoring/model.py reads.

The same rows, options and seed make the same bytes: nothing in an artifact tells when or where it was made.
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

from detection.data.columns import Labelled
from detection.data.dates import iso_time
from detection.errors import DetectionError
from detection.training import xgboost_trees
from detection.training.artifact import trees_of
from detection.training.bootstrap_intervals import figures
from detection.training.calibration import (
    Calibration,
    calibrated,
    threshold_for_alerts,
    threshold_for_precision,
)
from detection.training.examples import Examples, examples
from functions.common.domain.features import DEFAULT_LABEL_DELAY_DAYS, NAMES, VERSION
from functions.fraud.scoring.model import FORMAT, Artifact

DEFAULT_ALERTS_PER_DAY = 100.0
_MOST_FOLDS = 4


@dataclass(frozen=True, kw_only=True)
class Training:
    """How to train; times are epoch milliseconds, `to_ms` is not trained on any more.

    `precision`, 0 to 1, goes before `alerts_per_day`. `data_sha256`: of the file, for the card.
    """

    from_ms: int
    to_ms: int
    label_delay_days: int = DEFAULT_LABEL_DELAY_DAYS
    seed: int = 0
    alerts_per_day: float = DEFAULT_ALERTS_PER_DAY
    precision: float | None = None
    data_sha256: str = ""


def train(rows: Iterable[Labelled], training: Training) -> bytes:
    """The artifact. `rows` are all transactions in order of time; those before `from_ms` are history.

    Raises DetectionError where there is nothing to learn from, or no threshold is as wished for.
    """
    learned = examples(
        rows, label_delay_days=training.label_delay_days, from_ms=training.from_ms, to_ms=training.to_ms
    )
    return trained(learned, training)


def trained(learned: Examples, training: Training) -> bytes:
    """The artifact of examples that `training` describes. Raises DetectionError."""
    values, labels = learned.values, learned.labels
    places = xgboost_trees.chosen(values, labels, NAMES, training.seed)
    outside = _out_of_fold(learned, places, training.seed)
    calibration = calibrated(outside, labels)
    probabilities = calibration.probabilities(outside)
    threshold = _threshold(probabilities, learned, training)
    booster = xgboost_trees.grown(values, labels, NAMES, places, training.seed)
    base, trees = trees_of(booster, places, calibration)
    artifact = Artifact(
        format=FORMAT,
        features_version=VERSION,
        features=list(NAMES),
        label_delay_days=training.label_delay_days,
        base=base,
        trees=trees,
        threshold=threshold,
        card=_card(learned, training, places, calibration)
        | {"out_of_fold": figures(probabilities, labels, threshold, training.seed)},
    )
    return msgspec.json.encode(artifact, order="deterministic")


def _out_of_fold(learned: Examples, places: list[int], seed: int) -> NDArray[np.float64]:
    """What trees say that were grown without the part of the time that a transaction is from."""
    folds = _folds(learned)
    margins = np.zeros(len(learned.labels))
    for fold in np.unique(folds):
        inside = folds != fold
        booster = xgboost_trees.grown(learned.values[inside], learned.labels[inside], NAMES, places, seed)
        margins[~inside] = xgboost_trees.margins(booster, learned.values[~inside], places)
    return margins


def _folds(learned: Examples) -> NDArray[np.int64]:
    """The number of each transaction's part of the time: days that follow each other, about as many each."""
    days, of_day = np.unique(learned.days, return_inverse=True)
    count = min(_MOST_FOLDS, len(days))
    if count == 1:
        raise DetectionError(
            "One day is too little to train on.", "Give at least two days by --from and --to."
        )
    folds = (np.arange(len(days)) * count // len(days))[of_day]
    for fold in range(count):
        if not learned.labels[folds != fold].any():
            raise DetectionError("All fraud is in one part of the days.", "Train on more days.")
    return folds


def _threshold(probabilities: NDArray[np.float64], learned: Examples, training: Training) -> float:
    if training.precision is not None:
        return threshold_for_precision(probabilities, learned.labels, training.precision)
    days = len(np.unique(learned.days))
    return threshold_for_alerts(probabilities, days, training.alerts_per_day)


def _card(
    learned: Examples, training: Training, places: list[int], calibration: Calibration
) -> dict[str, Any]:
    wanted = (
        {"alerts_per_day": training.alerts_per_day}
        if training.precision is None
        else {"precision": training.precision}
    )
    return {
        "data_sha256": training.data_sha256,
        "from": iso_time(training.from_ms),
        "to": iso_time(training.to_ms),
        "transactions": len(learned.labels),
        "frauds": int(learned.labels.sum()),
        "features_used": [NAMES[place] for place in places],
        "threshold_by": wanted,
        "calibration": calibration._asdict(),
        "seed": training.seed,
        "python": ".".join(str(part) for part in sys.version_info[:3]),
        "libraries": {
            "numpy": np.__version__,
            "scikit-learn": sklearn.__version__,
            "xgboost": xgboost.__version__,
        },
    }
