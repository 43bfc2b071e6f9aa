import json
from pathlib import Path

import pytest

from cli.rules.checking import check
from cli.rules.places import rules_file
from terminal.errors import UserError

GOOD = """\
threshold: 0.5
rules:
  - {id: one, weight: 0.5, reason: One, when: hour > 5}
  - {id: two, weight: 0.5, reason: Two, when: hour > 5, mode: shadow}
"""
BAD = """\
threshold: 0.5
rules:
  - {id: one, weight: 2, reason: One, when: houre > 5}
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the rules of a test go, in the folder that the user stands in."""
    monkeypatch.chdir(tmp_path)
    return Path("mine.yaml")


def test_good_rules_are_counted_by_their_mode(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(GOOD)
    assert check(file, as_json=False) == 0
    assert capsys.readouterr().out.startswith("mine.yaml: 2 rules, 1 on, 1 shadow; version ")


def test_each_fault_is_a_line_with_its_place_and_the_status_is_1(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(BAD)
    assert check(file, as_json=False) == 1
    assert capsys.readouterr().out.splitlines() == [
        "mine.yaml:3:23: weight must be at most 1",
        "mine.yaml:3:45: unknown name 'houre': did you mean hour?",
    ]


def test_scripts_get_the_faults_as_json(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(BAD)
    assert check(file, as_json=True) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["file"], told["valid"]) == ("mine.yaml", False)
    assert told["faults"][0] == {"line": 3, "column": 23, "message": "weight must be at most 1"}


def test_scripts_get_the_numbers_as_json(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(GOOD)
    assert check(file, as_json=True) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["valid"], told["rules"], told["on"], told["shadow"], told["off"]) == (True, 2, 1, 1, 0)


def test_file_that_is_not_there_is_the_users_to_correct(file: Path) -> None:
    with pytest.raises(UserError, match=r"mine\.yaml: No such file"):
        check(file, as_json=False)


def test_the_file_is_the_one_of_the_environments_settings() -> None:
    assert rules_file("", "prod").resolve().parts[-3:] == ("stacks", "processing", "rules.yaml")
    assert rules_file("other.yaml", "prod") == Path("other.yaml")
