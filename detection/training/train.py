"""Trains a model and builds its artifact, in the format of functions/fraud/scoring/model.py.

The same rows, rules, options, seed and library versions produce the same bytes: an artifact has no creation
time and no path.
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
from detection.training.calibration import JointCalibration
from detection.training.evidence import OutOfFold, joint_probabilities, learn_evidence
from detection.training.examples import Examples, RuleMatches, collect_examples
from detection.training.external_trees import describe_booster
from detection.training.parallel import run_parallel
from detection.training.recipe import Choice, Recipe
from detection.training.recipe_choice import choose_recipe
from detection.training.sampling import GenuineSampler
from detection.training.thresholds import (
    JointDecisions,
    bootstrap_figures,
    threshold_for_alerts,
    threshold_for_precision,
)
from functions.common.domain.features import DEFAULT_LABEL_DELAY_DAYS, FEATURE_NAMES, FEATURES_VERSION
from functions.fraud.scoring.model import ARTIFACT_FORMAT, Artifact, RuleEvidence
from functions.fraud.scoring.rules import RuleSet

DEFAULT_ALERTS_PER_DAY = 100.0
_MAX_FOLDS = 4
# More genuine transactions make training slower and hardly better.
_MAX_GENUINE_TO_FIT = 250_000


@dataclass(frozen=True, kw_only=True)
class TrainingOptions:
    """Training options. The period is from `from_ms` (inclusive) to `to_ms` (exclusive), in epoch ms.

    `precision` is from 0 to 1 and overrides `alerts_per_day`. `data_sha256`: the digest of the dataset, for
    the card. `rules_version`: the version of the rules that the model learns with.
    """

    from_ms: int
    to_ms: int
    label_delay_days: int = DEFAULT_LABEL_DELAY_DAYS
    seed: int = 0
    alerts_per_day: float = DEFAULT_ALERTS_PER_DAY
    precision: float | None = None
    data_sha256: str = ""
    rules_version: str = ""


def train_artifact(
    rows: Iterable[LabelledTransaction],
    options: TrainingOptions,
    rules: RuleSet | None = None,
    sampler: GenuineSampler | None = None,
) -> bytes:
    """The artifact of a model. `rows`: transactions in order of time; those before the period are history.

    `rules`: the rules that it learns with. `sampler`: chooses genuine transactions of the period. Raises
    DetectionError if the period has too few transactions, or if no threshold meets the options.
    """
    examples = collect_examples(
        rows,
        label_delay_days=options.label_delay_days,
        from_ms=options.from_ms,
        to_ms=options.to_ms,
        rules=rules,
        sampler=sampler,
    )
    return train_on_examples(examples, options)


def train_on_examples(examples: Examples, options: TrainingOptions, booster: Any = None) -> bytes:
    """The artifact of a model that is trained on these examples. Raises DetectionError.

    `booster`: trees that were trained elsewhere, on other days. They are calibrated on the examples.
    """
    folds = _assign_folds(examples)
    if booster is None:
        choice = choose_recipe(examples, options.label_delay_days, options.seed)
        boosters, margins = _grow_with_margins(examples, folds, choice.recipe, options.seed)
    else:
        choice, boosters = describe_booster(booster), [booster]
        margins = xgboost_trees.predict_margins(boosters, examples.values)
    matches = examples.matches()
    out_of_fold = OutOfFold(margins, examples.labels, examples.row_weights(), folds)
    calibration = _calibrate(out_of_fold, matches)
    days, day_indexes = np.unique(examples.days, return_inverse=True)
    decisions = JointDecisions(
        joint_probabilities(out_of_fold, matches.matches, calibration),
        examples.labels,
        examples.row_weights(),
        matches.flagged,
        matches.cleared,
        days=len(days),
        day_indexes=day_indexes,
    )
    threshold = _choose_threshold(decisions, options)
    base, trees = xgboost_trees.convert_trees(boosters, calibration.margin)
    figures = {
        "expected_alerts_per_day": round(decisions.alerts_per_day(threshold), 2),
        "out_of_fold": bootstrap_figures(decisions, threshold, options.seed),
    }
    artifact = Artifact(
        format=ARTIFACT_FORMAT,
        features_version=FEATURES_VERSION,
        features=list(FEATURE_NAMES),
        label_delay_days=options.label_delay_days,
        base=base,
        trees=trees,
        rules=_describe_rules(examples, matches, calibration),
        threshold=threshold,
        card=_build_card(examples, options, choice, calibration) | figures,
    )
    return msgspec.json.encode(artifact, order="deterministic")


def _calibrate(out_of_fold: OutOfFold, matches: RuleMatches) -> JointCalibration:
    """The calibration without the transactions that rules decide alone."""
    decided = matches.flagged | matches.cleared
    if out_of_fold.labels[~decided].all() or not out_of_fold.labels[~decided].any():
        decided = np.zeros_like(decided)
    return learn_evidence(out_of_fold.select(~decided), matches.matches[~decided])


def _grow_boosters(examples: Examples, rows: NDArray[np.intp], recipe: Recipe, seed: int) -> list[Any]:
    """The boosters of the recipe, trained on a sample of these rows."""
    weights, genuine = examples.row_weights(), rows[~examples.labels[rows]]
    if len(genuine) > _MAX_GENUINE_TO_FIT:
        share = _MAX_GENUINE_TO_FIT / len(genuine)
        kept = examples.labels[rows] | (np.random.default_rng(seed).random(len(rows)) < share)
        rows = rows[kept]
        weights = np.where(examples.labels, weights, weights / share).astype(np.float32)
    values, labels, row_weights = examples.values[rows], examples.labels[rows], weights[rows]
    return xgboost_trees.grow_boosters(values, labels, row_weights, recipe, seed)


def _grow_with_margins(
    examples: Examples, folds: NDArray[np.int64], recipe: Recipe, seed: int
) -> tuple[list[Any], NDArray[np.float64]]:
    """The boosters, and the margin of each example by boosters that are trained without its fold."""

    def grow(fold: int | None) -> tuple[list[Any], NDArray[np.float64] | None]:
        rows = np.arange(len(folds)) if fold is None else np.flatnonzero(folds != fold)
        boosters = _grow_boosters(examples, rows, recipe, seed)
        if fold is None:
            return boosters, None
        return boosters, xgboost_trees.predict_margins(boosters, examples.values[folds == fold])

    numbers = np.unique(folds).tolist()
    # The boosters of all examples take longest, so they are the first job.
    (boosters, _), *of_folds = run_parallel(grow, [None, *numbers])
    margins = np.zeros(len(folds))
    for fold, (_, predicted) in zip(numbers, of_folds, strict=True):
        margins[folds == fold] = predicted
    return boosters, margins


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


def _choose_threshold(decisions: JointDecisions, options: TrainingOptions) -> float:
    if options.precision is not None:
        return threshold_for_precision(decisions, options.precision)
    return threshold_for_alerts(decisions, options.alerts_per_day)


def _describe_rules(
    examples: Examples, matches: RuleMatches, calibration: JointCalibration
) -> list[RuleEvidence]:
    weights = examples.row_weights()
    described = []
    for number, rule in enumerate(matches.rules):
        matching = matches.matches[:, number]
        described.append(
            RuleEvidence(
                id=rule.id,
                condition=rule.condition,
                log_odds=calibration.evidence[number],
                matches=round(float(weights[matching].sum())),
                frauds=int((matching & examples.labels).sum()),
            )
        )
    return described


def _build_card(
    examples: Examples, options: TrainingOptions, choice: Choice, calibration: JointCalibration
) -> dict[str, Any]:
    criterion = (
        {"alerts_per_day": options.alerts_per_day}
        if options.precision is None
        else {"precision": options.precision}
    )
    rules = examples.matches().rules
    return {
        "data_sha256": options.data_sha256,
        "from": format_iso_time(options.from_ms),
        "to": format_iso_time(options.to_ms),
        "transactions": round(float(examples.row_weights().sum())),
        "frauds": int(examples.labels.sum()),
        "recipe": choice.recipe.to_card(),
        "recipe_candidates": dict(choice.average_precision),
        "recipe_reason": choice.reason,
        "rules": options.rules_version,
        "rule_evidence": {
            rule.id: evidence for rule, evidence in zip(rules, calibration.evidence, strict=True) if evidence
        },
        "threshold_by": criterion,
        "calibration": calibration.margin._asdict(),
        "seed": options.seed,
        "python": ".".join(str(part) for part in sys.version_info[:3]),
        "libraries": {
            "numpy": np.__version__,
            "scikit-learn": sklearn.__version__,
            "xgboost": xgboost.__version__,
        },
    }
