"""The figures of a backtest, for JSON, tables and the report. Undefined figures are None."""

from msgspec import Struct

from detection.evaluation.curves import CurvePoint
from functions.fraud.scoring.rules import HardDecision


class GroupFigures(Struct, frozen=True, kw_only=True):
    """Figures of a group of transactions, or of one way to score them.

    `recall_at_1_percent`: the recall at the threshold that flags 1 % of the genuine transactions. Values are
    in euros: of all frauds, and of the detected ones.
    """

    transactions: int
    frauds: int
    auc_roc: float | None
    average_precision: float | None
    precision: float | None
    recall: float | None
    recall_at_1_percent: float | None
    fraud_value_eur: float
    detected_value_eur: float
    detected_value_share: float | None
    alerts: int
    alerts_per_day: float | None


class ScenarioFigures(Struct, frozen=True, kw_only=True):
    """The frauds of one value of the column `scenario`, and the flagged share of them."""

    name: str
    frauds: int
    recall: float


class CalibrationBin(Struct, frozen=True, kw_only=True):
    """Transactions with a score from `from_score` to below `to_score`. `observed`: the share of fraud."""

    from_score: float
    to_score: float
    transactions: int
    mean_score: float | None
    observed: float | None


class RuleFigures(Struct, frozen=True, kw_only=True):
    """The number of transactions that a rule matches, and the number of frauds among them.

    `decision`: that of a rule that decides alone. `share`: the share of all transactions. `expected_share`:
    the largest share that the rule is meant for. `labelled`: the matches that have a label. `precision`: the
    share of frauds among those. `recall`: the share of all frauds that the rule matches.
    """

    id: str
    mode: str
    decision: HardDecision | None
    flagged: int
    share: float | None
    expected_share: float | None
    labelled: int
    frauds: int
    precision: float | None
    recall: float | None


class DayFigures(Struct, kw_only=True):
    """Counts of one day in UTC. `day`: the number of days since 1970."""

    day: int
    transactions: int = 0
    frauds: int = 0
    alerts: int = 0
    caught: int = 0


class Figures(Struct, frozen=True, kw_only=True):
    """All figures of a backtest.

    `everything` covers all transactions. All others exclude accounts known to be compromised. `rules_alone`
    and `model_alone`: the same transactions, decided by one of them; None without it. `distribution`: genuine
    transactions and frauds in bins of the score of equal width. `calibration_error`: the expected calibration
    error, the mean difference between the score and the share of fraud in bins of the score.
    """

    tested: GroupFigures
    everything: GroupFigures
    rules_alone: GroupFigures | None
    model_alone: GroupFigures | None
    calibration_error: float | None
    card_precision_100: float | None
    scenarios: list[ScenarioFigures]
    calibration: list[CalibrationBin]
    rules: list[RuleFigures]
    days: list[DayFigures]
    precision_recall: list[CurvePoint]
    distribution: list[tuple[int, int]]
