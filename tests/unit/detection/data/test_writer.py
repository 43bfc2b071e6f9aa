from pathlib import Path

import pytest

from detection.data.columns import Labelled
from detection.data.dataset import Dataset
from detection.data.writer import check_suffix, write
from detection.errors import DetectionError
from tests.unit.detection.transactions import transaction

ROWS = [
    Labelled(transaction("t1", amount="12.50"), False, ""),
    Labelled(transaction("t2", amount="220.01", timestamp=1_522_540_800_123), True, "large"),
]


@pytest.mark.parametrize("name", ["f.csv", "f.parquet"])
def test_what_is_written_is_read_again(tmp_path: Path, name: str) -> None:
    write(tmp_path / name, ROWS)
    assert list(Dataset(tmp_path / name).rows()) == ROWS


def test_a_file_is_csv_or_parquet_by_its_name() -> None:
    check_suffix(Path("f.parquet"))
    with pytest.raises(DetectionError, match="neither"):
        check_suffix(Path("f.txt"))
