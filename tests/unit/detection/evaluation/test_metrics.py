"""Figures are those of the field: areas as scikit-learn's, card precision as the handbook's."""

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score

from detection.data.columns import Labelled
from detection.data.dates import DAY_MS
from detection.evaluation.card_precision import CardPrecision, KnownAccounts
from detection.evaluation.curves import ScoreCounts
from detection.evaluation.metrics import Metrics
from functions.common.domain.suspicious_message import Reason
from functions.fraud.scoring.rules import Rule
from functions.fraud.scoring.scorer import Verdict
from tests.unit.detection.transactions import transaction

RANDOM = np.random.default_rng(5)
FRAUDS = RANDOM.random(40_000) < 0.02
SKEWED = 1 / (1 + np.exp(5 - RANDOM.normal(FRAUDS * 3.0, 1.5)))


def counts(scores: NDArray[np.float64], frauds: NDArray[np.bool_]) -> ScoreCounts:
    made = ScoreCounts()
    for part in np.array_split(np.arange(len(scores)), 7):
        made.add(scores[part], frauds[part])
    return made


@pytest.mark.parametrize(
    "scores",
    [SKEWED, np.round(SKEWED, 2), np.where(SKEWED > 0.3, 1.0, 0.0), SKEWED**2, np.zeros(len(SKEWED))],
    ids=["all different", "tied", "certain", "small", "all the same"],
)
def test_areas_are_those_of_scikit_learn(scores: NDArray[np.float64]) -> None:
    made = counts(scores, FRAUDS)
    assert made.auc_roc() == pytest.approx(roc_auc_score(FRAUDS, scores), abs=1e-4)
    assert made.average_precision() == pytest.approx(average_precision_score(FRAUDS, scores), abs=1e-4)


def test_the_curve_lies_on_scikit_learns() -> None:
    precision, recall, _ = precision_recall_curve(FRAUDS, SKEWED)
    points = counts(SKEWED, FRAUDS).precision_recall(most=50)
    assert len(points) <= 50
    assert points[-1].recall == 1
    for point in points:
        assert np.min(np.abs(recall - point.recall) + np.abs(precision - point.precision)) < 1e-3


def test_areas_without_fraud_have_no_value() -> None:
    made = counts(SKEWED, np.zeros(len(SKEWED), bool))
    assert (made.auc_roc(), made.average_precision(), made.precision_recall()) == (None, None, [])
    assert ScoreCounts().average_precision() is None


def test_scores_are_counted_between_edges() -> None:
    made = counts(np.array([0.0, 0.24, 0.26, 0.9, 1.0]), np.array([False, True, False, False, True]))
    genuine, frauds = made.by_score(np.array([0, 0.25, 0.5, 1.0]))
    assert (genuine.tolist(), frauds.tolist()) == ([1, 1, 1], [1, 0, 1])


def test_card_precision_is_the_share_of_misused_accounts_among_those_looked_at() -> None:
    cards = CardPrecision(looked_at=2)
    for account_id, score, is_fraud in (
        ("a", 0.9, False),
        ("b", 0.1, True),
        ("b", 0.8, False),
        ("c", 0.7, True),
    ):
        cards.add(3, account_id, score, is_fraud=is_fraud)
    assert cards.mean() == 0.5


def test_card_precision_does_not_look_twice_at_an_account_it_found() -> None:
    cards = CardPrecision(looked_at=1)
    cards.add(3, "a", 0.9, is_fraud=True)
    cards.add(4, "a", 0.9, is_fraud=True)
    cards.add(4, "b", 0.1, is_fraud=True)
    cards.add(5, "c", 0.5, is_fraud=False)
    assert cards.mean() == pytest.approx(2 / 3)


def test_card_precision_without_a_day_has_no_value() -> None:
    assert CardPrecision().mean() is None


def test_an_account_is_known_from_the_day_after_its_label_came() -> None:
    known = KnownAccounts(delay_ms=7 * DAY_MS, since_ms=2 * DAY_MS)
    known.fraud("before", 2 * DAY_MS - 1)
    known.fraud("a", 3 * DAY_MS + 5)
    known.fraud("b", 4 * DAY_MS - 1)
    assert known.on(10) == set()
    assert known.on(11) == {"a", "b"}


def verdict(score: float, *rules: str, flagged: bool = False, probability: float | None = None) -> Verdict:
    return Verdict(
        score=score,
        suspicious=flagged,
        decided_by="rules",
        reasons=tuple(Reason(rule_id=rule, weight=0.5, text="") for rule in rules),
        rules_score=score,
        probability=probability,
        shadow_rules=("tried",) if flagged else (),
    )


def decided(
    account_id: str, score: Verdict, *, day: int = 20, is_fraud: bool = False
) -> tuple[Labelled, Verdict]:
    made = transaction(account_id=account_id, timestamp=day * DAY_MS)
    return Labelled(made, is_fraud, "stolen" if is_fraud else ""), score


def of(*decisions: tuple[Labelled, Verdict]) -> Metrics:
    known = KnownAccounts(delay_ms=DAY_MS)
    known.fraud("known", 0)
    rules = [
        Rule(id="large", reason="", when=True, weight=0.5),
        Rule(id="tried", reason="", when=True, weight=0.5, mode="shadow"),
    ]
    metrics = Metrics(rules, known)
    for labelled, score in decisions:
        metrics.add(labelled, score)
    return metrics


def test_what_is_flagged_is_counted_by_day() -> None:
    figures = of(
        decided("a", verdict(0.9, flagged=True), is_fraud=True),
        decided("b", verdict(0.8, flagged=True)),
        decided("c", verdict(0.1), day=21, is_fraud=True),
    ).figures()
    tested = figures.tested
    assert (tested.precision, tested.recall, tested.alerts, tested.alerts_per_day) == (0.5, 0.5, 2, 1.0)
    assert [(day.transactions, day.frauds, day.alerts, day.caught) for day in figures.days] == [
        (2, 1, 2, 1),
        (1, 1, 0, 0),
    ]
    assert figures.card_precision_100 == 0.01
    assert [(one.name, one.frauds, one.recall) for one in figures.scenarios] == [("stolen", 2, 0.5)]


def test_accounts_known_to_be_compromised_are_left_out() -> None:
    figures = of(
        decided("known", verdict(0.9, flagged=True), is_fraud=True), decided("a", verdict(0.1))
    ).figures()
    assert (figures.tested.transactions, figures.everything.transactions) == (1, 2)
    assert (figures.tested.alerts, figures.everything.alerts) == (0, 1)


def test_each_rule_has_its_own_figures_in_shadow_too() -> None:
    figures = of(
        decided("a", verdict(0.5, "large", flagged=True), is_fraud=True), decided("b", verdict(0.5, "large"))
    ).figures()
    large, tried = figures.rules
    assert (large.flagged, large.precision, large.recall) == (2, 0.5, 1.0)
    assert (tried.mode, tried.flagged, tried.precision) == ("shadow", 1, 1.0)


def test_calibration_is_of_the_models_probability() -> None:
    figures = of(
        decided("a", verdict(1.0, probability=0.31)),
        decided("b", verdict(1.0, probability=0.33), is_fraud=True),
    ).figures()
    filled = [one for one in figures.calibration if one.transactions]
    assert [(one.from_score, one.mean_score, one.observed) for one in filled] == [(0.3, 0.32, 0.5)]
