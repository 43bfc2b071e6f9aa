"""What comes of a backtest: plain figures, the same for JSON, the table and the report. Shares are 0 to 1."""

from msgspec import Struct

from detection.evaluation.curves import Point


class Overall(Struct, frozen=True, kw_only=True):
    """Figures of a group of transactions. What has no value, such as recall without fraud, is None."""

    transactions: int
    frauds: int
    auc_roc: float | None
    average_precision: float | None
    precision: float | None
    recall: float | None
    alerts: int
    alerts_per_day: float | None


class Scenario(Struct, frozen=True, kw_only=True):
    """The frauds of one value of the column `scenario`, and the share of them that is flagged."""

    name: str
    frauds: int
    recall: float


class Bin(Struct, frozen=True, kw_only=True):
    """Transactions scored from `from_score` to before `to_score`, and the share of them that was fraud."""

    from_score: float
    to_score: float
    transactions: int
    mean_score: float | None
    observed: float | None


class RuleFigures(Struct, frozen=True, kw_only=True):
    """What one rule does: for how many transactions it holds, and how many of those are fraud."""

    id: str
    mode: str
    flagged: int
    frauds: int
    precision: float | None
    recall: float | None


class Day(Struct, kw_only=True):
    """A day (UTC) of the test, as its number since 1970."""

    day: int
    transactions: int = 0
    frauds: int = 0
    alerts: int = 0
    caught: int = 0


class Figures(Struct, frozen=True, kw_only=True):
    """All figures of a test.

    `tested` leaves out accounts that were known to be compromised, `everything` does not; all other figures
    are of what was tested. `distribution`: genuine transactions and frauds in equal bins of the score.
    """

    tested: Overall
    everything: Overall
    card_precision_100: float | None
    scenarios: list[Scenario]
    calibration: list[Bin]
    rules: list[RuleFigures]
    days: list[Day]
    precision_recall: list[Point]
    distribution: list[tuple[int, int]]
