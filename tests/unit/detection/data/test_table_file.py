import bz2
import gzip
import os
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow
import pytest
from pyarrow import parquet

from detection.data.table_file import Table, open_table, read_first_batch
from detection.data.tables.text_format import TextFormat
from detection.errors import DatasetError, EmptyDatasetError

Cells = list[tuple[int, dict[str, str]]]


def open_bytes(folder: Path, content: bytes, declared: TextFormat = TextFormat()) -> Table:  # noqa: B008
    path = folder / "f"
    path.write_bytes(content)
    return open_table(path, declared)


def read_records(table: Table) -> Cells:
    return [record for batch in table.batches() for record in batch.records()]


def read_error(folder: Path, content: bytes) -> str:
    with pytest.raises(DatasetError) as caught:
        read_records(open_bytes(folder, content))
    return caught.value.message.removeprefix(f"{folder}/")


@pytest.mark.parametrize(
    "content",
    [
        b"a,b\n1,2\n3,4\n",
        b"a,b\r\n1,2\r\n3,4",
        b"a,b\r1,2\r3,4\r",
        b'"a";"b"\n1;2\n3;4\n',
        b'"a"\t"b"\r\n"1"\t"2"\r\n3\t4\r\n',
        b"a|b\n1|2\n3|4\n",
        b"a,b,\n1,2\n3,4\n",
        b"\xef\xbb\xbfa,b\n1,2\n3,4\n",
        "a,b\n1,2\n3,4\n".encode("utf-16"),
        "\N{BYTE ORDER MARK}a;b\r\n1;2\r\n3;4".encode("utf-16-be"),
        gzip.compress(b"a,b\n1,2\n3,4\n", mtime=0),
        b"\xef\xbb\xbf\xef\xbb\xbfa,b\n1,2\n3,4\n",
    ],
)
def test_common_formats_are_detected(tmp_path: Path, content: bytes) -> None:
    assert read_records(open_bytes(tmp_path, content)) == [
        (2, {"a": "1", "b": "2"}),
        (3, {"a": "3", "b": "4"}),
    ]


@pytest.mark.parametrize("delimiter", ["^", "~", "\x01", ":", " "])
def test_rare_delimiter_is_detected_if_all_rows_have_it(tmp_path: Path, delimiter: str) -> None:
    rows = ["a,b,c", "1,2,3", "4,5,6", ""]
    table = open_bytes(tmp_path, "\n".join(rows).replace(",", delimiter).encode())
    assert read_records(table) == [(2, {"a": "1", "b": "2", "c": "3"}), (3, {"a": "4", "b": "5", "c": "6"})]


def test_title_before_the_header_has_one_column(tmp_path: Path) -> None:
    assert open_bytes(tmp_path, b"Report of May\na,b,c\n1,2,3\n4,5,6\n").column_names == ("Report of May",)


def test_quotes_after_a_blank_are_quotes(tmp_path: Path) -> None:
    table = open_bytes(tmp_path, b'"a", "b","c"\n"1", "2","3"\n4, "","x "\n')
    assert read_records(table) == [(2, {"a": "1", "b": "2", "c": "3"}), (3, {"a": "4", "b": "", "c": "x "})]


def test_declared_encoding_is_used(tmp_path: Path) -> None:
    table = open_bytes(tmp_path, "a,b\nZoë,é\n".encode("latin-1"), TextFormat(encoding="latin-1"))
    assert read_records(table) == [(2, {"a": "Zoë", "b": "é"})]
    assert table.facts["encoding"] == "latin-1"


def test_cells_in_single_quotes_are_unquoted(tmp_path: Path) -> None:
    assert read_records(open_bytes(tmp_path, b"a,b\n'1,5','x y'\n")) == [(2, {"a": "1,5", "b": "x y"})]


def test_numbers_are_lines_after_quoted_line_breaks_and_blank_lines(tmp_path: Path) -> None:
    records = read_records(open_bytes(tmp_path, b'\n"a\nb",c\n1,"2\n2"\n\n3,4\n,\n5,6\n'))
    assert [(number, cells["c"]) for number, cells in records] == [(4, "2\n2"), (7, "4"), (9, "6")]


@pytest.mark.parametrize(
    ("content", "numbers"),
    [
        (b"a,b\n1,2\r3,4\n5,6\r\n7,8\n", [2, 3, 4, 5]),
        (b'a,b\n"1\r1",2\n3,"4\r\n4"\n5,6\n', [2, 4, 6]),
        (b'a,b\r"1\n1",2\r3,4\r', [2, 4]),
        ("a,b\n1\x85,2\n3\u2028,4\n".encode(), [2, 3]),
    ],
)
def test_each_kind_of_line_break_ends_a_line_and_no_other_character_does(
    tmp_path: Path, content: bytes, numbers: list[int]
) -> None:
    assert [number for number, _ in read_records(open_bytes(tmp_path, content))] == numbers


def test_columns_without_a_name_get_one_and_empty_ones_at_the_end_are_dropped(tmp_path: Path) -> None:
    table = open_bytes(tmp_path, b",a,b,,\n0,1,2,,\n")
    assert table.column_names == ("Unnamed: 0", "a", "b", "Unnamed: 3", "Unnamed: 4")
    assert open_bytes(tmp_path, b"a,b\n1,2,\n3,4,\n").column_names[:2] == ("a", "b")


def test_repeated_column_gets_a_number(tmp_path: Path) -> None:
    table = open_bytes(tmp_path, b"Account,B,Account\n1,2,3\n")
    assert read_records(table) == [(2, {"Account": "1", "B": "2", "Account.1": "3"})]


def test_rows_of_another_width_are_malformed_and_keep_their_line(tmp_path: Path) -> None:
    [batch, *rest] = open_bytes(tmp_path, b'a,b\n1,"2\n2"\n3\n4,5\n6,7,8\n').batches()
    malformed = [row for part in (batch, *rest) for row in part.malformed]
    assert [(row.number, row.cells) for row in malformed] == [(4, ["3"]), (6, ["6", "7", "8"])]
    assert batch.numbers.tolist() == [2, 5]


def test_line_breaks_in_a_malformed_row_are_counted(tmp_path: Path) -> None:
    [batch] = open_bytes(tmp_path, b'a,b\n"3\n3",4,5\n6,7\n').batches()
    assert ([row.number for row in batch.malformed], batch.numbers.tolist()) == ([2], [4])
    [batch] = open_bytes(tmp_path, b'a,b\n"3\r3",4,5\r6\n6,7\n').batches()
    assert ([row.number for row in batch.malformed], batch.numbers.tolist()) == ([2, 4], [5])


def test_lines_are_exact_across_blocks(tmp_path: Path) -> None:
    wide = "x" * 300
    rows = [f'{number},"{wide}\n"' if number % 7 == 0 else f"{number},{wide}" for number in range(20_000)]
    rows[15_001] = "alone"
    table = open_bytes(tmp_path, "\n".join(["a,b", *rows]).encode())
    lines = [batch for batch in table.batches() if len(batch.numbers)]
    numbers = {int(cells["a"]): number for batch in lines for number, cells in batch.records()}
    expected = 2
    for index, row in enumerate(rows):
        assert numbers.get(index, expected) == expected
        expected += 1 + row.count("\n")
    [malformed] = [row for batch in table.batches() for row in batch.malformed]
    assert malformed.number == numbers[15_000] + 1


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (b"a,b\n1,2\n3,\xe9\n", "line 3"),
        (b"a,b\n1,2\n3,4,\xe9\n", "line 3"),
        (b'a,b\n1,2\n3,"4\n5,6\n', "line 3"),
        (b'a,b\n1,2\n"3,4\n5,6\n7,8\n', "line 3"),
        (b"a,b\n1,2\n3,\0\n", "line 3"),
        (b'{"a": 1}\n', "contains JSON"),
        (b'a,b\n1,2\n3,"4\n' + b"5,6\n" * 600_000, "line 3"),
        (b"a,b\n1,2\n3," + b"6" * 3_000_000, "line 3"),
        ("a,b\n1,2\n".encode("utf-16-le"), "line 1"),
        (gzip.compress(b"a,b\n1,2\n" * 9999, mtime=0)[:-9], ""),
        (gzip.compress(gzip.compress(b"a,b\n1,2\n")), "contains another compressed file"),
        (b"\x1f\x8bxxxx", ""),
        (b"PK\x03\x04xxxx", ""),
        (b"PAR1 xx", ""),
        (b'a,b\n1,2\n3,"4', "line 3"),
        (gzip.compress(b'a,b\n1,2\n3,"4', mtime=0), "line 3"),
        ("a,b\n1,2\n3,\u4e4e".encode("utf-16")[:-1], "line 3"),
        ("a,b\n1,2\n3,Zo\u00eb".encode()[:-1], "line 3"),
        (b"a,b\n1,\0" + b"2" * 9 + b"\n", "line 2: the file contains a zero byte"),
        (b"a,b\n" + b"1,2\n" * 50_000 + b"1,\0\n", "line 50002: the file contains a zero byte"),
    ],
)
def test_unreadable_file_is_an_error_with_its_line(tmp_path: Path, content: bytes, place: str) -> None:
    message = read_error(tmp_path, content)
    assert message.startswith(f"f: {place}") or not place


@pytest.mark.parametrize("content", [b"", b" \n\n", b"\xef\xbb\xbf", gzip.compress(b"", mtime=0)])
def test_empty_file_is_an_error(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(EmptyDatasetError):
        open_bytes(tmp_path, content)


@pytest.mark.parametrize("content", [b"a,b", b"a,b\n", b"a,b\r\n\r\n"])
def test_header_alone_has_no_rows(tmp_path: Path, content: bytes) -> None:
    assert read_records(open_bytes(tmp_path, content)) == []


@pytest.mark.parametrize(
    ("names", "mention"),
    [((), "0 files"), (("a.csv", "b.csv"), "2 files"), (("[Content_Types].xml",), "workbook")],
)
def test_zip_must_contain_one_text_file(tmp_path: Path, names: tuple[str, ...], mention: str) -> None:
    with zipfile.ZipFile(tmp_path / "f.zip", "w") as archive:
        for name in names:
            archive.writestr(name, "a,b\n1,2\n")
    with pytest.raises(DatasetError, match=mention):
        open_table(tmp_path / "f.zip")


def test_zip_with_one_file_is_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "f.zip", "w") as archive:
        archive.writestr("folder/a.csv", "a,b\n1,2\n")
        archive.writestr("__MACOSX/folder/._a.csv", "x")
        archive.writestr("folder/.DS_Store", "x")
    table = open_table(tmp_path / "f.zip")
    assert read_records(table) == [(2, {"a": "1", "b": "2"})]
    assert table.facts["compression"] == "zip"


def test_types_of_parquet_become_exact_texts(tmp_path: Path) -> None:
    time = datetime(1969, 7, 20, 20, 17, tzinfo=UTC)
    columns = {
        "ns": pyarrow.array([time], pyarrow.timestamp("ns")),
        "zone": pyarrow.array([time], pyarrow.timestamp("ms", "Europe/Berlin")),
        "day": [date(1970, 1, 2)],
        "decimal": [Decimal("12.50")],
        "float": [1e20],
        "whole": [4.0],
        "flag": [True],
        "name": pyarrow.array(["x"]).dictionary_encode(),
        "null": pyarrow.array([None], pyarrow.int64()),
        "nan": [float("nan")],
        "bytes": [b"x"],
        "hash": [b"\xff\x00"],
        "ascii": [b"\x01a"],
        "uuid": pyarrow.array([bytes(range(16))], pyarrow.uuid()),
    }
    parquet.write_table(pyarrow.table(columns), tmp_path / "f.parquet")
    [(number, cells)] = read_records(open_table(tmp_path / "f.parquet"))
    assert number == 1
    assert (cells["ns"][:19], cells["zone"][:19]) == ("1969-07-20 20:17:00",) * 2
    assert (cells["ns"][-1], cells["zone"][-1]) == ("0", "Z")
    names = ("day", "decimal", "float", "flag", "name", "null", "nan", "bytes", "hash", "ascii", "uuid")
    assert {name: cells[name] for name in names} == {
        "day": "1970-01-02",
        "decimal": "12.50",
        "float": "100000000000000000000",
        "flag": "true",
        "name": "x",
        "null": "",
        "nan": "",
        "bytes": "x",
        "hash": "ff00",
        "ascii": "0161",
        "uuid": "00010203-0405-0607-0809-0a0b0c0d0e0f",
    }


def test_comma_in_the_names_of_other_columns_is_no_delimiter(tmp_path: Path) -> None:
    table = open_bytes(tmp_path, b"Amount (EUR, net);Day\n1,50;2\n")
    assert read_records(table) == [(2, {"Amount (EUR, net)": "1,50", "Day": "2"})]


def test_folder_is_an_error_with_the_task_that_reads_folders(tmp_path: Path) -> None:
    with pytest.raises(DatasetError) as caught:
        open_table(tmp_path)
    assert "train" in caught.value.hint


def test_repeated_columns_of_parquet_get_a_number(tmp_path: Path) -> None:
    columns = [pyarrow.array([number]) for number in (1, 2, 3)]
    parquet.write_table(pyarrow.Table.from_arrays(columns, names=["a", "b", "a"]), tmp_path / "f.parquet")
    table = open_table(tmp_path / "f.parquet")
    assert read_records(table) == [(1, {"a": "1", "b": "2", "a.1": "3"})]
    assert [list(batch.columns) for batch in table.batches(["a.1"])] == [["a.1"]]


def test_line_that_names_the_delimiter_is_no_header(tmp_path: Path) -> None:
    assert read_records(open_bytes(tmp_path, b"sep=;\r\na;b\r\n1;2\r\n")) == [(3, {"a": "1", "b": "2"})]
    assert read_records(open_bytes(tmp_path, b"sep=:\na:b\n1:2\n")) == [(3, {"a": "1", "b": "2"})]


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"ARROW1\0\0xx", "Arrow"),
        (b"\x80\x04\x95\0xx", "pickle"),
        (bz2.compress(b"a,b\n1,2\n"), "bzip2"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "workbook"),
        (b" <HTML><table>", "HTML"),
    ],
)
def test_file_of_another_format_is_named(tmp_path: Path, content: bytes, name: str) -> None:
    with pytest.raises(DatasetError, match=name):
        open_bytes(tmp_path, content)


def test_text_that_begins_like_another_format_is_read(tmp_path: Path) -> None:
    assert read_records(open_bytes(tmp_path, b"BZh9,b\n1,2\n")) == [(2, {"BZh9": "1", "b": "2"})]


def test_quote_within_the_last_line_is_no_open_quote(tmp_path: Path) -> None:
    assert read_records(open_bytes(tmp_path, b'a,b\n1,2\n3,5" pipe')) == [
        (2, {"a": "1", "b": "2"}),
        (3, {"a": "3", "b": '5" pipe'}),
    ]
    assert len(read_records(open_bytes(tmp_path, b'a,b\n1,2\n3,"4\n5"'))) == 2


def test_pipe_is_an_error(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("-")):
        with pytest.raises(DatasetError, match="pipe"):
            open_table(path)


def test_header_without_the_name_of_an_index_is_an_error_with_a_hint(tmp_path: Path) -> None:
    table = open_bytes(tmp_path, b'"a","b"\n"1",1,2\n"2",3,4\n')
    with pytest.raises(DatasetError, match="line 2: the row has 3 cells") as caught:
        read_first_batch(table)
    assert "R" in caught.value.hint
