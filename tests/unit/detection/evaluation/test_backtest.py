import math
import random
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from detection.data.columns import LabelledTransaction
from detection.data.dataset import DatasetSummary
from detection.errors import DetectionError
from detection.evaluation import batch_scorer
from detection.evaluation.backtest import Backtest, BacktestPeriod
from detection.evaluation.batch_model import Floats, RowModel
from detection.evaluation.figures import Figures
from functions.common.domain.features import FEATURE_NAMES
from functions.common.domain.time_buckets import DAY_MS
from functions.fraud.scoring.model import FraudModel
from functions.fraud.scoring.reasons import to_probability
from functions.fraud.scoring.rules import Rule, RuleSet
from functions.fraud.scoring.scorer import Scorer, ScoringResult
from tests.unit.detection.defined_features import compute_history_features
from tests.unit.detection.transactions import make_history

IDLE = FEATURE_NAMES.index("account_idle")
FIRST_MS = 1_522_540_800_000
DELAY_DAYS = 7
RULES = RuleSet(
    threshold=0.5,
    rules=(
        Rule(id="first", when=["<", "account_count_30d", 1], reason="the account is new", weight=0.6),
        Rule(id="busy", when=[">", "account_count_7d", 3], reason="{account_count_7d} in 7 days", weight=0.3),
    ),
)


class HourModel(FraudModel):
    """A model whose log-odds depend on the hour and the idle time, so that few scores are equal."""

    def __init__(self) -> None:
        self.version = "hour"
        self.base = -3.0
        self.threshold = 0.4
        self.label_delay_days = DELAY_DAYS

    def log_odds(self, values: Sequence[float]) -> float:
        idle = 0.0 if math.isnan(values[IDLE]) else values[IDLE]
        return values[1] / 3 - 4 + idle * 1e-6

    def contributions(self, values: Sequence[float]) -> list[float]:
        return [0.0, values[1] / 3 - 1, *[0.0] * (len(values) - 2)]

    def find_evidence(self, rule_id: str, _: str) -> float | None:
        return 0.5 if rule_id == "busy" else None


class UndecidedModel(RowModel):
    """A model for batches, with other log-odds than the function's."""

    def log_odds(self, values: Floats) -> Floats:
        return np.zeros(len(values))


Decisions = list[tuple[LabelledTransaction, ScoringResult]]


def make_random_history(days: int = 24, per_day: int = 260) -> list[LabelledTransaction]:
    """More accounts than card precision examines on a day; one in four has a fraud."""
    generator = random.Random(3)  # noqa: S311  # test data, not a secret
    times = sorted(generator.randrange(days * DAY_MS) for _ in range(days * per_day))
    return make_history(
        (
            time,
            f"a{generator.randrange(900)}",
            f"m{generator.randrange(30)}",
            generator.random() < 0.04,
        )
        for time in times
    )


HISTORY = make_random_history()
SUMMARY = DatasetSummary(len(HISTORY), 0, FIRST_MS, HISTORY[-1].transaction.timestamp)


def make_period(test_from: str = "", test_to: str = "") -> BacktestPeriod:
    return BacktestPeriod.from_options(
        SUMMARY, label_delay_ms=DELAY_DAYS * DAY_MS, test_from=test_from, test_to=test_to
    )


@pytest.fixture(autouse=True)
def _use_batches_of_the_hour_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_scorer, "build_batch_model", RowModel)


def run_backtest(period: BacktestPeriod, model: HourModel | None = None) -> tuple[Figures, Decisions]:
    decisions: Decisions = []
    backtest = Backtest(RULES, model, period)
    figures = backtest.run(HISTORY, lambda labelled, result: decisions.append((labelled, result)))
    return figures, decisions


def day_of(labelled: LabelledTransaction) -> int:
    return (labelled.transaction.timestamp - FIRST_MS) // DAY_MS


@pytest.mark.parametrize("model", [None, HourModel()])
def test_decisions_are_those_of_the_function(model: HourModel | None) -> None:
    scorer = Scorer(RULES, model)
    rows = compute_history_features(HISTORY, label_delay_ms=DELAY_DAYS * DAY_MS, label_delay_days=DELAY_DAYS)
    expected = [
        (row.transaction.transaction_id, scorer.score(row.transaction, values, None, 0))
        for row, values in rows
        if values is not None
    ]
    _, decisions = run_backtest(make_period(), model)
    assert [(row.transaction.transaction_id, result) for row, result in decisions] == expected


def test_transactions_before_the_period_are_history_only() -> None:
    figures, decisions = run_backtest(make_period("17", "18"))
    days = [day_of(row) for row, _ in decisions]
    assert (min(days), max(days), len(days)) == (17, 18, figures.everything.transactions)
    all_results = {row.transaction.transaction_id: result for row, result in run_backtest(make_period())[1]}
    assert all(all_results[row.transaction.transaction_id] == result for row, result in decisions)


def test_transactions_without_a_label_are_history_only() -> None:
    unlabelled = LabelledTransaction(HISTORY[0].transaction, None, "")
    backtest = Backtest(RULES, None, make_period())
    assert backtest.run([unlabelled, *HISTORY[1:]]).everything.transactions == len(HISTORY) - 1


def test_figures_follow_the_protocol_of_the_handbook() -> None:
    figures, decisions = run_backtest(make_period("15", "21"), HourModel())
    known: set[str] = set()
    found: set[str] = set()
    tested: Decisions = []
    shares = []
    for day in range(15, 22):
        reported_days = range(1, day - DELAY_DAYS)
        known |= {
            row.transaction.account_id for row in HISTORY if row.is_fraud and day_of(row) in reported_days
        }
        today = [
            (row, result)
            for row, result in decisions
            if day_of(row) == day and row.transaction.account_id not in known
        ]
        tested += today
        highest: dict[str, float] = defaultdict(float)
        for row, result in today:
            account_id = row.transaction.account_id
            if account_id not in found:
                highest[account_id] = max(highest[account_id], result.score)
        top = sorted(highest, key=lambda account_id: (-highest[account_id], account_id))[:100]
        compromised = {row.transaction.account_id for row, _ in today if row.is_fraud}
        shares.append(len(compromised & set(top)) / 100)
        found |= compromised & set(top)
    frauds, scores = [bool(row.is_fraud) for row, _ in tested], [result.score for _, result in tested]
    assert figures.tested.transactions == len(tested)
    assert figures.tested.auc_roc == pytest.approx(roc_auc_score(frauds, scores), abs=1e-4)
    assert figures.tested.average_precision == pytest.approx(
        average_precision_score(frauds, scores), abs=1e-4
    )
    assert figures.card_precision_100 == pytest.approx(np.mean(shares))


def test_probability_comes_from_the_batch_log_odds_and_the_evidence_of_rules(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(batch_scorer, "build_batch_model", UndecidedModel)
    for _, result in run_backtest(make_period("20", "20"), HourModel())[1]:
        is_busy = "busy" in {reason.rule_id for reason in result.reasons}
        assert result.probability == to_probability(0.5 * is_busy)


@pytest.mark.parametrize(
    ("test_from", "test_to", "mention"),
    [
        ("2019-01-01", "", "2019-01-01 00:00:00"),
        ("", "2017-01-01", "2017-01-02 00:00:00"),
        ("9", "8", "--test-from: 9"),
        ("soon", "", "--test-from: 'soon'"),
    ],
)
def test_period_without_transactions_is_rejected(test_from: str, test_to: str, mention: str) -> None:
    with pytest.raises(DetectionError) as caught:
        make_period(test_from, test_to)
    assert mention in caught.value.message
