import csv
import html
import json
from pathlib import Path

import msgspec
import pytest

from cli.models.backtesting import run_backtest
from orchestration.rules_file import find_rules_file
from terminal.errors import UserError
from tests.unit.detection.files import FIRST, HEADER, SECOND, write_dataset
from tests.unit.functions.fraud.scoring.test_model import build_artifact

RULES = """\
threshold: 0.5
rules:
  - id: over-10
    weight: 0.6
    reason: "{amount} is over 10"
    when: amount > limits.some
limits:
  some: 10 EUR
"""


@pytest.fixture
def rules_file(tmp_path: Path) -> Path:
    file = tmp_path / "rules.yaml"
    file.write_text(RULES)
    return file


def test_figures_and_notes_are_printed(
    tmp_path: Path, rules_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = write_dataset(tmp_path, header=f"{HEADER},scenario", lines=[f"{FIRST},", f"{SECOND},stolen"])
    run_backtest(str(data), rules_file)
    printed = capsys.readouterr()
    assert "f.csv, 2018-04-01 to 2018-04-01" in printed.out
    assert all(text in printed.out for text in ("AUC ROC", "card precision@100", "stolen", "over-10"))
    assert "--unit" in printed.err


def test_standard_output_has_only_json(
    tmp_path: Path, rules_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_backtest(str(write_dataset(tmp_path)), rules_file, label_delay="36h", as_json=True)
    figures = json.loads(capsys.readouterr().out)
    assert (figures["transactions"], figures["alerts"], figures["recall"]) == (2, 1, 0.0)
    assert (figures["auc_roc"], figures["label_delay_days"]) == (0.0, 1.5)


@pytest.mark.parametrize(("row", "is_warned"), [(FIRST, True), (SECOND, False)])
def test_period_with_one_label_is_a_warning(
    tmp_path: Path, rules_file: Path, capsys: pytest.CaptureFixture[str], row: str, is_warned: bool
) -> None:
    rows = [FIRST, row.replace("t1", "t3")]
    run_backtest(str(write_dataset(tmp_path, rows)), rules_file)
    assert ("both labels" in capsys.readouterr().err) == is_warned


def test_period_without_labels_is_a_warning(
    tmp_path: Path, rules_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_backtest(str(write_dataset(tmp_path, [FIRST.removesuffix("0")])), rules_file)
    warning = capsys.readouterr().err
    assert "No tested transaction has a label" in warning
    assert "genuine" not in warning


@pytest.fixture
def model_file(tmp_path: Path) -> Path:
    file = tmp_path / "model.json"
    file.write_bytes(msgspec.json.encode(build_artifact(card={"threshold_by": {"alerts_per_day": 0.1}})))
    return file


@pytest.mark.parametrize(
    ("without", "shown"), [("", {"both", "model"}), ("rules", {"model"}), ("model", set())]
)
def test_a_part_of_the_decision_can_be_left_out(
    tmp_path: Path,
    rules_file: Path,
    model_file: Path,
    without: str,
    shown: set[str],
    *,
    capsys: pytest.CaptureFixture[str],
) -> None:
    data = str(write_dataset(tmp_path))
    run_backtest(data, rules_file, model=str(model_file), without=without, as_json=True)
    figures = json.loads(capsys.readouterr().out)
    assert (figures["rules_alone"] is not None) is (figures["model_alone"] is not None) is ("both" in shown)
    assert (figures["model"] is not None) is ("model" in shown)


def test_every_warning_of_the_terminal_is_in_the_report(
    tmp_path: Path, rules_file: Path, model_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "report.html"
    run_backtest(str(write_dataset(tmp_path)), rules_file, model=str(model_file), html=str(report))
    warnings = [line for line in capsys.readouterr().err.splitlines() if line]
    assert any("over-10" in line for line in warnings)
    page = html.unescape(report.read_text())
    assert all(line in page for line in warnings)


def test_requested_files_are_written(tmp_path: Path, rules_file: Path) -> None:
    scores, report = tmp_path / "scores.csv", tmp_path / "report.html"
    run_backtest(str(write_dataset(tmp_path)), rules_file, scores=str(scores), html=str(report))
    with scores.open(encoding="utf-8", newline="") as stream:
        assert [(row["transaction_id"], row["decision"]) for row in csv.DictReader(stream)] == [
            ("t1", "flag"),
            ("t2", "pass"),
        ]
    assert report.read_text().startswith("<!doctype html>")


def test_deployed_rules_can_be_tested(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_backtest(str(write_dataset(tmp_path)), find_rules_file("", "local"), as_json=True)
    assert "amount-over-limit" in {rule["id"] for rule in json.loads(capsys.readouterr().out)["rules"]}


def test_invalid_row_is_a_user_error_and_writes_no_file(tmp_path: Path, rules_file: Path) -> None:
    data = write_dataset(tmp_path, [FIRST, SECOND, "t3,a,m,-1,1522540802,0"])
    before = set(tmp_path.iterdir())
    with pytest.raises(UserError, match=r"f\.csv: line 4: amount '-1' "):
        run_backtest(str(data), rules_file, scores=str(tmp_path / "scores.csv"))
    assert set(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("options", "mention"),
    [
        ({"data": "none.csv"}, "none.csv"),
        ({"unit": "minutes"}, "--unit: 'minutes'"),
        ({"label_delay": "week"}, "--label-delay: 'week'"),
        ({"test_from": "2020-01-01"}, "2020-01-01"),
        ({"rules_file": Path("none.yaml")}, "none.yaml"),
        ({"model": "none.json"}, "none.json"),
        ({"without": "both"}, "--without: 'both'"),
        ({"without": "rules"}, "--without rules"),
        ({"scores": "/none/scores.csv"}, "/none/scores.csv"),
        ({"scores": "result", "html": "result"}, "is also the file of --"),
        ({"model": "m.json", "html": "m.json"}, "is also the file of --model"),
    ],
)
def test_invalid_option_is_a_user_error(
    tmp_path: Path, rules_file: Path, options: dict[str, str | Path], mention: str
) -> None:
    data = str(write_dataset(tmp_path))
    with pytest.raises(UserError) as caught:
        run_backtest(**{"data": data, "rules_file": rules_file, **options})  # type: ignore[arg-type]
    assert mention in caught.value.message


def test_input_file_cannot_be_an_output_file(tmp_path: Path, rules_file: Path) -> None:
    data = str(write_dataset(tmp_path))
    with pytest.raises(UserError, match=r"^--scores: "):
        run_backtest(data, rules_file, scores=data)
    assert Path(data).read_text().startswith(HEADER)
