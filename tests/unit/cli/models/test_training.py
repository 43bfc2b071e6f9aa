import json
from pathlib import Path

import numpy as np
import pytest

from cli.models.backtesting import run_backtest
from cli.models.simulation import write_simulation
from cli.models.training import train_model
from functions.fraud.scoring.model import FraudModel
from orchestration.rules_file import find_rules_file
from terminal.errors import UserError

RULES_FILE = find_rules_file("", "local")
PERIOD = {"train_from": "25", "train_to": "33"}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("past") / "past.csv"
    write_simulation(str(file), world="handbook", customers="150", terminals="150", days="40", seed=2)
    return file


@pytest.fixture(scope="module")
def artifact(data: Path) -> Path:
    out = data.with_name("model.json")
    train_model(str(data), str(out), RULES_FILE, **PERIOD)
    return out


def test_artifact_is_readable_by_the_function_and_its_card_is_printed(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train_model(str(data), str(tmp_path / "m.json"), RULES_FILE, **PERIOD, as_json=True, alerts_per_day="5")
    card = json.loads(capsys.readouterr().out)
    model = FraudModel.from_json((tmp_path / "m.json").read_bytes())
    assert (card["version"], card["threshold"]) == (model.version, model.threshold)
    assert card["threshold_by"] == {"alerts_per_day": 5.0}
    assert (card["from"], card["to"]) == ("2018-04-26T00:00:00Z", "2018-05-05T00:00:00Z")


def test_table_lists_the_boosters_of_the_recipe(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train_model(str(data), str(tmp_path / "m.json"), RULES_FILE, **PERIOD)
    table = capsys.readouterr().out
    recipe = FraudModel.from_json((tmp_path / "m.json").read_bytes()).card["recipe"]
    assert recipe["name"] in table
    for size in recipe["boosters"]:
        assert f"depth {size['depth']}, learning rate {size['learning_rate']}, trees {size['trees']}" in table


@pytest.mark.parametrize(("period", "day"), [({}, "2018-04-11"), ({"train_to": "13"}, "2018-04-08")])
def test_first_days_are_history_only_by_default(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], period: dict[str, str], day: str
) -> None:
    train_model(str(data), str(tmp_path / "m.json"), RULES_FILE, **period, as_json=True)
    printed = capsys.readouterr()
    assert json.loads(printed.out)["from"].startswith(day)
    assert "--from" in printed.err


def test_first_days_are_trained_on_if_asked_for(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train_model(str(data), str(tmp_path / "m.json"), RULES_FILE, train_from="0", train_to="20", as_json=True)
    printed = capsys.readouterr()
    assert json.loads(printed.out)["from"].startswith("2018-04-01")
    assert "--from" not in printed.err


def _shuffle_labels(data: Path, out: Path) -> Path:
    """The same transactions, with labels that say nothing."""
    header, *rows = data.read_text(encoding="utf-8").splitlines()
    position = header.split(",").index("is_fraud")
    cells = [row.split(",") for row in rows]
    labels = [row[position] for row in cells]
    shuffled = np.random.default_rng(1).permutation(labels).tolist()
    for row, label in zip(cells, shuffled, strict=True):
        row[position] = label
    out.write_text("\n".join([header, *(",".join(row) for row in cells)]) + "\n", encoding="utf-8")
    return out


def test_model_that_is_not_better_than_chance_is_a_warning(
    data: Path, artifact: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shuffled = _shuffle_labels(data, tmp_path / "shuffled.csv")
    for path, is_warned in ((shuffled, True), (data, False)):
        train_model(str(path), str(tmp_path / "m.json"), RULES_FILE, **PERIOD, as_json=True)
        assert ("chance" in capsys.readouterr().err) is is_warned


def test_backtest_begins_after_the_days_of_training_by_default(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = tmp_path / "m.json"
    train_model(str(data), str(model), RULES_FILE, train_from="20", train_to="28", as_json=True)
    capsys.readouterr()
    for options, day in (({}, "2018-05-07"), ({"test_from": "30"}, "2018-05-01")):
        run_backtest(str(data), RULES_FILE, model=str(model), **options, as_json=True)
        assert json.loads(capsys.readouterr().out)["test_from"].startswith(day)


def test_same_file_and_seed_make_the_same_artifact(data: Path, artifact: Path, tmp_path: Path) -> None:
    train_model(str(data), str(tmp_path / "again.json"), RULES_FILE, **PERIOD)
    assert (tmp_path / "again.json").read_bytes() == artifact.read_bytes()


def test_backtest_warns_if_the_model_was_trained_on_tested_days(
    data: Path, artifact: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_backtest(str(data), RULES_FILE, model=str(artifact), as_json=True)
    assert "--test-from" in capsys.readouterr().err
    run_backtest(str(data), RULES_FILE, model=str(artifact), test_from="34", as_json=True)
    assert "--test-from" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "mention"),
    [
        ({"data": "none.csv"}, "none.csv"),
        ({"out": "/none/model.json"}, "/none/model.json"),
        ({"out": "map.yaml", "columns": "map.yaml"}, "is also the file of --columns"),
        ({"label_delay": "36h"}, "--label-delay: '36h'"),
        ({"label_delay": "31d"}, "from 1 to 30"),
        ({"alerts_per_day": "many"}, "--alerts-per-day: 'many'"),
        ({"alerts_per_day": "0"}, "--alerts-per-day: '0'"),
        ({"precision": "80"}, "--precision: '80'"),
        ({"precision": "0.5", "alerts_per_day": "5"}, "--alerts-per-day and --precision"),
        ({"train_from": "33", "train_to": "33"}, "one day"),
        ({"train_from": "90", "train_to": "99"}, "2018-06-30 00:00:00"),
    ],
)
def test_invalid_option_is_a_user_error_and_writes_no_file(
    data: Path, tmp_path: Path, options: dict[str, str], mention: str
) -> None:
    with pytest.raises(UserError) as caught:
        train_model(
            **{  # type: ignore[arg-type]
                "data": str(data), "out": str(tmp_path / "m.json"), "rules_file": RULES_FILE,
                **PERIOD, **options,
            }
        )  # fmt: skip
    assert mention in caught.value.message
    assert list(tmp_path.iterdir()) == []
