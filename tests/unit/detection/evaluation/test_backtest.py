"""A backtest decides as the function does, and measures as the handbook does."""

import random
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, roc_auc_score

from detection.data.columns import Labelled
from detection.data.dataset import Facts
from detection.data.dates import DAY_MS
from detection.errors import DetectionError
from detection.evaluation.backtest import Backtest, Period
from detection.evaluation.figures import Figures
from detection.replay import replay
from functions.fraud.scoring.reasons import probability_of
from functions.fraud.scoring.rules import Rule, RuleSet
from functions.fraud.scoring.scorer import Scorer, Verdict
from tests.unit.detection.transactions import past

FIRST_MS = 1_522_540_800_000
DELAY_DAYS = 7
RULES = RuleSet(
    threshold=0.5,
    rules=(
        Rule(id="first", when=["<", "account_count_30d", 1], reason="the account is new", weight=0.6),
        Rule(id="busy", when=[">", "account_count_7d", 3], reason="{account_count_7d} in 7 days", weight=0.3),
    ),
)


class ByHour:
    """A model that finds odds by the hour."""

    version = "by hour"
    base = -3.0
    threshold = 0.4
    label_delay_days = DELAY_DAYS

    def log_odds(self, values: Sequence[float]) -> float:
        return values[1] / 3 - 4

    def contributions(self, values: Sequence[float]) -> Sequence[float]:
        return [0.0, values[1] / 3 - 1, *[0.0] * (len(values) - 2)]

    def of_many(self, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        return matrix[:, 1] / 3 - 4


class Kept:
    """Keeps what was decided."""

    def __init__(self) -> None:
        self.decided: list[tuple[Labelled, Verdict]] = []

    def add(self, labelled: Labelled, verdict: Verdict) -> None:
        self.decided.append((labelled, verdict))


def some_past(days: int = 24, of_a_day: int = 260) -> list[Labelled]:
    """More accounts than are looked at on a day, one in four of them misused once."""
    rolled = random.Random(3)  # noqa: S311  # a past, not a secret
    times = sorted(rolled.randrange(days * DAY_MS) for _ in range(days * of_a_day))
    return past(
        (time, f"a{rolled.randrange(900)}", f"m{rolled.randrange(30)}", rolled.random() < 0.04)
        for time in times
    )


PAST = some_past()
FACTS = Facts(len(PAST), 0, FIRST_MS, PAST[-1].transaction.timestamp)


def period(test_from: str = "", test_to: str = "") -> Period:
    return Period.of(FACTS, label_delay_ms=DELAY_DAYS * DAY_MS, test_from=test_from, test_to=test_to)


def outcome_of(when: Period, model: ByHour | None = None) -> tuple[Figures, list[tuple[Labelled, Verdict]]]:
    kept = Kept()
    backtest = Backtest(Scorer(RULES, model), RULES.rules, when, model.of_many if model else None)
    return backtest.run(PAST, kept), kept.decided


def day_of(labelled: Labelled) -> int:
    return (labelled.transaction.timestamp - FIRST_MS) // DAY_MS


@pytest.mark.parametrize("model", [None, ByHour()])
def test_each_decision_is_the_functions(model: ByHour | None) -> None:
    scorer = Scorer(RULES, model)
    rows = replay(PAST, label_delay_ms=DELAY_DAYS * DAY_MS, label_delay_days=DELAY_DAYS)
    expected = [
        (row.transaction.transaction_id, scorer.score(row.transaction, values, None, 0))
        for row, values in rows
        if values is not None
    ]
    _, decided = outcome_of(period(), model)
    assert [(labelled.transaction.transaction_id, verdict) for labelled, verdict in decided] == expected


def test_only_the_period_is_tested_and_what_comes_before_is_its_history() -> None:
    figures, decided = outcome_of(period("17", "18"))
    days = [day_of(labelled) for labelled, _ in decided]
    assert (min(days), max(days), len(days)) == (17, 18, figures.everything.transactions)
    everything = {row.transaction.transaction_id: verdict for row, verdict in outcome_of(period())[1]}
    assert all(everything[row.transaction.transaction_id] == verdict for row, verdict in decided)


def test_figures_are_those_of_the_handbooks_protocol() -> None:
    figures, decided = outcome_of(period("15", "21"), ByHour())
    known: set[str] = set()
    found: set[str] = set()
    kept: list[tuple[Labelled, Verdict]] = []
    shares = []
    for day in range(15, 22):
        reported = range(1, day - DELAY_DAYS)
        known |= {row.transaction.account_id for row in PAST if row.is_fraud and day_of(row) in reported}
        today = [
            (row, verdict)
            for row, verdict in decided
            if day_of(row) == day and row.transaction.account_id not in known
        ]
        kept += today
        highest: dict[str, float] = defaultdict(float)
        for row, verdict in today:
            if row.transaction.account_id not in found:
                highest[row.transaction.account_id] = max(highest[row.transaction.account_id], verdict.score)
        looked_at = sorted(highest, key=lambda account_id: (-highest[account_id], account_id))[:100]
        misused = {row.transaction.account_id for row, _ in today if row.is_fraud}
        shares.append(len(misused & set(looked_at)) / 100)
        found |= misused & set(looked_at)
    frauds, scores = [bool(row.is_fraud) for row, _ in kept], [verdict.score for _, verdict in kept]
    assert figures.tested.transactions == len(kept)
    assert figures.tested.auc_roc == pytest.approx(roc_auc_score(frauds, scores), abs=1e-4)
    assert figures.tested.average_precision == pytest.approx(
        average_precision_score(frauds, scores), abs=1e-4
    )
    assert figures.card_precision_100 == pytest.approx(np.mean(shares))


def test_the_models_log_odds_are_asked_for_many_at_once() -> None:
    verdict = outcome_of(period("20", "20"), ByHour())[1][-1][1]
    assert verdict.probability == pytest.approx(probability_of(23 / 3 - 4))


@pytest.mark.parametrize(
    ("test_from", "test_to", "said"),
    [
        ("2019-01-01", "", "No transaction is from 2019-01-01 00:00:00"),
        ("", "2017-01-01", "No transaction is from"),
        ("9", "8", "--test-from 9 is not before --test-to 8"),
        ("soon", "", "--test-from soon is no date"),
    ],
)
def test_a_period_without_transactions_is_refused(test_from: str, test_to: str, said: str) -> None:
    with pytest.raises(DetectionError) as caught:
        period(test_from, test_to)
    assert caught.value.message.startswith(said)
