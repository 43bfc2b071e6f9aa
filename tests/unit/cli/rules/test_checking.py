import json
from pathlib import Path

import pytest

from cli.rules.checking import check_rules
from terminal.errors import UserError

VALID_RULES = """\
threshold: 0.5
rules:
  - {id: one, weight: 0.5, reason: One, when: hour > 5}
  - {id: two, weight: 0.5, reason: Two, when: hour > 5, mode: shadow}
"""
FAULTY_RULES = """\
threshold: 0.5
rules:
  - {id: one, weight: 2, reason: One, when: houre > 5}
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The path of a rules file in the current folder."""
    monkeypatch.chdir(tmp_path)
    return Path("mine.yaml")


def test_valid_rules_are_counted_by_mode(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(VALID_RULES)
    assert check_rules(file, as_json=False) == 0
    assert capsys.readouterr().out.startswith("mine.yaml: 2 rules, 1 on, 1 shadow; version ")


def test_each_fault_is_a_line_with_its_position_and_the_status_is_1(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(FAULTY_RULES)
    assert check_rules(file, as_json=False) == 1
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("mine.yaml:3:23: ")
    assert second.startswith("mine.yaml:3:45: ")
    assert "'houre'" in second


def test_json_has_the_faults(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(FAULTY_RULES)
    assert check_rules(file, as_json=True) == 1
    output = json.loads(capsys.readouterr().out)
    assert (output["file"], output["valid"]) == ("mine.yaml", False)
    fault = output["faults"][0]
    assert (fault["line"], fault["column"]) == (3, 23)
    assert set(fault) == {"line", "column", "message"}


def test_json_has_the_numbers_of_rules(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(VALID_RULES)
    assert check_rules(file, as_json=True) == 0
    output = json.loads(capsys.readouterr().out)
    assert (output["valid"], output["rules"]) == (True, 2)
    assert (output["on"], output["shadow"], output["off"]) == (1, 1, 0)


def test_missing_file_is_a_user_error(file: Path) -> None:
    with pytest.raises(UserError, match=r"mine\.yaml"):
        check_rules(file, as_json=False)
