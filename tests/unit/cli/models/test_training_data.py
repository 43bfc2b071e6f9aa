"""Training on exported decisions, as the task does it."""

import json
from pathlib import Path

import pytest

from benchmarks.training_memory import write_examples
from cli.models.training import train_model
from cli.models.training_data import open_training_data
from functions.common.domain.time_buckets import DAY_MS
from functions.fraud.scoring.model import FraudModel
from orchestration.rules_file import find_rules_file
from terminal.errors import UserError
from tests.unit.detection.training.test_decided_examples import write_day

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


def test_time_whose_labels_are_not_due_is_left_out_with_a_note(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_day(tmp_path / "decided", 0, [False, False])
    write_day(tmp_path / "decided", 1, [None, True, None])
    with pytest.raises(UserError) as caught:
        train_model(str(tmp_path / "decided"), str(tmp_path / "model.json"), RULES_FILE)
    assert "is genuine" in caught.value.message
    assert "--to" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("recent", "end_day"),
    [
        (["1", "", "1"], 1),
        (["1", "", "0"], 5),
        (["1", "1", "1"], 5),
    ],
)
def test_last_days_of_a_file_in_which_only_frauds_have_labels_are_left_out(
    tmp_path: Path, recent: list[str], end_day: int
) -> None:
    rows = [
        f"t{day},a,m,5,EUR,{1_780_012_800_000 + day * DAY_MS},{label}"
        for day, label in enumerate(["0", "0", "1", *recent])
    ]
    header = "transaction_id,account_id,merchant_id,amount,currency,timestamp,is_fraud"
    (tmp_path / "past.csv").write_text("\n".join([header, *rows]))
    data = open_training_data(str(tmp_path / "past.csv"), 7, **NO_OPTIONS)
    assert data.default_to_ms() == 1_780_012_800_000 + end_day * DAY_MS + 1


@pytest.mark.parametrize("option", NO_OPTIONS)
def test_options_of_a_dataset_are_refused(decided: Path, option: str) -> None:
    with pytest.raises(UserError) as caught:
        open_training_data(str(decided), 7, **{**NO_OPTIONS, option: "x"})
    assert f"--{option}" in caught.value.message


def test_folder_without_decisions_is_a_user_error(tmp_path: Path) -> None:
    with pytest.raises(UserError):
        train_model(str(tmp_path), str(tmp_path / "model.json"), RULES_FILE)
    assert list(tmp_path.iterdir()) == []
