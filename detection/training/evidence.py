"""Evidence of rules: the log-odds that a match adds to those of the model.

A rule gets evidence only if it clearly adds to what the model knows, in two checks on out-of-fold margins.
Many more of its matches are fraud than the margins predict, and average precision is higher with it than
without it on days that its evidence was not learned from. All other rules get 0: whatever the rules are,
they do not make the ranking of the model worse.
"""

from collections.abc import Sequence
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score

from detection.training.calibration import (
    Calibration,
    Floats,
    JointCalibration,
    Labels,
    Rows,
    add_evidence,
    fit_calibration,
    fit_joint_calibration,
)

_MIN_MATCHES, _MIN_FRAUDS = 20, 5
# The chance that any of the rules passes the first check without reason.
_SIGNIFICANCE = 0.02
_MIN_DEVIATIONS = 2.0
_DIGITS = 4


class OutOfFold(NamedTuple):
    """Margins of examples by trees that were trained without the fold of the example."""

    margins: Floats
    labels: Labels
    weights: NDArray[np.float32]
    folds: NDArray[np.int64]

    def select(self, rows: NDArray[np.bool_]) -> "OutOfFold":
        return OutOfFold(self.margins[rows], self.labels[rows], self.weights[rows], self.folds[rows])


def learn_evidence(examples: OutOfFold, matches: Labels) -> JointCalibration:
    """The calibration, and the evidence of each rule. `matches` has a column for each rule."""
    calibration = fit_calibration(examples.margins, examples.labels, examples.weights)
    evidence = np.zeros(matches.shape[1])
    candidates = _find_candidates(examples, matches, calibration)
    learned = _drop_useless(examples, matches, candidates)
    if learned:
        rows = _matching_rows(matches, learned)
        joint = fit_joint_calibration(examples.margins, examples.labels, examples.weights, rows)
        evidence[learned] = np.round(joint.evidence, _DIGITS)
        calibration = joint.margin
    return JointCalibration(calibration, evidence.tolist())


def _find_candidates(examples: OutOfFold, matches: Labels, calibration: Calibration) -> list[int]:
    """The rules of whose matches clearly more are fraud than the margins predict (score test)."""
    expected = calibration.probabilities(examples.margins)
    # With many rules, some deviate by chance.
    deviations = max(_MIN_DEVIATIONS, NormalDist().inv_cdf(1 - _SIGNIFICANCE / max(matches.shape[1], 1)))
    candidates = []
    for rule in range(matches.shape[1]):
        rows = np.flatnonzero(matches[:, rule])
        frauds = int(examples.labels[rows].sum())
        if len(rows) < _MIN_MATCHES or frauds < _MIN_FRAUDS:
            continue
        weights, shares = examples.weights[rows], expected[rows]
        excess = float((weights * (examples.labels[rows] - shares)).sum())
        variance = float((weights * shares * (1 - shares)).sum())
        if excess > deviations * variance**0.5:
            candidates.append(rule)
    return candidates


def _drop_useless(examples: OutOfFold, matches: Labels, candidates: Sequence[int]) -> list[int]:
    """The rules that together and one by one do not lower average precision on days left out."""
    remaining = list(candidates)
    while remaining:
        rows = _matching_rows(matches, remaining)
        without, contributions = _score_left_out_days(examples, matches, remaining)
        baseline = _average_precision(examples, without)
        joint = without + contributions.sum(axis=1)
        precision = _average_precision(examples, joint)
        gains = [
            precision - _average_precision(examples, joint - contributions[:, number])
            for number in range(len(remaining))
        ]
        kept = [rule for rule, gain in zip(remaining, gains, strict=True) if gain > 0]
        if len(kept) == len(rows):
            return remaining if precision > baseline else []
        remaining = kept
    return []


def _score_left_out_days(examples: OutOfFold, matches: Labels, rules: Sequence[int]) -> tuple[Floats, Floats]:
    """Log-odds without evidence, and the evidence of each rule, as learned without the fold of a row."""
    log_odds = np.zeros(len(examples.labels))
    contributions = np.zeros((len(examples.labels), len(rules)))
    for fold in np.unique(examples.folds):
        left_out = examples.folds == fold
        training = examples.select(~left_out)
        rows = _matching_rows(matches[~left_out], rules)
        joint = fit_joint_calibration(training.margins, training.labels, training.weights, rows)
        log_odds[left_out] = joint.margin.log_odds(examples.margins[left_out])
        contributions[left_out] = matches[np.ix_(left_out, rules)] * np.array(joint.evidence)
    return log_odds, contributions


def joint_probabilities(examples: OutOfFold, matches: Labels, calibration: JointCalibration) -> Floats:
    """The joint probability of each example."""
    rows = _matching_rows(matches, range(matches.shape[1]))
    log_odds = add_evidence(calibration.margin.log_odds(examples.margins), calibration.evidence, rows)
    result: Floats = 1 / (1 + np.exp(-log_odds))
    return result


def _matching_rows(matches: Labels, rules: Sequence[int]) -> list[Rows]:
    return [np.flatnonzero(matches[:, rule]) for rule in rules]


def _average_precision(examples: OutOfFold, log_odds: Floats) -> float:
    return float(average_precision_score(examples.labels, log_odds, sample_weight=examples.weights))
