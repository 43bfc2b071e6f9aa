from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xgboost

from detection.errors import DetectionError
from detection.training.examples import Examples
from detection.training.external_trees import read_booster
from detection.training.train import TrainingOptions, train_on_examples
from functions.common.domain.features import FEATURE_NAMES
from functions.fraud.scoring.model import FraudModel

NAMES = list(FEATURE_NAMES)
PARAMETERS = {"objective": "binary:logistic", "base_score": 0.5, "max_depth": 3, "nthread": 1}


def write_booster(
    path: Path,
    *,
    names: list[str] = NAMES,
    trees: int = 5,
    label: Callable[[Any], Any] = lambda rows: np.random.default_rng(2).random(len(rows)) < 0.3,
    **parameters: Any,
) -> Path:
    random = np.random.default_rng(1)
    values = random.normal(size=(400, len(names))).astype(np.float32)
    matrix = xgboost.DMatrix(values, label=label(values), feature_names=names, nthread=1)
    booster = xgboost.train(PARAMETERS | parameters, matrix, num_boost_round=trees)
    booster.save_model(path)
    return path


@pytest.mark.parametrize("name", ["trees.json", "trees.ubj"])
def test_booster_of_the_features_is_read(tmp_path: Path, name: str) -> None:
    booster = read_booster(write_booster(tmp_path / name))
    assert booster.num_boosted_rounds() == 5


@pytest.mark.parametrize(
    "changes",
    [
        {"names": NAMES[::-1]},
        {"names": NAMES[1:]},
        {"base_score": 0.1},
        {"objective": "reg:squarederror"},
        {"booster": "dart"},
        {"trees": 1_300, "learning_rate": 0.01},
    ],
)
def test_booster_that_an_artifact_cannot_hold_is_refused(tmp_path: Path, changes: dict[str, Any]) -> None:
    path = write_booster(tmp_path / "trees.json", **changes)
    with pytest.raises(DetectionError):
        read_booster(path)


def test_other_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "trees.json"
    with pytest.raises(DetectionError):
        read_booster(path)
    path.write_text('{"x": 1}')
    with pytest.raises(DetectionError):
        read_booster(path)


def test_artifact_has_the_trees_of_the_file_with_a_calibration(tmp_path: Path) -> None:
    random = np.random.default_rng(2)
    values = random.normal(size=(3_000, len(FEATURE_NAMES))).astype(np.float32)
    examples = Examples(values, values[:, 0] + random.normal(size=3_000) > 2.5, np.arange(3_000) // 300)
    path = write_booster(tmp_path / "trees.json", label=lambda rows: rows[:, 0] > 1)
    options = TrainingOptions(from_ms=0, to_ms=1, alerts_per_day=20)
    model = FraudModel.from_json(train_on_examples(examples, options, read_booster(path)))
    expected = xgboost.Booster(model_file=path).predict(
        xgboost.DMatrix(values[:50], feature_names=NAMES), output_margin=True
    )
    slope, offset = model.card["calibration"]["slope"], model.card["calibration"]["offset"]
    scores = [model.log_odds(row) for row in values[:50].tolist()]
    assert scores == pytest.approx(slope * expected + offset, abs=1e-4)
    recipe = model.card["recipe"]
    [size] = recipe["boosters"]
    assert (recipe["name"], size["trees"]) == ("trained elsewhere", 5)
    assert 1 <= size["depth"] <= 3


def test_path_that_cannot_be_examined_is_an_error() -> None:
    with pytest.raises(DetectionError, match="too long"):
        read_booster(Path("x" * 300))
