"""What users type for the tasks of detection; an empty text is an option that was not given."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Simulated:
    """For `simulate`."""

    out: str
    customers: int
    terminals: int
    days: int
    seed: int
    start: str


@dataclass(frozen=True, kw_only=True)
class Trained:
    """For `train`."""

    data: str
    out: str
    unit: str = ""
    label_delay: str = "7d"
    train_from: str = ""
    train_to: str = ""
    seed: int = 0
    alerts_per_day: str = ""
    precision: str = ""
    as_json: bool = False


@dataclass(frozen=True, kw_only=True)
class Backtested:
    """For `backtest`."""

    data: str
    model: str = ""
    rules: str = ""
    unit: str = ""
    test_from: str = ""
    test_to: str = ""
    label_delay: str = ""
    scores: str = ""
    html: str = ""
    as_json: bool = False
