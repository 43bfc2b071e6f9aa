import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score

from detection.data.columns import LabelledTransaction
from detection.evaluation.card_precision import CardPrecision, CompromisedAccounts
from detection.evaluation.curves import ScoreHistogram
from detection.evaluation.figures import Figures
from detection.evaluation.metrics import Metrics
from functions.common.domain.suspicious_message import Reason
from functions.common.domain.time_buckets import DAY_MS
from functions.fraud.scoring.rules import Rule, RuleSet
from functions.fraud.scoring.scorer import ScoringResult
from tests.unit.detection.transactions import make_transaction
from tests.unit.functions.fraud.scoring.test_model import load_model as make_model

RANDOM = np.random.default_rng(5)
FRAUDS = RANDOM.random(40_000) < 0.02
SKEWED = 1 / (1 + np.exp(5 - RANDOM.normal(FRAUDS * 3.0, 1.5)))


def make_histogram(scores: NDArray[np.float64], frauds: NDArray[np.bool_]) -> ScoreHistogram:
    histogram = ScoreHistogram()
    for part in np.array_split(np.arange(len(scores)), 7):
        histogram.add(scores[part], frauds[part])
    return histogram


@pytest.mark.parametrize(
    "scores",
    [SKEWED, np.round(SKEWED, 2), np.where(SKEWED > 0.3, 1.0, 0.0), SKEWED**2, np.zeros(len(SKEWED))],
    ids=["distinct", "tied", "certain", "small", "equal"],
)
def test_areas_equal_those_of_scikit_learn(scores: NDArray[np.float64]) -> None:
    histogram = make_histogram(scores, FRAUDS)
    assert histogram.auc_roc() == pytest.approx(roc_auc_score(FRAUDS, scores), abs=1e-4)
    assert histogram.average_precision() == pytest.approx(average_precision_score(FRAUDS, scores), abs=1e-4)


def test_curve_equals_that_of_scikit_learn() -> None:
    precision, recall, _ = precision_recall_curve(FRAUDS, SKEWED)
    points = make_histogram(SKEWED, FRAUDS).precision_recall(max_points=50)
    assert len(points) <= 50
    assert points[-1].recall == 1
    for point in points:
        assert np.min(np.abs(recall - point.recall) + np.abs(precision - point.precision)) < 1e-3


def test_areas_without_fraud_are_undefined() -> None:
    histogram = make_histogram(SKEWED, np.zeros(len(SKEWED), bool))
    assert (histogram.auc_roc(), histogram.average_precision(), histogram.precision_recall()) == (
        None,
        None,
        [],
    )
    assert ScoreHistogram().average_precision() is None


def test_scores_are_counted_between_edges() -> None:
    histogram = make_histogram(
        np.array([0.0, 0.24, 0.26, 0.9, 1.0]), np.array([False, True, False, False, True])
    )
    genuine, frauds = histogram.count_between(np.array([0, 0.25, 0.5, 1.0]))
    assert (genuine.tolist(), frauds.tolist()) == ([1, 1, 1], [1, 0, 1])


def test_card_precision_is_the_share_of_compromised_accounts_among_the_top_accounts() -> None:
    cards = CardPrecision(accounts_per_day=2)
    for account_id, score, is_fraud in (
        ("a", 0.9, False),
        ("b", 0.1, True),
        ("b", 0.8, False),
        ("c", 0.7, True),
    ):
        cards.add(3, account_id, score, is_fraud=is_fraud)
    assert cards.mean() == 0.5


def test_card_precision_counts_a_found_account_once() -> None:
    cards = CardPrecision(accounts_per_day=1)
    cards.add(3, "a", 0.9, is_fraud=True)
    cards.add(4, "a", 0.9, is_fraud=True)
    cards.add(4, "b", 0.1, is_fraud=True)
    cards.add(5, "c", 0.5, is_fraud=False)
    assert cards.mean() == pytest.approx(2 / 3)


@pytest.mark.parametrize("names", ["abcdef", "fedcba", "cafebd"])
def test_card_precision_of_equal_scores_is_the_expected_value_whatever_the_names(names: str) -> None:
    cards = CardPrecision(accounts_per_day=3)
    for day in (3, 4):
        for number, name in enumerate(names):
            cards.add(day, name, 0.9 if number == 0 else 0.5, is_fraud=number in (1, 2))
    # Two places for five accounts, two of them compromised: 0.8 are found. On day 4, the account that is
    # not compromised keeps its place, and 1.2 compromised ones are left among 4.2 accounts.
    assert cards.mean() == pytest.approx((0.8 + 1.2 * 2 / 4.2) / 2 / 3)


def test_recall_at_a_share_of_false_positives() -> None:
    scores = np.concatenate([np.linspace(0.1, 0.5, 100), [0.495, 0.6, 0.2, 0.45]])
    frauds = np.arange(104) >= 100
    histogram = make_histogram(scores, frauds)
    assert histogram.recall_at_false_positives(0.01) == 0.25
    assert histogram.recall_at_false_positives(0.02) == 0.5
    assert histogram.recall_at_false_positives(1.0) == 1
    assert ScoreHistogram().recall_at_false_positives(0.01) is None


def test_card_precision_without_a_day_is_undefined() -> None:
    assert CardPrecision().mean() is None


def test_account_is_known_from_the_day_after_its_label() -> None:
    compromised = CompromisedAccounts(delay_ms=7 * DAY_MS, since_ms=2 * DAY_MS)
    compromised.add_fraud("before", 2 * DAY_MS - 1)
    compromised.add_fraud("a", 3 * DAY_MS + 5)
    compromised.add_fraud("b", 4 * DAY_MS - 1)
    assert compromised.known_by(10) == set()
    assert compromised.known_by(11) == {"a", "b"}


def make_result(
    score: float, *rules: str, flagged: bool = False, probability: float | None = None
) -> ScoringResult:
    return ScoringResult(
        score=score,
        suspicious=flagged,
        decided_by="rules",
        reasons=tuple(Reason(rule_id=rule, weight=0.5, text="") for rule in rules),
        rules_score=score,
        probability=probability,
        shadow_rules=("tried",) if flagged else (),
    )


def make_decision(
    account_id: str, result: ScoringResult, *, day: int = 20, is_fraud: bool = False
) -> tuple[LabelledTransaction, ScoringResult]:
    transaction = make_transaction(account_id=account_id, timestamp=day * DAY_MS)
    return LabelledTransaction(transaction, is_fraud, "stolen" if is_fraud else ""), result


def measure(*decisions: tuple[LabelledTransaction, ScoringResult]) -> Figures:
    compromised = CompromisedAccounts(delay_ms=DAY_MS)
    compromised.add_fraud("known", 0)
    rules = [
        Rule(id="large", reason="", when=True, weight=0.5),
        Rule(id="tried", reason="", when=True, weight=0.5, mode="shadow"),
    ]
    metrics = Metrics(RuleSet(threshold=0.5, rules=tuple(rules)), compromised)
    for labelled, result in decisions:
        metrics.add(labelled, result)
    return metrics.figures()


def test_alerts_are_counted_by_day() -> None:
    figures = measure(
        make_decision("a", make_result(0.9, flagged=True), is_fraud=True),
        make_decision("b", make_result(0.8, flagged=True)),
        make_decision("c", make_result(0.1), day=21, is_fraud=True),
    )
    tested = figures.tested
    assert (tested.precision, tested.recall, tested.alerts, tested.alerts_per_day) == (0.5, 0.5, 2, 1.0)
    assert [(day.transactions, day.frauds, day.alerts, day.caught) for day in figures.days] == [
        (2, 1, 2, 1),
        (1, 1, 0, 0),
    ]
    assert figures.card_precision_100 == 0.01
    assert [(scenario.name, scenario.frauds, scenario.recall) for scenario in figures.scenarios] == [
        ("stolen", 2, 0.5)
    ]


def test_accounts_known_to_be_compromised_are_excluded() -> None:
    figures = measure(
        make_decision("known", make_result(0.9, flagged=True), is_fraud=True),
        make_decision("a", make_result(0.1)),
    )
    assert (figures.tested.transactions, figures.everything.transactions) == (1, 2)
    assert (figures.tested.alerts, figures.everything.alerts) == (0, 1)


def test_value_of_detected_frauds_is_in_euros() -> None:
    figures = measure(
        make_decision("a", make_result(0.9, flagged=True), is_fraud=True),
        make_decision("b", make_result(0.1), is_fraud=True),
        make_decision("c", make_result(0.9, flagged=True)),
    )
    amount = float(make_transaction().amount)
    assert figures.tested.fraud_value_eur == 2 * amount
    assert (figures.tested.detected_value_eur, figures.tested.detected_value_share) == (amount, 0.5)


def test_rules_and_model_have_figures_of_their_own() -> None:
    rules = RuleSet(threshold=0.5, rules=(Rule(id="large", reason="", when=True, weight=0.5),))
    metrics = Metrics(rules, CompromisedAccounts(delay_ms=DAY_MS), make_model(threshold=0.3))
    for rules_score, model_probability, is_fraud in ((0.5, 0.1, False), (0.0, 0.4, True), (0.5, 0.2, True)):
        result = msgspec.structs.replace(make_result(model_probability), rules_score=rules_score)
        metrics.add(*make_decision("a", result, is_fraud=is_fraud), model_probability)
    figures = metrics.figures()
    assert figures.rules_alone is not None
    assert figures.model_alone is not None
    assert (figures.rules_alone.alerts, figures.rules_alone.precision) == (2, 0.5)
    assert (figures.model_alone.alerts, figures.model_alone.average_precision) == (1, 1.0)


def test_expected_calibration_error_is_the_mean_over_transactions() -> None:
    figures = measure(
        make_decision("a", make_result(0.05, probability=0.05)),
        make_decision("b", make_result(0.85, probability=0.85), is_fraud=True),
    )
    assert figures.calibration_error == pytest.approx((0.05 + 0.15) / 2)


def test_each_rule_has_figures_in_shadow_mode_too() -> None:
    figures = measure(
        make_decision("a", make_result(0.5, "large", flagged=True), is_fraud=True),
        make_decision("b", make_result(0.5, "large")),
    )
    large, tried = figures.rules
    assert (large.flagged, large.precision, large.recall) == (2, 0.5, 1.0)
    assert (tried.mode, tried.flagged, tried.precision) == ("shadow", 1, 1.0)


def test_calibration_uses_the_probability_of_the_model() -> None:
    figures = measure(
        make_decision("a", make_result(1.0, probability=0.31)),
        make_decision("b", make_result(1.0, probability=0.33), is_fraud=True),
    )
    filled = [group for group in figures.calibration if group.transactions]
    assert [(group.from_score, group.mean_score, group.observed) for group in filled] == [(0.3, 0.32, 0.5)]
