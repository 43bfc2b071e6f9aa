"""Training on a small simulation: what comes of it, that it is the same again, and that it sees no future."""

import dataclasses
import itertools

import msgspec
import numpy as np
import pytest
import xgboost
from sklearn.metrics import average_precision_score

from detection.data.columns import Labelled
from detection.data.dates import DAY_MS
from detection.data.simulation import START_MS, simulate
from detection.errors import DetectionError
from detection.evaluation.batch_model import BatchModel
from detection.replay import replay
from detection.training import xgboost_trees
from detection.training.artifact import trees_of
from detection.training.calibration import Calibration
from detection.training.examples import Examples, examples
from detection.training.train import Training, train, trained
from functions.common.domain.features import NAMES, VERSION
from functions.fraud.scoring.model import FORMAT, Artifact, Model

TRAINING = Training(from_ms=START_MS + 40 * DAY_MS, to_ms=START_MS + 54 * DAY_MS, data_sha256="ab12")
TEST_MS = START_MS + 60 * DAY_MS


@pytest.fixture(scope="module")
def rows() -> list[Labelled]:
    return list(simulate(customers=300, terminals=300, days=70, seed=5))


@pytest.fixture(scope="module")
def learned(rows: list[Labelled]) -> Examples:
    return examples(rows, label_delay_days=7, from_ms=TRAINING.from_ms, to_ms=TRAINING.to_ms)


@pytest.fixture(scope="module")
def artifact(learned: Examples) -> bytes:
    return trained(learned, TRAINING)


@pytest.fixture(scope="module")
def model(artifact: bytes) -> Model:
    return Model.from_json(artifact)


def average_precision(model: Model, rows: list[Labelled], delay_days: int) -> float:
    """On the days of the test, with labels that come so late while features take seven days for granted."""
    replayed = replay(rows, label_delay_ms=delay_days * DAY_MS, label_delay_days=7, from_ms=TEST_MS)
    tested = [(values, bool(labelled.is_fraud)) for labelled, values in replayed if values is not None]
    scores = BatchModel(model)(np.array([values for values, _ in tested]))
    return float(average_precision_score([label for _, label in tested], scores))


def test_same_rows_and_seed_make_the_same_bytes_and_another_seed_others(
    rows: list[Labelled], learned: Examples, artifact: bytes
) -> None:
    assert train(iter(rows), TRAINING) == artifact
    assert trained(learned, dataclasses.replace(TRAINING, seed=1)) != artifact


def test_nothing_that_is_made_after_the_last_day_is_read(rows: list[Labelled], artifact: bytes) -> None:
    before = [row for row in rows if row.transaction.timestamp < TRAINING.to_ms]
    unread = itertools.repeat(rows[-1])
    assert train(itertools.chain(before, unread), TRAINING) == artifact


def test_card_says_how_the_model_came_to_be(model: Model) -> None:
    card = model.card
    assert (card["data_sha256"], card["seed"]) == ("ab12", 0)
    assert (card["from"], card["to"]) == ("2018-05-11T00:00:00Z", "2018-05-25T00:00:00Z")
    assert set(card["libraries"]) == {"numpy", "scikit-learn", "xgboost"}
    assert set(card["features_used"]) <= set(NAMES)
    for figure in card["out_of_fold"].values():
        assert figure["from"] <= figure["value"] <= figure["to"]


def test_artifact_is_small(artifact: bytes) -> None:
    assert len(artifact) < 300_000


def test_figures_fall_as_labels_come_later(model: Model, rows: list[Labelled]) -> None:
    sooner, later, much_later = (average_precision(model, rows, days) for days in (7, 8, 14))
    assert sooner > later > much_later


def test_probabilities_are_calibrated(model: Model, learned: Examples) -> None:
    log_odds = BatchModel(model)(learned.values.astype(np.float64))
    expected = (1 / (1 + np.exp(-log_odds))).sum()
    assert expected == pytest.approx(learned.labels.sum(), rel=0.25)


def test_scores_and_contributions_are_the_librarys(learned: Examples) -> None:
    places = [0, 9, 11, 26, 28, 29, 31]
    booster = xgboost_trees.grown(learned.values, learned.labels, NAMES, places, 3)
    base, trees = trees_of(booster, places, Calibration(1.0, 0.0))
    artifact = Artifact(
        format=FORMAT, features_version=VERSION, features=list(NAMES), label_delay_days=7,
        base=base, trees=trees, threshold=0.5, card={},
    )  # fmt: skip
    ours, values = Model(artifact, "v"), learned.values[:300]
    matrix = xgboost.DMatrix(values[:, places])
    assert [ours.log_odds(row) for row in values.tolist()] == pytest.approx(
        booster.predict(matrix, output_margin=True).tolist(), abs=1e-4
    )
    theirs = booster.predict(matrix, pred_contribs=True, approx_contribs=True)
    found = np.array([ours.contributions(row) for row in values.tolist()])
    assert found[:, places] == pytest.approx(theirs[:, :-1], abs=1e-4)
    assert theirs[0, -1] == pytest.approx(ours.base, abs=1e-4)


def test_contributions_sum_to_the_score(model: Model, learned: Examples) -> None:
    for row in learned.values[:300].tolist():
        assert model.base + sum(model.contributions(row)) == pytest.approx(model.log_odds(row), abs=1e-9)


def test_threshold_keeps_to_the_budget_of_alerts(learned: Examples) -> None:
    of_ten, of_one = (
        Model.from_json(trained(learned, dataclasses.replace(TRAINING, alerts_per_day=alerts)))
        for alerts in (10, 1)
    )
    assert of_ten.threshold < of_one.threshold


def test_days_without_fraud_are_refused(rows: list[Labelled]) -> None:
    genuine = (msgspec.structs.replace(row, is_fraud=False) for row in rows)
    with pytest.raises(DetectionError, match="both kinds"):
        train(genuine, TRAINING)


def test_one_day_is_refused(rows: list[Labelled]) -> None:
    one_day = dataclasses.replace(TRAINING, to_ms=TRAINING.from_ms + DAY_MS)
    with pytest.raises(DetectionError, match="One day"):
        train(rows, one_day)
