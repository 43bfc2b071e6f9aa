import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from cli.rules.rules_file_view import check_rules, show_rules
from terminal.errors import UserError
from tests.rules import rule_data
from tests.unit.functions.builders import NOW
from tests.unit.functions.fraud.scoring.test_model import build_artifact

RULES = (
    rule_data(id="always-on", weight=0.55),
    rule_data(id="hard", weight=None, decision="flag", mode="off"),
    rule_data(id="spring", **{"from": "2026-03-01", "until": "2026-05-27"}),
    rule_data(id="summer", mode="shadow", **{"from": "2026-06-01"}),
)
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


def write_rules(folder: Path, *rules: dict[str, Any]) -> Path:
    file = folder / "rules.yaml"
    limits = {"large": "100 USD"}
    file.write_text(yaml.safe_dump({"threshold": 0.5, "limits": limits, "rules": list(rules)}))
    return file


def test_each_rule_is_a_row(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    show_rules(write_rules(tmp_path, *RULES), NOW, as_json=False)
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("│")]
    assert [[cell.strip() for cell in line.split("│")[1:-1]] for line in lines] == [
        ["always-on", "on", "0.55", "always", "Over"],
        ["hard", "off", "flag", "always", "Over"],
        ["spring", "on", "0.5", "ended 2026-05-27", "Over"],
        ["summer", "shadow", "0.5", "from 2026-06-01", "Over"],
    ]


def test_json_of_a_list_has_all_fields_of_a_rule(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    show_rules(write_rules(tmp_path, *RULES), NOW, as_json=True)
    assert json.loads(capsys.readouterr().out)[2] == {
        "id": "spring",
        "mode": "on",
        "weight": 0.5,
        "decision": None,
        "expected_share": None,
        "from": "2026-03-01",
        "until": "2026-05-27",
        "valid": False,
        "sentence": "Over",
        "condition": [">", "amount", "limits.large"],
    }


def test_file_without_rules_shows_no_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    show_rules(write_rules(tmp_path), NOW, as_json=False)
    assert "│" not in capsys.readouterr().out


def test_faulty_rules_are_a_user_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"rules\.yaml:\d+:\d+: "):
        show_rules(write_rules(tmp_path, rule_data(when="colour > 5")), NOW, as_json=False)


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


def test_rules_that_the_model_was_not_trained_with_are_named(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(VALID_RULES)
    model = file.with_name("model.json")
    model.write_bytes(msgspec.json.encode(build_artifact()))
    assert check_rules(file, model, as_json=True) == 0
    (note,) = json.loads(capsys.readouterr().out)["notes"]
    assert "one" in note
    assert "two" not in note


def test_missing_file_is_a_user_error(file: Path) -> None:
    with pytest.raises(UserError, match=r"mine\.yaml"):
        check_rules(file, as_json=False)
