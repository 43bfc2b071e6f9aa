from pathlib import Path

import pytest

from detection.data.columns import LabelledTransaction
from detection.data.dataset import Dataset
from detection.data.payment_simulation import COLUMNS, simulate_payments
from detection.data.writer import check_suffix, write_transactions
from detection.errors import DetectionError
from tests.unit.detection.transactions import make_transaction

ROWS = [
    LabelledTransaction(make_transaction("t1", amount="12.50"), False, ""),
    LabelledTransaction(make_transaction("t2", amount="220.01", timestamp=1_522_540_800_123), True, "large"),
]


@pytest.mark.parametrize("name", ["f.csv", "f.parquet"])
def test_written_transactions_are_read_back(tmp_path: Path, name: str) -> None:
    write_transactions(tmp_path / name, ROWS)
    assert list(Dataset(tmp_path / name).rows()) == ROWS


@pytest.mark.parametrize("name", ["f.csv", "f.parquet"])
def test_optional_columns_are_read_back(tmp_path: Path, name: str) -> None:
    rows = list(simulate_payments(accounts=40, merchants=50, days=30, seed=1))
    write_transactions(tmp_path / name, rows, COLUMNS)
    assert list(Dataset(tmp_path / name).rows()) == rows


def test_suffix_must_name_a_format() -> None:
    check_suffix(Path("f.parquet"))
    with pytest.raises(DetectionError, match=r"^f\.txt:"):
        check_suffix(Path("f.txt"))
