import dataclasses
import itertools
from collections.abc import Iterator

import msgspec
import numpy as np
import pytest
import xgboost
from sklearn.metrics import average_precision_score

from detection.data.columns import LabelledTransaction
from detection.data.simulation import START_MS, simulate_transactions
from detection.errors import DetectionError
from detection.evaluation.batch_model import ColumnModel
from detection.training import train, xgboost_trees
from detection.training.calibration import Calibration
from detection.training.examples import Examples, collect_examples
from detection.training.recipe import DEFAULT, MAX_LEVELS, BoosterSize, Choice
from detection.training.sampling import GenuineSampler
from detection.training.train import TrainingOptions, train_artifact, train_on_examples
from functions.common.domain.features import FEATURE_NAMES, FEATURES_VERSION
from functions.common.domain.time_buckets import DAY_MS
from functions.fraud.scoring.model import ARTIFACT_FORMAT, Artifact, FraudModel
from functions.fraud.scoring.scorer import Scorer
from tests.rules import rule_data, ruleset
from tests.unit.detection.defined_features import compute_history_features

OPTIONS = TrainingOptions(from_ms=START_MS + 40 * DAY_MS, to_ms=START_MS + 54 * DAY_MS, data_sha256="ab12")
TEST_MS = START_MS + 60 * DAY_MS


@pytest.fixture(scope="module", autouse=True)
def _use_one_fast_recipe() -> Iterator[None]:
    """Choosing among all candidates takes seconds, and test_recipe.py tests it."""
    fast = DEFAULT._replace(boosters=(BoosterSize(4, 60, 0.08), BoosterSize(5, 60, 0.08)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(train, "choose_recipe", lambda *_: Choice(fast, {}, "the only one"))
        yield


@pytest.fixture(scope="module")
def rows() -> list[LabelledTransaction]:
    return list(simulate_transactions(customers=300, terminals=300, days=70, seed=5))


@pytest.fixture(scope="module")
def examples(rows: list[LabelledTransaction]) -> Examples:
    return collect_examples(rows, label_delay_days=7, from_ms=OPTIONS.from_ms, to_ms=OPTIONS.to_ms)


@pytest.fixture(scope="module")
def artifact(examples: Examples) -> bytes:
    return train_on_examples(examples, OPTIONS)


@pytest.fixture(scope="module")
def model(artifact: bytes) -> FraudModel:
    return FraudModel.from_json(artifact)


def average_precision(model: FraudModel, rows: list[LabelledTransaction], delay_days: int) -> float:
    """The average precision on the test days. The features assume a label delay of seven days."""
    replayed = compute_history_features(
        rows, label_delay_ms=delay_days * DAY_MS, label_delay_days=7, from_ms=TEST_MS
    )
    tested = [(values, bool(labelled.is_fraud)) for labelled, values in replayed if values is not None]
    scores = ColumnModel(model).log_odds(np.array([values for values, _ in tested]))
    return float(average_precision_score([label for _, label in tested], scores))


def test_artifact_depends_on_rows_and_seed_only(
    rows: list[LabelledTransaction], examples: Examples, artifact: bytes
) -> None:
    assert train_artifact(iter(rows), OPTIONS) == artifact
    assert train_on_examples(examples, dataclasses.replace(OPTIONS, seed=1)) != artifact


def test_rows_after_the_period_are_not_read(rows: list[LabelledTransaction], artifact: bytes) -> None:
    before = [row for row in rows if row.transaction.timestamp < OPTIONS.to_ms]
    unread = itertools.repeat(rows[-1])
    assert train_artifact(itertools.chain(before, unread), OPTIONS) == artifact


def test_card_has_data_period_and_versions(model: FraudModel) -> None:
    card = model.card
    assert (card["data_sha256"], card["seed"]) == ("ab12", 0)
    assert (card["from"], card["to"]) == ("2018-05-11T00:00:00Z", "2018-05-25T00:00:00Z")
    assert set(card["libraries"]) == {"numpy", "scikit-learn", "xgboost"}
    assert sum(size["trees"] * size["depth"] for size in card["recipe"]["boosters"]) <= MAX_LEVELS
    assert card["expected_alerts_per_day"] <= card["threshold_by"]["alerts_per_day"]
    for figure in card["out_of_fold"].values():
        assert figure["from"] <= figure["value"] <= figure["to"]


def test_artifact_is_small(artifact: bytes) -> None:
    assert len(artifact) < 300_000


def test_average_precision_falls_with_the_label_delay(
    model: FraudModel, rows: list[LabelledTransaction]
) -> None:
    week, eight_days, two_weeks = (average_precision(model, rows, days) for days in (7, 8, 14))
    assert week > eight_days > two_weeks


def test_probabilities_are_calibrated(model: FraudModel, examples: Examples) -> None:
    log_odds = ColumnModel(model).log_odds(examples.values.astype(np.float64))
    expected = (1 / (1 + np.exp(-log_odds))).sum()
    assert expected == pytest.approx(examples.labels.sum(), rel=0.25)


def test_scores_and_contributions_equal_those_of_xgboost(examples: Examples) -> None:
    recipe = DEFAULT._replace(boosters=(BoosterSize(4, 60, 0.03),))
    [booster] = xgboost_trees.grow_boosters(
        examples.values, examples.labels, examples.row_weights(), recipe, seed=3
    )
    base, trees = xgboost_trees.convert_trees([booster], Calibration(1.0, 0.0))
    artifact = Artifact(
        format=ARTIFACT_FORMAT, features_version=FEATURES_VERSION, features=list(FEATURE_NAMES),
        label_delay_days=7, base=base, trees=trees, rules=[], threshold=0.5, card={},
    )  # fmt: skip
    model, values = FraudModel(artifact, "v"), examples.values[:300]
    matrix = xgboost.DMatrix(values)
    assert [model.log_odds(row) for row in values.tolist()] == pytest.approx(
        booster.predict(matrix, output_margin=True).tolist(), abs=1e-4
    )
    expected = booster.predict(matrix, pred_contribs=True, approx_contribs=True)
    contributions = np.array([model.contributions(row) for row in values.tolist()])
    assert contributions == pytest.approx(expected[:, :-1], abs=1e-4)
    assert expected[0, -1] == pytest.approx(model.base, abs=1e-4)


def test_contributions_add_up_to_the_log_odds(model: FraudModel, examples: Examples) -> None:
    for row in examples.values[:300].tolist():
        assert model.base + sum(model.contributions(row)) == pytest.approx(model.log_odds(row), abs=1e-9)


def test_mean_of_boosters_is_the_model(examples: Examples) -> None:
    recipe = DEFAULT._replace(boosters=(BoosterSize(3, 10, 0.1), BoosterSize(5, 10, 0.2)))
    boosters = xgboost_trees.grow_boosters(
        examples.values, examples.labels, examples.row_weights(), recipe, seed=1
    )
    base, trees = xgboost_trees.convert_trees(boosters, Calibration(2.0, 1.0))
    assert len(trees.roots) == 20
    values = examples.values[:50]
    expected = 2 * xgboost_trees.predict_margins(boosters, values) + 1
    leaves = Artifact(
        format=ARTIFACT_FORMAT, features_version=FEATURES_VERSION, features=list(FEATURE_NAMES),
        label_delay_days=7, base=base, trees=trees, rules=[], threshold=0.5, card={},
    )  # fmt: skip
    model = FraudModel(leaves, "v")
    assert [model.log_odds(row) for row in values.tolist()] == pytest.approx(expected.tolist(), abs=1e-4)


def test_artifact_has_the_rules_that_are_on_with_their_matches(rows: list[LabelledTransaction]) -> None:
    rules = ruleset(
        rule_data(id="large", when="amount > money(100, 'EUR')"),
        rule_data(id="shadow", mode="shadow"),
        rule_data(id="hard", when="amount > money(100000, 'EUR')", weight=None, decision="flag"),
    )
    content = train_artifact(iter(rows), OPTIONS, rules)
    (large,) = msgspec.json.decode(content, type=Artifact).rules
    matching = [
        row
        for row in rows
        if row.transaction.amount > 100 and OPTIONS.from_ms <= row.transaction.timestamp < OPTIONS.to_ms
    ]
    assert (large.id, large.matches) == ("large", len(matching))
    assert large.frauds == sum(bool(row.is_fraud) for row in matching)
    assert Scorer(rules, FraudModel.from_json(content)).unlearned_rules == ()


def test_budget_that_flagging_rules_exceed_is_rejected(rows: list[LabelledTransaction]) -> None:
    rules = ruleset(rule_data(when="amount > money(1, 'EUR')", weight=None, decision="flag"))
    with pytest.raises(DetectionError, match="alerts-per-day"):
        train_artifact(iter(rows), dataclasses.replace(OPTIONS, alerts_per_day=5), rules)


def test_sampled_genuine_transactions_count_with_their_weight(examples: Examples) -> None:
    sampler = GenuineSampler(int((~examples.labels).sum()), 2_000, seed=1)
    chosen = sampler.choose(examples.labels)
    sample = Examples(
        examples.values[chosen],
        examples.labels[chosen],
        examples.days[chosen],
        sampler.weights(examples.labels[chosen]),
    )
    model = FraudModel.from_json(train_on_examples(sample, OPTIONS))
    assert model.card["transactions"] == pytest.approx(len(examples.labels), rel=0.05)
    log_odds = ColumnModel(model).log_odds(examples.values.astype(np.float64))
    assert (1 / (1 + np.exp(-log_odds))).sum() == pytest.approx(examples.labels.sum(), rel=0.4)


def test_fewer_alerts_per_day_raise_the_threshold(examples: Examples) -> None:
    ten_alerts, one_alert = (
        FraudModel.from_json(train_on_examples(examples, dataclasses.replace(OPTIONS, alerts_per_day=alerts)))
        for alerts in (10, 1)
    )
    assert ten_alerts.threshold < one_alert.threshold


def test_period_without_fraud_is_rejected(rows: list[LabelledTransaction]) -> None:
    genuine = (msgspec.structs.replace(row, is_fraud=False) for row in rows)
    with pytest.raises(DetectionError, match="genuine"):
        train_artifact(genuine, OPTIONS)


def test_single_day_is_rejected(rows: list[LabelledTransaction]) -> None:
    one_day = dataclasses.replace(OPTIONS, to_ms=OPTIONS.from_ms + DAY_MS)
    with pytest.raises(DetectionError, match="one day"):
        train_artifact(rows, one_day)
