from pathlib import Path

import pytest

from cli.models.datasets import check_dataset, check_outputs, open_dataset, user_errors
from cli.rules.trial import try_rules
from tasks import namespace
from terminal.errors import EmptyFileError, UserError
from tests.unit.detection.files import FIRST, SECOND, write_dataset

_MAP = """
columns:
  transaction_id: transaction_id
  account_id: account_id
  merchant_id: merchant_id
  amount: amount
  timestamp: timestamp
  is_fraud: is_fraud
"""
PAYSIM = "step,type,amount,nameOrig,nameDest,isFraud"


@pytest.mark.parametrize("task", ["train", "backtest", "rules.try"])
def test_tasks_that_read_files_have_the_same_options(task: str) -> None:
    names = {argument.name for argument in namespace[task].get_arguments()}
    assert names >= {"data", "unit", "columns", "timezone", "rejects"}


def test_ready_layout_is_an_option(tmp_path: Path) -> None:
    path = write_dataset(tmp_path, ["1,PAYMENT,5,C1,M1,0", "2,TRANSFER,7,C2,M1,1"], PAYSIM)
    summary = check_dataset(open_dataset(str(path), columns="paysim"))
    assert (summary.transactions, summary.frauds) == (2, 1)


def test_missing_columns_suggest_the_layout_that_fits(tmp_path: Path) -> None:
    path = write_dataset(tmp_path, ["1,PAYMENT,5,C1,M1,0"], PAYSIM)
    with pytest.raises(UserError) as caught, user_errors():
        open_dataset(str(path))
    assert "--columns paysim" in caught.value.hint


def test_options_reach_the_reader(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_dataset(tmp_path, [FIRST, SECOND, "t3,a,m,much,1522540802,0"])
    rejects, rules = tmp_path / "bad.csv", tmp_path / "rules.yaml"
    rules.write_text("threshold: 0.5\nrules: []\n")
    try_rules(str(path), rules, label_delay="7d", unit="s", rejects=str(rejects))
    assert "much" in rejects.read_text()
    assert str(rejects) in capsys.readouterr().err
    with pytest.raises(UserError, match="line 4"):
        try_rules(str(path), rules, label_delay="7d", unit="s")


@pytest.mark.parametrize(
    "options", [{"unit": "min"}, {"timezone": "Berlin"}, {"columns": "none.yaml"}, {"rejects": "f.csv"}]
)
def test_wrong_option_is_a_user_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: dict[str, str]
) -> None:
    write_dataset(tmp_path)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError) as caught, user_errors():
        open_dataset("f.csv", **options)  # type: ignore[arg-type]
    assert f"--{next(iter(options))}" in caught.value.message


def test_rejects_do_not_replace_the_map(tmp_path: Path) -> None:
    path, columns = write_dataset(tmp_path), tmp_path / "map.yaml"
    columns.write_text(_MAP, encoding="utf-8")
    with pytest.raises(UserError, match="--rejects"):
        open_dataset(str(path), columns=str(columns), rejects=str(columns))


@pytest.mark.parametrize("other", ["--columns", "--rejects"])
def test_output_is_no_input_and_no_other_output(tmp_path: Path, other: str) -> None:
    path = str(tmp_path / "f")
    outputs, inputs = {"--out": path, "--rejects": ""}, {"--data": "past.csv", "--columns": ""}
    check_outputs(outputs, inputs)
    (outputs if other in outputs else inputs)[other] = path
    with pytest.raises(UserError, match=other):
        check_outputs(outputs, inputs)


@pytest.mark.parametrize("content", ["", "transaction_id,account_id,merchant_id,amount,timestamp,is_fraud\n"])
def test_file_without_transactions_has_exit_status_2(tmp_path: Path, content: str) -> None:
    (tmp_path / "f.csv").write_text(content)
    with pytest.raises(EmptyFileError) as caught, user_errors():
        open_dataset(str(tmp_path / "f.csv"))
    assert caught.value.status == 2
