"""Backtesting as a user does it: what is printed, what is written, and what is said of what is wrong."""

import csv
import json
from pathlib import Path

import pytest

from cli.models.backtesting import backtest
from cli.models.options import Backtested
from terminal.errors import UserError
from tests.unit.detection.files import FIRST, HEADER, SECOND, written

RULES = """\
threshold: 0.5
rules:
  - id: over-10
    weight: 0.6
    reason: "{amount} is over 10"
    when: amount > limits.some
limits:
  some: {default: 10}
"""


@pytest.fixture
def rules(tmp_path: Path) -> str:
    (tmp_path / "rules.yaml").write_text(RULES)
    return str(tmp_path / "rules.yaml")


def test_the_figures_are_shown_and_what_was_inferred_is_said(
    tmp_path: Path, rules: str, capsys: pytest.CaptureFixture[str]
) -> None:
    data = str(written(tmp_path, header=f"{HEADER},scenario", lines=[f"{FIRST},", f"{SECOND},stolen"]))
    backtest(Backtested(data=data, rules=rules))
    shown = capsys.readouterr()
    assert "Backtest of f.csv, 2018-04-01 to 2018-04-01" in shown.out
    assert all(text in shown.out for text in ("AUC ROC", "card precision@100", "stolen", "over-10"))
    assert "times are taken for seconds" in shown.err


def test_json_is_all_there_is_on_standard_output(
    tmp_path: Path, rules: str, capsys: pytest.CaptureFixture[str]
) -> None:
    backtest(Backtested(data=str(written(tmp_path)), rules=rules, label_delay="36h", as_json=True))
    figures = json.loads(capsys.readouterr().out)
    assert (figures["transactions"], figures["alerts"], figures["recall"]) == (2, 1, 0.0)
    assert (figures["auc_roc"], figures["label_delay_days"]) == (0.0, 1.5)


def test_files_that_are_asked_for_are_written(tmp_path: Path, rules: str) -> None:
    scores, html = tmp_path / "scores.csv", tmp_path / "report.html"
    backtest(Backtested(data=str(written(tmp_path)), rules=rules, scores=str(scores), html=str(html)))
    with scores.open(encoding="utf-8", newline="") as stream:
        assert [(row["transaction_id"], row["decision"]) for row in csv.DictReader(stream)] == [
            ("t1", "flag"),
            ("t2", "pass"),
        ]
    assert html.read_text().startswith("<!doctype html>")


def test_the_rules_that_are_deployed_are_the_default(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    backtest(Backtested(data=str(written(tmp_path)), as_json=True))
    assert "amount-over-limit" in {rule["id"] for rule in json.loads(capsys.readouterr().out)["rules"]}


def test_nothing_is_written_of_a_file_with_a_bad_row(tmp_path: Path, rules: str) -> None:
    data = written(tmp_path, [FIRST, SECOND, "t3,a,m,-1,1522540802,0"])
    before = set(tmp_path.iterdir())
    with pytest.raises(UserError, match=r"f\.csv: line 4: amount -1 is negative\.$"):
        backtest(Backtested(data=str(data), rules=rules, scores=str(tmp_path / "scores.csv")))
    assert set(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"data": "none.csv"}, r"^Cannot read none.csv: No such file or directory\."),
        ({"unit": "minutes"}, "^--unit minutes is no unit of time"),
        ({"label_delay": "week"}, "^--label-delay week is no length of time"),
        ({"test_from": "2020-01-01"}, "^No transaction is from 2020-01-01"),
        ({"rules": "none.yaml"}, "^none.yaml: No such file"),
        ({"model": "none.json"}, "^Cannot read none.json: No such file"),
        ({"scores": "/none/scores.csv"}, "^Cannot write /none/scores.csv: No such file"),
    ],
)
def test_what_is_wrong_is_one_line(tmp_path: Path, wrong: dict[str, str], said: str) -> None:
    typed = Backtested(**{"data": str(written(tmp_path)), **wrong})  # type: ignore[arg-type]
    with pytest.raises(UserError, match=said):
        backtest(typed)


def test_the_file_that_is_read_is_not_written_over(tmp_path: Path, rules: str) -> None:
    data = str(written(tmp_path))
    with pytest.raises(UserError, match="is the file that is read"):
        backtest(Backtested(data=data, rules=rules, scores=data))
