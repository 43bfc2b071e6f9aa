"""Training as a user does it: what is written, what is printed, and what is said of what is wrong."""

import json
from pathlib import Path
from typing import Any

import pytest

from cli.models.backtesting import backtest
from cli.models.options import Backtested, Simulated, Trained
from cli.models.simulation import simulate
from cli.models.training import train
from functions.fraud.scoring.model import Model
from terminal.errors import UserError


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("past") / "past.csv"
    simulate(Simulated(out=str(file), customers=150, terminals=150, days=40, seed=2, start="2018-04-01"))
    return file


def typed(past: Path, to: Path, /, **changes: Any) -> Trained:
    given = {"data": str(past), "out": str(to), "train_from": "25", "train_to": "33"}
    return Trained(**(given | changes))


@pytest.fixture(scope="module")
def artifact(past: Path) -> Path:
    out = past.with_name("model.json")
    train(typed(past, out))
    return out


def test_artifact_is_one_that_the_function_reads_and_its_card_is_shown(
    past: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train(typed(past, tmp_path / "m.json", as_json=True, alerts_per_day="5"))
    shown = json.loads(capsys.readouterr().out)
    model = Model.from_json((tmp_path / "m.json").read_bytes())
    assert (shown["version"], shown["threshold"]) == (model.version, model.threshold)
    assert shown["threshold_by"] == {"alerts_per_day": 5.0}
    assert (shown["from"], shown["to"]) == ("2018-04-26T00:00:00Z", "2018-05-05T00:00:00Z")


def test_same_file_and_seed_make_the_same_artifact(past: Path, artifact: Path, tmp_path: Path) -> None:
    train(typed(past, tmp_path / "again.json"))
    assert (tmp_path / "again.json").read_bytes() == artifact.read_bytes()


def test_backtest_says_when_the_model_knows_the_answers(
    past: Path, artifact: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    backtest(Backtested(data=str(past), model=str(artifact), as_json=True))
    assert "was trained on days that are tested" in capsys.readouterr().err
    backtest(Backtested(data=str(past), model=str(artifact), test_from="34", as_json=True))
    assert "was trained on days that are tested" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"data": "none.csv"}, "^Cannot read none.csv"),
        ({"out": "/none/model.json"}, "^Cannot write /none/model.json"),
        ({"label_delay": "36h"}, "^--label-delay 36h is not whole days"),
        ({"label_delay": "31d"}, "up to 30"),
        ({"alerts_per_day": "many"}, "^--alerts-per-day many is no number"),
        ({"alerts_per_day": "0"}, "is not above 0"),
        ({"precision": "80"}, "is no share"),
        ({"precision": "0.5", "alerts_per_day": "5"}, "two ways"),
        ({"train_from": "33", "train_to": "33"}, "One day is too little"),
        ({"train_from": "90", "train_to": "99"}, "^There is no transaction"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line_and_leaves_no_file(
    past: Path, tmp_path: Path, wrong: dict[str, Any], said: str
) -> None:
    with pytest.raises(UserError, match=said):
        train(typed(past, tmp_path / "m.json", **wrong))
    assert list(tmp_path.iterdir()) == []
