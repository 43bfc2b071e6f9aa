"""The alert threshold of the joint decision, and figures with confidence intervals."""

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from detection.errors import DetectionError

Floats = NDArray[np.float64]
Labels = NDArray[np.bool_]

_DRAWS = 200
_INTERVAL = (2.5, 97.5)
_DIGITS = 6
# A busy day has this many standard deviations of chance more alerts than a usual one.
_BUSY_DEVIATIONS = 2.0


class JointDecisions(NamedTuple):
    """Out-of-fold probabilities of model and rules, and the decisions of rules that decide alone.

    `weights`: the number of transactions that each row represents. `day_indexes`: the day of each row, from
    0; without them, alerts count as spread evenly over the days.
    """

    probabilities: Floats
    labels: Labels
    weights: NDArray[np.float32]
    flagged: Labels
    cleared: Labels
    days: int
    day_indexes: NDArray[np.int64] | None = None

    @property
    def scores(self) -> Floats:
        """The score of each transaction: 1 if a rule flags it, 0 if a rule clears it."""
        result: Floats = np.where(self.flagged, 1.0, np.where(self.cleared, 0.0, self.probabilities))
        return result

    def alerts_per_day(self, threshold: float) -> float:
        """The expected number of alerts a day, those of rules that flag included.

        Frauds count as they were. A day with more alerts on genuine transactions than chance allows, such as
        a day of sales, counts as a busy usual day: otherwise a few days lower the number of all others.
        """
        alerts = self.scores >= threshold
        if self.day_indexes is None:
            return float(self.weights[alerts].sum()) / self.days
        frauds = float(self.weights[alerts & self.labels].sum()) / self.days
        genuine = alerts & ~self.labels
        by_day = np.bincount(self.day_indexes[genuine], self.weights[genuine], minlength=self.days)
        usual = float(np.median(by_day))
        return frauds + float(np.minimum(by_day, usual + _BUSY_DEVIATIONS * usual**0.5 + 1).mean())


def threshold_for_alerts(decisions: JointDecisions, alerts_per_day: float) -> float:
    """The lowest threshold with at most `alerts_per_day` expected alerts a day.

    Raises DetectionError if that is less than one alert, or if rules that flag already exceed it.
    """
    max_alerts = alerts_per_day * decisions.days
    if max_alerts < 1:
        raise DetectionError(
            f"--alerts-per-day: {alerts_per_day:g} is less than one alert in the whole training period"
            f" (days: {decisions.days}).",
            "Use a higher number, or train on more days.",
        )
    by_rules = float(decisions.weights[decisions.flagged].sum())
    if by_rules > max_alerts:
        raise DetectionError(
            f"--alerts-per-day: rules with 'decision: flag' alone cause {by_rules / decisions.days:,.1f}"
            f" alerts a day, more than {alerts_per_day:g}.",
            "Use a higher number, or give these rules a weight instead of a decision.",
        )
    scores, _, _ = _count_alerts(decisions)
    # From the highest score down, the number of alerts only rises.
    within = bisect_right(scores, alerts_per_day, key=lambda score: decisions.alerts_per_day(float(score)))
    # Without room for another alert, only transactions that rules flag reach the threshold.
    return _clip_threshold(float(scores[within - 1]) if within else _next_above(scores))


def threshold_for_precision(decisions: JointDecisions, precision: float) -> float:
    """The lowest threshold at which the alerts have at least this precision.

    Raises DetectionError if no threshold has it.
    """
    scores, alerts, caught = _count_alerts(decisions)
    reached = np.flatnonzero(caught >= precision * alerts)
    if not len(reached):
        raise DetectionError(
            f"--precision: no threshold reaches {precision:g} on the training data.",
            "Use a lower precision, or train on more days.",
        )
    return _clip_threshold(float(scores[reached[-1]]))


def _count_alerts(decisions: JointDecisions) -> tuple[Floats, Floats, Floats]:
    """Distinct scores from the highest down, with the alerts and frauds from each score on."""
    order = np.argsort(-decisions.scores, kind="stable")
    scores, weights = decisions.scores[order], decisions.weights[order].astype(np.float64)
    alerts, caught = np.cumsum(weights), np.cumsum(weights * decisions.labels[order])
    # Equal scores are flagged together.
    ends = np.append(scores[1:] != scores[:-1], True) & (scores > 0)
    return scores[ends], alerts[ends], caught[ends]


def _next_above(scores: Floats) -> float:
    return float(np.nextafter(scores[0], 2.0))


def _clip_threshold(threshold: float) -> float:
    """A threshold of an artifact is above 0 and at most 1."""
    return float(np.clip(threshold, np.finfo(np.float64).tiny, 1.0))


def bootstrap_figures(decisions: JointDecisions, threshold: float, seed: int) -> dict[str, dict[str, float]]:
    """Each figure with the bounds of its 95 % bootstrap interval: `value`, `from`, `to`.

    The bootstrap draws frauds and genuine transactions separately. The figures depend on genuine
    transactions only by their number between the scores of frauds, and so these numbers are drawn.
    """
    scores, labels = decisions.scores, decisions.labels
    cuts = np.unique(np.append(scores[labels], threshold))
    frauds = np.bincount(np.searchsorted(cuts, scores[labels]), minlength=len(cuts))
    genuine_scores = scores[~labels]
    # Cell 2 i + 1 holds scores equal to cut i, and cell 2 i those between it and the cut below.
    positions = 2 * np.searchsorted(cuts, genuine_scores)
    positions[np.isin(genuine_scores, cuts)] += 1
    genuine = np.bincount(positions, minlength=2 * len(cuts) + 1)
    weight = float(decisions.weights[~labels].mean(dtype=np.float64))
    first_flagged = int(np.searchsorted(cuts, threshold))
    figures = _measure_figures(frauds, genuine * weight, first_flagged)
    random = np.random.default_rng(seed)
    samples = [
        _measure_figures(
            random.multinomial(frauds.sum(), frauds / frauds.sum()),
            random.multinomial(genuine.sum(), genuine / genuine.sum()) * weight,
            first_flagged,
        )
        for _ in range(_DRAWS)
    ]
    return {
        name: {"value": _round_figure(value), **_interval_bounds([sample[name] for sample in samples])}
        for name, value in figures.items()
    }


def _measure_figures(
    frauds: NDArray[np.int64], genuine: NDArray[np.floating[Any]], first_flagged: int
) -> dict[str, float]:
    """The figures of the numbers of frauds by cut and of genuine transactions by cell, both ascending."""
    equal, below = genuine[1::2], np.cumsum(genuine)[:-1:2]
    above_or_equal = np.cumsum(genuine[::-1])[::-1][1::2]
    caught = np.cumsum(frauds[::-1])[::-1]
    total = float(frauds.sum())
    precision = caught / np.maximum(caught + above_or_equal, 1e-9)
    alerts = float(caught[first_flagged] + above_or_equal[first_flagged])
    return {
        "auc_roc": float((frauds * (below + equal / 2)).sum() / (total * genuine.sum())),
        "average_precision": float((frauds * precision).sum() / total),
        "precision": float(caught[first_flagged]) / alerts if alerts else 0.0,
        "recall": float(caught[first_flagged]) / total,
    }


def _interval_bounds(values: Sequence[float]) -> dict[str, float]:
    low, high = np.percentile(values, _INTERVAL)
    return {"from": _round_figure(low), "to": _round_figure(high)}


def _round_figure(value: float) -> float:
    return round(float(value), _DIGITS)
