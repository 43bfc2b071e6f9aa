import json
from pathlib import Path
from typing import Any

import pytest

from cli.rules.trial import Asked, try_rules
from terminal.errors import UserError
from tests.unit.detection.files import written

RULES = """\
threshold: 0.5
rules:
  - {id: large, weight: 0.5, reason: Large, when: 'amount > money(10, "EUR")'}
  - {id: merchant, weight: 0.5, reason: Merchant, when: merchant_fraud_30d > 0.5}
"""
DAY = 86_400
FIRST = 1_522_540_800


def _rows() -> list[str]:
    """A fraud a day at m1, for twelve days; small amounts but for the first two."""
    return [
        f"t{day},a{day},m1,{50 if day < 2 else 5},{FIRST + day * DAY},{int(day != 1)}" for day in range(12)
    ]


def _asked(folder: Path, rows: list[str], **changes: Any) -> Asked:
    (folder / "rules.yaml").write_text(RULES)
    asked = Asked(str(written(folder, rows)), folder / "rules.yaml", "7d", "s", "", True)
    return asked._replace(**changes)


def test_rules_are_tried_on_what_was_known_at_each_transaction(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    try_rules(_asked(tmp_path, _rows()))
    told = json.loads(capsys.readouterr().out)
    large, merchant = told["rules"]
    assert (told["transactions"], told["labelled"], told["frauds"]) == (12, 12, 11)
    assert (large["flagged"], large["frauds"], large["precision"]) == (2, 1, 0.5)
    assert (merchant["flagged"], merchant["precision"]) == (3, 1.0)
    assert told["together"]["flagged"] == 5


def test_labels_that_come_sooner_are_known_sooner(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    try_rules(_asked(tmp_path, _rows(), label_delay="30d"))
    assert json.loads(capsys.readouterr().out)["rules"][1]["flagged"] == 0


def test_table_has_precision_and_recall_where_there_are_labels(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    try_rules(_asked(tmp_path, _rows(), as_json=False))
    out = capsys.readouterr().out
    assert "12 transactions, 11 fraud" in out
    assert "50.0 %" in out


def test_without_labels_only_what_is_flagged_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [row.rpartition(",")[0] for row in _rows()]
    header = "transaction_id,account_id,merchant_id,amount,timestamp"
    file = written(tmp_path, rows, header, "bare.csv")
    try_rules(_asked(tmp_path, [])._replace(data=str(file), as_json=False))
    out = capsys.readouterr().out
    assert "12 transactions, without labels" in out
    assert "precision" not in out


def test_what_each_rule_holds_for_can_be_written_to_a_file(tmp_path: Path) -> None:
    try_rules(_asked(tmp_path, _rows(), out=str(tmp_path / "held.csv")))
    lines = (tmp_path / "held.csv").read_text().splitlines()
    assert lines[0] == "rule,transaction_id,timestamp_ms,account_id,merchant_id,amount,is_fraud"
    assert lines[1] == f"large,t0,{FIRST * 1000},a0,m1,50,1"
    assert len(lines) == 6


def test_rules_that_are_wrong_are_the_users_to_correct(tmp_path: Path) -> None:
    asked = _asked(tmp_path, _rows())
    asked.rules.write_text("threshold: 2\n")
    with pytest.raises(UserError, match=r"rules\.yaml:1:12: threshold"):
        try_rules(asked)


@pytest.mark.parametrize(
    ("last", "message"),
    [("t12,a1,m1,much,1600000000,0", "line 14: .*amount"), ("t3,a1,m1,5,1600000000,0", "'t3' was on line 5")],
)
def test_file_that_is_wrong_is_the_users_to_correct(tmp_path: Path, last: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        try_rules(_asked(tmp_path, [*_rows(), last]))
