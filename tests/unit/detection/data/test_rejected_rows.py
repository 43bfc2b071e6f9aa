import csv
from pathlib import Path

import pytest

from detection.data.dataset import Dataset
from detection.data.inspection import inspect_file
from detection.errors import DatasetError, DetectionError, EmptyDatasetError
from tests.unit.detection.files import FIRST, HEADER, SECOND, write_dataset

LAST = "t9,a9,m1,1,1522540809,0"
BAD_ROWS = [
    "t3,a,m,much,1522540802,0",
    "t4,a,m,1,1522540802",
    "t5,a,m,1,1522540000,0",
    "t1,a,m,1,1522540803,0",
]


def read_rejects(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_bad_rows_are_set_aside_with_their_reasons(tmp_path: Path) -> None:
    header = f"{HEADER},weather"
    rows = [
        f"{row},sunny" for row in (FIRST, SECOND, *BAD_ROWS, *[f"{LAST[:2]}{n},{LAST[3:]}" for n in range(9)])
    ]
    dataset = Dataset(write_dataset(tmp_path, rows, header), rejects=tmp_path / "bad.csv")
    summary = dataset.check()
    assert (summary.transactions, summary.frauds, summary.rejected) == (11, 1, 4)
    rejects = {row["line"]: row for row in read_rejects(tmp_path / "bad.csv")}
    assert sorted(rejects) == ["4", "5", "6", "7"]
    assert rejects["4"]["weather"] == "sunny"
    assert "amount 'much'" in rejects["4"]["reason"]
    assert "cells" in rejects["5"]["reason"]
    assert "not sorted" in rejects["6"]["reason"]
    assert "first used on line 2" in rejects["7"]["reason"]
    assert [row.transaction.transaction_id for row in dataset.rows()][:2] == ["t1", "t2"]
    assert len(list(dataset.rows())) == 11


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_card_numbers_are_masked_in_rejects_and_errors(tmp_path: Path, encoding: str) -> None:
    bad = "t3,4111-1111-1111-1111,m1,4111 1111 1111 1111,1522540802,0"
    duplicate = f"4111111111111111{LAST[2:]}"
    path = write_dataset(tmp_path, [FIRST, SECOND, bad, duplicate, duplicate])
    path.write_bytes(path.read_text().encode(encoding))
    with pytest.raises(DatasetError) as caught:
        Dataset(path).check()
    Dataset(path, rejects=tmp_path / "bad.csv").check()
    written = (tmp_path / "bad.csv").read_text()
    assert "4111" not in written + str(caught.value) + caught.value.message
    assert len(read_rejects(tmp_path / "bad.csv")) == 2


def test_first_bad_row_ends_the_run_without_the_option(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="line 4: amount 'much'") as caught:
        Dataset(write_dataset(tmp_path, [FIRST, SECOND, *BAD_ROWS])).check()
    assert "--rejects" in caught.value.hint or "--columns" in caught.value.hint


def test_good_file_has_an_empty_file_of_rejects(tmp_path: Path) -> None:
    dataset = Dataset(write_dataset(tmp_path), rejects=tmp_path / "bad.csv")
    assert dataset.check().rejected == 0
    assert read_rejects(tmp_path / "bad.csv") == []


def test_more_bad_rows_than_good_ones_are_an_error(tmp_path: Path) -> None:
    dataset = Dataset(write_dataset(tmp_path, [FIRST, *BAD_ROWS]), rejects=tmp_path / "bad.csv")
    with pytest.raises(DatasetError, match="line 3: amount 'much'"):
        dataset.check()
    assert not (tmp_path / "bad.csv").exists()


def test_file_of_rejects_must_be_writable(tmp_path: Path) -> None:
    dataset = Dataset(write_dataset(tmp_path), rejects=tmp_path / "none/bad.csv")
    with pytest.raises(DetectionError, match=r"none/bad\.csv"):
        dataset.check()


def test_header_without_rows_is_an_empty_dataset(tmp_path: Path) -> None:
    with pytest.raises(EmptyDatasetError):
        Dataset(write_dataset(tmp_path, []))


def test_carriage_return_in_a_cell_ends_no_row(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_bytes(f'{HEADER}\n{FIRST}\nt3,"a\rb",m,bad,1522540801,0\n{SECOND}\n'.encode())
    rejects = tmp_path / "rejects.csv"
    assert Dataset(path, rejects=rejects).check().rejected == 1
    with rejects.open(encoding="utf-8", newline="") as stream:
        [_, row] = csv.reader(stream)
    assert row[3] == "a\rb"


def test_malformed_row_of_any_length_is_set_aside(tmp_path: Path) -> None:
    path = write_dataset(tmp_path, [FIRST, f"{'x' * 200_000},7", SECOND])
    csv.field_size_limit(1 << 16)
    assert Dataset(path, rejects=tmp_path / "rejects.csv").check().rejected == 1
    assert inspect_file(path).rejected[0].startswith("line 3: ")
