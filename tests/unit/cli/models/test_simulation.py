import csv
from pathlib import Path
from typing import Any

import pytest

from cli.models.simulation import write_simulation
from detection.data.dataset import Dataset
from terminal.errors import UserError

SMALL: dict[str, Any] = {"customers": "60", "terminals": "60", "days": "20"}


@pytest.mark.parametrize("world", ["payments", "handbook"])
@pytest.mark.parametrize("name", ["past.csv", "past.parquet"])
def test_simulated_file_is_a_dataset_and_its_counts_are_shown(
    tmp_path: Path, name: str, world: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write_simulation(str(tmp_path / name), world=world, **SMALL)
    summary = Dataset(tmp_path / name).check()
    output = capsys.readouterr().out
    assert output.startswith(f"{tmp_path / name}: {summary.transactions:,} ")
    assert f" {summary.frauds:,} " in output
    assert summary.transactions > 100


def test_file_depends_on_the_seed_only(tmp_path: Path) -> None:
    for name, seed in (("a.csv", 3), ("b.csv", 3), ("c.csv", 4)):
        write_simulation(str(tmp_path / name), seed=seed, **SMALL)
    first, same_seed, different_seed = (
        (tmp_path / name).read_bytes() for name in ("a.csv", "b.csv", "c.csv")
    )
    assert first == same_seed != different_seed


def test_payments_are_written_with_the_optional_columns(tmp_path: Path) -> None:
    write_simulation(str(tmp_path / "past.csv"), customers="200", terminals="100", days="60")
    with (tmp_path / "past.csv").open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    for name in ("currency", "country", "channel", "merchant_category", "device_id", "ip_address"):
        assert any(row[name] for row in rows), name
    refund = next(row for row in rows if row["type"] == "refund")
    assert refund["original_transaction_id"] in {row["transaction_id"] for row in rows}


def test_files_of_the_handbook_have_its_columns_only(tmp_path: Path) -> None:
    write_simulation(str(tmp_path / "past.csv"), world="handbook", **SMALL)
    header = (tmp_path / "past.csv").read_text().partition("\n")[0]
    assert header == "transaction_id,account_id,merchant_id,amount,timestamp,is_fraud,scenario"


@pytest.mark.parametrize(
    ("options", "mention"),
    [
        ({"out": "past.txt"}, "past.txt"),
        ({"out": "/none/past.csv"}, "/none/past.csv"),
        ({"world": "mars"}, "--world: 'mars'"),
        ({"start": "spring"}, "--start: 'spring'"),
        ({"customers": "0"}, "--customers: 0"),
        ({"terminals": "49"}, "--terminals: 49"),
        ({"days": "-3"}, "--days: '-3'"),
    ],
)
def test_invalid_option_is_a_user_error_and_writes_no_file(
    tmp_path: Path, options: dict[str, str], mention: str
) -> None:
    with pytest.raises(UserError) as caught:
        write_simulation(**{"out": str(tmp_path / "past.csv"), **SMALL, **options})
    assert mention in caught.value.message
    assert list(tmp_path.iterdir()) == []
