"""A backtest's outcome with what it was made of, and its JSON for scripts."""

from dataclasses import dataclass
from typing import Any

import msgspec

from detection.data.dates import DAY_MS, iso_time
from detection.evaluation.backtest import Period
from detection.evaluation.figures import Figures


@dataclass(frozen=True, kw_only=True)
class Result:
    """`data`: the file's name. `model` and `rules`: versions, the model's empty without one.

    `threshold`: from which probability the model flags, None without one; `rules_threshold`: from which score
    the rules do.
    """

    data: str
    model: str
    rules: str
    period: Period
    threshold: float | None
    rules_threshold: float
    figures: Figures
    seconds: float

    @property
    def left_out(self) -> int:
        """Transactions of accounts that were known to be compromised."""
        return self.figures.everything.transactions - self.figures.tested.transactions


def to_json(result: Result) -> dict[str, Any]:
    """All figures but the curves. Shares are 0 to 1; what has no value is None."""
    figures = result.figures
    return {
        "data": result.data,
        "test_from": iso_time(result.period.from_ms),
        "test_to": iso_time(result.period.to_ms),
        "label_delay_days": result.period.label_delay_ms / DAY_MS,
        "model": result.model or None,
        "rules_version": result.rules,
        "threshold": result.rules_threshold if result.threshold is None else result.threshold,
        "rules_threshold": result.rules_threshold,
        **msgspec.to_builtins(figures.tested),
        "card_precision_100": figures.card_precision_100,
        "days": len(figures.days),
        "recall_by_scenario": {one.name: one.recall for one in figures.scenarios},
        "frauds_by_scenario": {one.name: one.frauds for one in figures.scenarios},
        "calibration": msgspec.to_builtins(figures.calibration),
        "rules": msgspec.to_builtins(figures.rules),
        "known_accounts_from": iso_time(result.period.known_from_ms),
        "with_known_accounts": msgspec.to_builtins(figures.everything),
        "seconds": round(result.seconds, 3),
    }
