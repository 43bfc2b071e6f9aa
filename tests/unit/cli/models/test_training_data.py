"""Training on exported decisions, as the task does it."""

import json
from pathlib import Path

import pytest

from benchmarks.training_memory import write_examples
from cli.models.training import train_model
from cli.models.training_data import open_training_data
from functions.fraud.scoring.model import FraudModel
from orchestration.rules_file import find_rules_file
from terminal.errors import UserError

NO_OPTIONS = {"unit": "", "columns": "", "timezone": "", "rejects": ""}
RULES_FILE = find_rules_file("", "local")


@pytest.fixture(scope="module")
def decided(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("export") / "decided"
    write_examples(folder, 4_000)
    return folder


def test_model_learns_from_exported_decisions(
    decided: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "model.json"
    train_model(str(decided), str(out), RULES_FILE, train_to="9", as_json=True)
    card = json.loads(capsys.readouterr().out)
    assert FraudModel.from_json(out.read_bytes()).version == card["version"]
    assert card["transactions"] == 2_000
    assert card["to"].startswith("2026-06-06")


def test_file_of_a_day_can_be_trained_on(decided: Path) -> None:
    file = min(decided.glob("day=*/*.parquet"))
    data = open_training_data(str(file), 7, **NO_OPTIONS)
    assert data.summary.last_ms - data.summary.first_ms < 86_400_000


@pytest.mark.parametrize("option", NO_OPTIONS)
def test_options_of_a_dataset_are_refused(decided: Path, option: str) -> None:
    with pytest.raises(UserError) as caught:
        open_training_data(str(decided), 7, **{**NO_OPTIONS, option: "x"})
    assert f"--{option}" in caught.value.message


def test_folder_without_decisions_is_a_user_error(tmp_path: Path) -> None:
    with pytest.raises(UserError):
        train_model(str(tmp_path), str(tmp_path / "model.json"), RULES_FILE)
    assert list(tmp_path.iterdir()) == []
