"""Calibration of margins and evidence to probabilities, by logistic regression on out-of-fold margins."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

Floats = NDArray[np.float64]
Labels = NDArray[np.bool_]
Rows = NDArray[np.intp]

MAX_LEARNED_EVIDENCE = 10.0
_TOLERANCE = 1e-12
_MAX_ITERATIONS = 500
# The standard deviation of the evidence of a rule before anything is known about it, in log-odds.
_EVIDENCE_DEVIATION = 1.0
_MIN_SLOPE = 1e-3


class Calibration(NamedTuple):
    """Calibrated log-odds are `slope` times the margin of the trees, plus `offset`."""

    slope: float
    offset: float

    def log_odds(self, margins: Floats) -> Floats:
        return self.slope * margins + self.offset

    def probabilities(self, margins: Floats) -> Floats:
        result: Floats = expit(self.log_odds(margins))
        return result


class JointCalibration(NamedTuple):
    """A calibration, and the log-odds that a match of each rule adds."""

    margin: Calibration
    evidence: Sequence[float]

    def log_odds(self, margins: Floats, matching_rows: Sequence[Rows]) -> Floats:
        """The joint log-odds. `matching_rows`: the rows that each rule matches."""
        return add_evidence(self.margin.log_odds(margins), self.evidence, matching_rows)


def fit_calibration(
    margins: Floats, labels: Labels, weights: NDArray[np.float32] | None = None
) -> Calibration:
    """Fit a logistic regression of labels on out-of-fold margins (Platt 1999)."""
    return fit_joint_calibration(margins, labels, weights, ()).margin


def fit_joint_calibration(
    margins: Floats,
    labels: Labels,
    weights: NDArray[np.float32] | None,
    matching_rows: Sequence[Rows],
    max_evidence: Sequence[float] | None = None,
) -> JointCalibration:
    """Fit a logistic regression of labels on out-of-fold margins and on matches of rules.

    The evidence of a rule is at least 0, at most its `max_evidence`, and regularised. Platt's targets are
    slightly above 0 and below 1, so that the fit exists even if margins separate the labels.
    """
    row_weights = np.ones(len(labels)) if weights is None else weights.astype(np.float64)
    frauds, genuine = (float(row_weights[rows].sum()) for rows in (labels, ~labels))
    targets = np.where(labels, (frauds + 1) / (frauds + 2), 1 / (genuine + 2))
    total = frauds + genuine
    limits = [MAX_LEARNED_EVIDENCE] * len(matching_rows) if max_evidence is None else max_evidence

    def measure_loss(parameters: Floats) -> tuple[float, Floats]:
        slope, offset, *evidence = parameters
        log_odds = add_evidence(slope * margins + offset, evidence, matching_rows)
        loss = float((row_weights * (np.logaddexp(0, log_odds) - targets * log_odds)).sum())
        loss += sum(value * value for value in evidence) / (2 * _EVIDENCE_DEVIATION**2)
        # Sums instead of dot products: their result does not depend on the number of cores.
        residuals = row_weights * (expit(log_odds) - targets)
        gradients = [(residuals * margins).sum(), residuals.sum()]
        gradients += [
            residuals[rows].sum() + value / _EVIDENCE_DEVIATION**2
            for rows, value in zip(matching_rows, evidence, strict=True)
        ]
        return loss / total, np.array(gradients) / total

    result: Any = minimize(
        measure_loss,
        np.array([1.0, 0.0, *(0.0 for _ in matching_rows)]),
        jac=True,
        method="L-BFGS-B",
        bounds=[(_MIN_SLOPE, None), (None, None), *((0.0, limit) for limit in limits)],
        options={"ftol": _TOLERANCE, "gtol": _TOLERANCE, "maxiter": _MAX_ITERATIONS},
    )
    slope, offset, *evidence = result.x.tolist()
    return JointCalibration(Calibration(slope, offset), evidence)


def add_evidence(log_odds: Floats, evidence: Sequence[float], matching_rows: Sequence[Rows]) -> Floats:
    """The log-odds, with the evidence of each rule added to the rows that it matches."""
    joint = log_odds.copy()
    for rows, value in zip(matching_rows, evidence, strict=True):
        joint[rows] += value
    return joint
