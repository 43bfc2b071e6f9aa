"""The result of a backtest with its inputs, and its JSON for scripts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from detection.data.dates import format_iso_time
from detection.evaluation.backtest import BacktestPeriod
from detection.evaluation.figures import Figures
from functions.common.domain.time_buckets import DAY_MS


@dataclass(frozen=True, kw_only=True)
class BacktestResult:
    """Figures and inputs. `data`: the file name. `model` and `rules`: versions, empty without a model.

    `threshold`: the joint probability from which transactions are flagged, None without a model.
    `rules_threshold`: the score from which the rules flag without a model. `asked`: what the threshold was
    chosen for in training, such as alerts_per_day. `warnings`: findings that a reader must know, one line
    each.
    """

    data: str
    model: str
    rules: str
    period: BacktestPeriod
    threshold: float | None
    rules_threshold: float
    figures: Figures
    seconds: float
    asked: Mapping[str, float]
    warnings: Sequence[str]

    @property
    def excluded_transactions(self) -> int:
        """The number of transactions of accounts known to be compromised."""
        return self.figures.everything.transactions - self.figures.tested.transactions


def result_to_json(result: BacktestResult) -> dict[str, Any]:
    """All figures except the curves."""
    figures = result.figures
    return {
        "data": result.data,
        "test_from": format_iso_time(result.period.from_ms),
        "test_to": format_iso_time(result.period.to_ms),
        "label_delay_days": result.period.label_delay_ms / DAY_MS,
        "model": result.model or None,
        "rules_version": result.rules,
        "threshold": result.rules_threshold if result.threshold is None else result.threshold,
        "rules_threshold": result.rules_threshold,
        "asked": dict(result.asked),
        "warnings": list(result.warnings),
        **msgspec.to_builtins(figures.tested),
        "rules_alone": msgspec.to_builtins(figures.rules_alone),
        "model_alone": msgspec.to_builtins(figures.model_alone),
        "expected_calibration_error": figures.calibration_error,
        "card_precision_100": figures.card_precision_100,
        "days": len(figures.days),
        "recall_by_scenario": {scenario.name: scenario.recall for scenario in figures.scenarios},
        "frauds_by_scenario": {scenario.name: scenario.frauds for scenario in figures.scenarios},
        "calibration": msgspec.to_builtins(figures.calibration),
        "rules": msgspec.to_builtins(figures.rules),
        "known_accounts_from": format_iso_time(result.period.known_from_ms),
        "with_known_accounts": msgspec.to_builtins(figures.everything),
        "seconds": round(result.seconds, 3),
    }
