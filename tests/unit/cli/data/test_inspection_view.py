import json
from pathlib import Path

import pytest

from cli.data.inspection_view import show_inspection
from detection.data.maps.map_reader import read_column_map
from terminal.errors import EmptyFileError, UserError
from tests.unit.detection.files import FIRST, HEADER, SECOND, write_dataset


def test_json_has_the_findings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_dataset(tmp_path)
    assert show_inspection(str(path), as_json=True) == 0
    content = json.loads(capsys.readouterr().out)
    assert content["summary"]["frauds"] == 1
    assert content["facts"]["encoding"] == "utf-8"
    assert [column["name"] for column in content["columns"]] == HEADER.split(",")


def test_text_names_columns_notes_and_the_next_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_dataset(tmp_path)
    assert show_inspection(str(path)) == 0
    output = capsys.readouterr().out
    assert "account_id" in output
    assert "note: " in output
    assert f"backtest --data {path}" in output


def test_next_command_needs_no_labels_if_there_are_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_dataset(tmp_path, [FIRST.removesuffix(",0")], HEADER.removesuffix(",is_fraud"))
    assert show_inspection(str(path)) == 0
    assert f"rules.try --data {path}" in capsys.readouterr().out


def test_proposed_map_is_written(tmp_path: Path) -> None:
    path = write_dataset(tmp_path, [FIRST, SECOND], HEADER.replace("account_id", "customer"))
    show_inspection(str(path), out=str(tmp_path / "map.yaml"))
    assert read_column_map(str(tmp_path / "map.yaml")).sources["account_id"].columns == ("customer",)


def test_unusable_file_has_exit_status_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert show_inspection(str(write_dataset(tmp_path, ["1"], "amount"))) == 1
    assert "transaction_id" not in capsys.readouterr().err


def test_wrong_options_and_files_are_user_errors(tmp_path: Path) -> None:
    path = str(write_dataset(tmp_path))
    for options in ({"unit": "min"}, {"timezone": "Berlin"}, {"columns": "none.yaml"}, {"out": path}):
        with pytest.raises(UserError):
            show_inspection(path, **options)
    with pytest.raises(UserError):
        show_inspection(str(tmp_path / "none.csv"))


def test_empty_file_has_exit_status_2(tmp_path: Path) -> None:
    (tmp_path / "empty.csv").touch()
    with pytest.raises(EmptyFileError) as caught:
        show_inspection(str(tmp_path / "empty.csv"))
    assert caught.value.status == 2
