"""Evidence of rules: the log-odds that a match adds to those of the model.

A rule gets evidence only if it adds to what the model knows, in checks on out-of-fold margins:

1. Many more of its matches are fraud than the margins predict, and that in most weeks instead of a few ones.
2. Average precision is higher with it in each part of the training days, with evidence from the others.

All other rules get 0. A rule can still stop to work after the training days. So all evidence is scaled down
until average precision would be hardly lower if the rules matched as many transactions at random.
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
# Matches come in waves, so that frauds are not independent of each other. Sums of blocks of days nearly are.
_BLOCKS, _MIN_BLOCK_DEVIATIONS = 12, 1.8
# The smallest gains of average precision by a rule and by all together, which need this many standard errors.
_MIN_GAIN, _MIN_JOINT_GAIN, _MIN_ERRORS = 0.001, 0.003, 2.0
# The largest loss of average precision by random matches.
_MAX_LOSS = 0.0015
_BISECTIONS = 8
# The widths of cells of margins and of evidence, as shares of their range.
_MARGIN_CELLS, _EVIDENCE_CELLS = 4096, 32
_DIGITS = 4


class OutOfFold(NamedTuple):
    """Margins of examples by trees that were trained without the fold of the example, in order of time."""

    margins: Floats
    labels: Labels
    weights: NDArray[np.float32]
    folds: NDArray[np.int64]

    def select(self, rows: NDArray[np.bool_] | Rows) -> "OutOfFold":
        return OutOfFold(self.margins[rows], self.labels[rows], self.weights[rows], self.folds[rows])


def learn_evidence(examples: OutOfFold, matches: Labels) -> JointCalibration:
    """The calibration, and the evidence of each rule. `matches` has a column for each rule."""
    calibration = fit_calibration(examples.margins, examples.labels, examples.weights)
    evidence = np.zeros(matches.shape[1])
    candidates = _find_candidates(examples, matches, calibration)
    groups, group_matches = _group_examples(examples, matches[:, candidates])
    useful = _drop_useless(groups, group_matches)
    if useful:
        joint = _fit_limited(groups, group_matches[:, useful])
        evidence[[candidates[number] for number in useful]] = np.round(joint.evidence, _DIGITS)
        calibration = joint.margin
    return JointCalibration(calibration, evidence.tolist())


def joint_probabilities(examples: OutOfFold, matches: Labels, calibration: JointCalibration) -> Floats:
    """The joint probability of each example."""
    log_odds = calibration.margin.log_odds(examples.margins)
    log_odds = add_evidence(log_odds, calibration.evidence, _matching_rows(matches))
    result: Floats = 1 / (1 + np.exp(-log_odds))
    return result


def _find_candidates(examples: OutOfFold, matches: Labels, calibration: Calibration) -> list[int]:
    """The rules of whose matches clearly more are fraud than the margins predict (score test)."""
    expected = calibration.probabilities(examples.margins)
    residuals = examples.weights * (examples.labels - expected)
    blocks = np.arange(len(expected)) * _BLOCKS // max(len(expected), 1)
    # With many rules, some deviate by chance.
    deviations = max(_MIN_DEVIATIONS, NormalDist().inv_cdf(1 - _SIGNIFICANCE / max(matches.shape[1], 1)))
    candidates = []
    for rule, rows in enumerate(_matching_rows(matches)):
        if len(rows) < _MIN_MATCHES or examples.labels[rows].sum() < _MIN_FRAUDS:
            continue
        shares = expected[rows]
        variance = float((examples.weights[rows] * shares * (1 - shares)).sum())
        excesses = np.bincount(blocks[rows], residuals[rows], minlength=_BLOCKS)
        block_variance = float(excesses.var(ddof=1)) * _BLOCKS
        limit = max(deviations * variance**0.5, _MIN_BLOCK_DEVIATIONS * block_variance**0.5)
        if excesses.sum() > limit:
            candidates.append(rule)
    return candidates


def _group_examples(examples: OutOfFold, matches: Labels) -> tuple[OutOfFold, Labels]:
    """Examples that are alike as one, with the sum of their weights: few rows, whatever their number."""
    step = max(float(np.ptp(examples.margins)) / _MARGIN_CELLS, np.finfo(np.float64).tiny)
    cells = np.round((examples.margins - examples.margins.min()) / step).astype(np.int64)
    groups = np.zeros(len(cells), np.int64)
    for column in (cells, examples.labels, examples.folds, *matches.T):
        groups = np.unique(groups * (int(column.max()) + 1) + column, return_inverse=True)[1]
    first = np.unique(groups, return_index=True)[1]
    grouped = examples._replace(weights=np.bincount(groups, examples.weights).astype(np.float32)[groups])
    return grouped.select(first), matches[first]


def _drop_useless(examples: OutOfFold, matches: Labels) -> list[int]:
    """The rules that together and one by one raise average precision on days left out."""
    remaining = list(range(matches.shape[1]))
    while remaining:
        gains = _measure_gains(examples, matches[:, remaining])
        means, errors = gains.mean(axis=0), gains.std(axis=0, ddof=1) / len(gains) ** 0.5
        # By more than chance, and in each part. The frauds of some rules come in a few waves, and genuine
        # transactions match only later. With evidence, these would have the highest scores.
        helps = (means > np.maximum(errors, _MIN_GAIN)) & (gains > 0).all(axis=0)
        useful = [rule for rule, helpful in zip(remaining, helps[1:], strict=True) if helpful]
        if len(useful) == len(remaining):
            is_worth_it = helps[0] and means[0] > max(_MIN_ERRORS * errors[0], _MIN_JOINT_GAIN)
            return remaining if is_worth_it else []
        remaining = useful
    return []


def _measure_gains(examples: OutOfFold, matches: Labels) -> Floats:
    """The gains of average precision in each fold by evidence that was learned without the fold.

    The first column is the gain of all rules together. Each further column is the gain of one rule, if the
    other rules are used already.
    """
    gains = []
    for fold in np.unique(examples.folds):
        left_out = examples.folds == fold
        training, tested = examples.select(~left_out), examples.select(left_out)
        if not (training.labels.any() and tested.labels.any()):
            gains.append([0.0] * (1 + matches.shape[1]))
            continue
        joint = _fit(training, matches[~left_out])
        without = joint.margin.log_odds(tested.margins)
        contributions = matches[left_out] * np.array(joint.evidence)
        log_odds = without + contributions.sum(axis=1)
        precision = _average_precision(tested, log_odds)
        others = [without, *(log_odds - contribution for contribution in contributions.T)]
        gains.append([precision - _average_precision(tested, other) for other in others])
    return np.array(gains)


def _fit_limited(examples: OutOfFold, matches: Labels) -> JointCalibration:
    """The joint calibration with as much evidence as random matches could have without much harm."""
    joint = _fit(examples, matches)
    loss = _RandomLoss(examples, matches, joint)
    if loss.measure(1.0) <= _MAX_LOSS:
        return joint
    lowest, highest = 0.0, 1.0
    for _ in range(_BISECTIONS):
        share = (lowest + highest) / 2
        if loss.measure(share) <= _MAX_LOSS:
            lowest = share
        else:
            highest = share
    return _fit(examples, matches, [lowest * value for value in joint.evidence])


class _RandomLoss:
    """The loss of average precision if the evidence of an example were that of a random other example."""

    def __init__(self, examples: OutOfFold, matches: Labels, joint: JointCalibration) -> None:
        self._examples, _ = _group_examples(
            examples._replace(folds=np.zeros_like(examples.folds)), matches[:, :0]
        )
        evidence = matches @ np.array(joint.evidence)
        step = float(evidence.max()) / _EVIDENCE_CELLS
        cells = np.ceil(evidence / step).astype(np.int64) if step else np.zeros(len(evidence), np.int64)
        weights = np.bincount(cells, examples.weights)
        self._values = np.flatnonzero(weights) * step
        self._shares = weights[weights > 0] / weights.sum()
        self._log_odds = joint.margin.log_odds(self._examples.margins)
        self._precision = _average_precision(self._examples, self._log_odds)

    def measure(self, share: float) -> float:
        """The loss with this share of the evidence, as the expected value over all random matches."""
        # Each example occurs once with each value of the evidence.
        log_odds = np.add.outer(self._log_odds, share * self._values).ravel()
        weights = np.multiply.outer(self._examples.weights, self._shares).ravel()
        labels = np.repeat(self._examples.labels, len(self._values))
        return self._precision - float(average_precision_score(labels, log_odds, sample_weight=weights))


def _fit(
    examples: OutOfFold, matches: Labels, max_evidence: Sequence[float] | None = None
) -> JointCalibration:
    return fit_joint_calibration(
        examples.margins, examples.labels, examples.weights, _matching_rows(matches), max_evidence
    )


def _matching_rows(matches: Labels) -> list[Rows]:
    return [np.flatnonzero(column) for column in matches.T]


def _average_precision(examples: OutOfFold, log_odds: Floats) -> float:
    return float(average_precision_score(examples.labels, log_odds, sample_weight=examples.weights))
