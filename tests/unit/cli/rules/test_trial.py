import json
from pathlib import Path
from typing import Any

import pytest

from cli.rules.trial import try_rules
from terminal.errors import UserError
from tests.unit.detection.files import write_dataset

RULES = """\
threshold: 0.5
rules:
  - {id: large, weight: 0.5, reason: Large, when: 'amount > money(10, "EUR")'}
  - {id: merchant, weight: 0.5, reason: Merchant, when: merchant_fraud_30d > 0.5}
"""
DAY_SECONDS = 86_400
FIRST_SECONDS = 1_522_540_800


@pytest.fixture
def rules_file(tmp_path: Path) -> Path:
    file = tmp_path / "rules.yaml"
    file.write_text(RULES)
    return file


def make_rows() -> list[str]:
    """One transaction a day at m1, for twelve days. All but day 1 are fraud, and the first two are large."""
    return [
        f"t{day},a{day},m1,{50 if day < 2 else 5},{FIRST_SECONDS + day * DAY_SECONDS},{int(day != 1)}"
        for day in range(12)
    ]


def run_as_json(
    data: Path, rules_file: Path, capsys: pytest.CaptureFixture[str], *, label_delay: str = "7d"
) -> dict[str, Any]:
    try_rules(str(data), rules_file, label_delay=label_delay, unit="s", as_json=True)
    output: dict[str, Any] = json.loads(capsys.readouterr().out)
    return output


def test_rules_meet_the_history_of_each_transaction(
    tmp_path: Path, rules_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = run_as_json(write_dataset(tmp_path, make_rows()), rules_file, capsys)
    large, merchant = output["rules"]
    assert (output["transactions"], output["labelled"], output["frauds"]) == (12, 12, 11)
    assert (large["flagged"], large["frauds"], large["precision"]) == (2, 1, 0.5)
    assert (merchant["flagged"], merchant["precision"]) == (3, 1.0)
    assert output["together"]["flagged"] == 5


def test_longer_label_delay_makes_labels_known_later(
    tmp_path: Path, rules_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = write_dataset(tmp_path, make_rows())
    output = run_as_json(data, rules_file, capsys, label_delay="30d")
    assert output["rules"][1]["flagged"] == 0


def test_table_has_precision_and_recall_if_there_are_labels(
    tmp_path: Path, rules_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    try_rules(str(write_dataset(tmp_path, make_rows())), rules_file, label_delay="7d", unit="s")
    output = capsys.readouterr().out
    assert "precision" in output
    assert "50.0 %" in output


def test_table_without_labels_has_counts_only(
    tmp_path: Path, rules_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [row.rpartition(",")[0] for row in make_rows()]
    header = "transaction_id,account_id,merchant_id,amount,timestamp"
    data = write_dataset(tmp_path, rows, header, "bare.csv")
    try_rules(str(data), rules_file, label_delay="7d", unit="s")
    output = capsys.readouterr().out
    assert "flagged" in output
    assert "precision" not in output


def test_matches_are_written_to_a_file(tmp_path: Path, rules_file: Path) -> None:
    data, out = write_dataset(tmp_path, make_rows()), tmp_path / "matches.csv"
    try_rules(str(data), rules_file, label_delay="7d", unit="s", out=str(out))
    lines = out.read_text().splitlines()
    assert lines[0] == "rule,transaction_id,timestamp_ms,account_id,merchant_id,amount,is_fraud"
    assert lines[1] == f"large,t0,{FIRST_SECONDS * 1000},a0,m1,50,1"
    assert len(lines) == 6


def test_faulty_rules_are_a_user_error(tmp_path: Path, rules_file: Path) -> None:
    rules_file.write_text("threshold: 2\n")
    with pytest.raises(UserError, match=r"rules\.yaml:1:12: "):
        try_rules(str(write_dataset(tmp_path, make_rows())), rules_file, label_delay="7d")


@pytest.mark.parametrize(
    ("row", "mention"),
    [
        ("t12,a1,m1,much,1600000000,0", "amount 'much'"),
        ("t3,a1,m1,5,1600000000,0", "'t3', first used on line 5"),
    ],
)
def test_invalid_row_is_a_user_error(tmp_path: Path, rules_file: Path, row: str, mention: str) -> None:
    data = write_dataset(tmp_path, [*make_rows(), row])
    with pytest.raises(UserError) as caught:
        try_rules(str(data), rules_file, label_delay="7d")
    assert f"{data}: line 14: " in caught.value.message
    assert mention in caught.value.message
