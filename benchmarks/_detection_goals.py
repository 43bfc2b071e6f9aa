"""The goals of benchmarks/detection.py. They apply to all seeds of a simulation together.

One seed has too few frauds for a verdict: about 60 of a kind, on about 15 accounts.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from benchmarks._protocol import DetectionMetrics

AVERAGE_PRECISION_ABOVE, OTHERS_BELOW = 0.05, 0.005
MIN_RECALL, MAX_CALIBRATION_ERROR = 0.8, 0.01
# Nothing in the data tells these frauds from genuine transactions.
UNDETECTABLE = "friendly_fraud"


class AlertFigures(NamedTuple):
    """Figures of the alerts on the highest scores of each day.

    `frauds` and `detected` are numbers by kind. `value_above`: the share of the value detected, minus that of
    the best baseline.
    """

    frauds: Mapping[str, int]
    detected: Mapping[str, int]
    value_above: float
    calibration_error: float


class SeedFigures(NamedTuple):
    """Figures of one seed, each minus that of the best baseline.

    `above_plain`: average precision minus that of the best plain XGBoost on our features. `alerts` is None
    for a simulation without kinds of fraud.
    """

    above: DetectionMetrics
    above_plain: float
    alerts: AlertFigures | None


class Goal(NamedTuple):
    """The name of a goal, our figure, the limit, and whether the figure reaches the limit."""

    name: str
    figure: float
    limit: float
    is_reached: bool


def measure_goals(seeds: Sequence[SeedFigures]) -> list[Goal]:
    """The goals of a simulation, by the means of its seeds and the frauds of all seeds."""
    above = DetectionMetrics(*np.mean([seed.above for seed in seeds], axis=0).tolist())
    above_plain = float(np.mean([seed.above_plain for seed in seeds]))
    goals = [
        _at_least("AUC above the best baseline", above.auc, -OTHERS_BELOW),
        _at_least("AP above the best baseline", above.average_precision, AVERAGE_PRECISION_ABOVE),
        _at_least("CP@100 above the best baseline", above.card_precision, -OTHERS_BELOW),
        _at_least("AP above plain XGBoost on our features", above_plain, -OTHERS_BELOW),
    ]
    alerts = [seed.alerts for seed in seeds if seed.alerts is not None]
    return goals + _measure_alert_goals(alerts) if alerts else goals


def _measure_alert_goals(alerts: Sequence[AlertFigures]) -> list[Goal]:
    frauds: Counter[str] = Counter()
    detected: Counter[str] = Counter()
    for seed in alerts:
        frauds.update(seed.frauds)
        detected.update(seed.detected)
    value_above = float(np.mean([seed.value_above for seed in alerts]))
    error = max(seed.calibration_error for seed in alerts)
    return [
        *(
            _at_least(f"recall of {kind}", detected[kind] / frauds[kind], MIN_RECALL)
            for kind in sorted(frauds)
            if kind != UNDETECTABLE
        ),
        _at_least("value detected above the best baseline", value_above, 0.0),
        Goal(
            "largest expected calibration error", error, MAX_CALIBRATION_ERROR, error <= MAX_CALIBRATION_ERROR
        ),
    ]


def _at_least(name: str, figure: float, limit: float) -> Goal:
    return Goal(name, figure, limit, figure >= limit)
