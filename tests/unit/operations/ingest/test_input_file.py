"""Reading JSON lines and CSV: what is posted, what is refused, and that no text is lost on the way."""

import io
import json
from decimal import Decimal

import pytest

from operations.ingest.input_file import LONGEST_RECORD_BYTES, Record, read
from terminal.errors import UserError

HEADER = b"transaction_id,account_id,merchant_id,amount,currency,timestamp,country,device_id\n"


def records(content: bytes, name: str = "file", asked: str = "") -> list[Record]:
    return list(read(io.BytesIO(content), name, asked).records)


def rows(content: bytes) -> list[Record]:
    return records(HEADER + content, "file.csv")


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.jsonl", b"", "jsonl"),
        ("a.NDJSON", b"", "jsonl"),
        ("a.csv", b"", "csv"),
        ("-", b'\n  {"a":1}', "jsonl"),
        ("-", b"\n" + HEADER, "csv"),
        ("a.txt", b'\xef\xbb\xbf{"a":1}', "jsonl"),
    ],
)
def test_the_format_is_that_of_the_name_or_the_looks(name: str, content: bytes, expected: str) -> None:
    assert read(io.BytesIO(content), name).format == expected


def test_the_format_asked_for_goes_before_the_name() -> None:
    assert read(io.BytesIO(HEADER), "file.jsonl", "csv").format == "csv"


def test_an_unknown_format_lists_the_right_ones() -> None:
    with pytest.raises(UserError, match=r"'xml'.*jsonl, csv"):
        records(b"", asked="xml")


def test_a_json_line_is_posted_as_it_is() -> None:
    line = b'{"amount": 1.10, "transaction_id": "a"}'
    assert records(line + b"\r\n", "f.jsonl") == [Record(1, line + b"\r\n", line)]


def test_a_byte_order_mark_is_no_part_of_the_first_line() -> None:
    assert records(b"\xef\xbb\xbf{}\n", "f.jsonl")[0].body == b"{}"
    assert rows(b"")[:] == records(b"\xef\xbb\xbf" + HEADER, "f.csv")


def test_lines_are_counted_with_the_blank_ones() -> None:
    assert [record.line for record in records(b"\n{}\n\n \r\n{}", "f.jsonl")] == [2, 5]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b'{"a": }', "not JSON: Expecting value, column 7"),
        (b"[1]x", "not JSON: Extra data, column 4"),
        (b"17", "not a JSON object"),
        (b'{"a": "\xff"}', "not UTF-8: byte 8 of the line"),
        (b'{"a":' * 100_000, "not a transaction: nested too deeply"),
    ],
)
def test_a_line_that_is_no_json_object_says_why_and_the_next_goes_on(line: bytes, problem: str) -> None:
    found = records(b"{}\n" + line + b"\n{}\n", "f.jsonl")
    assert [record.problem for record in found] == ["", problem, ""]
    assert found[1].raw == line + b"\n"


def test_a_json_array_is_explained() -> None:
    with pytest.raises(UserError, match=r"one JSON array.*jq -c"):
        records(b'[\n{"a": 1}]', "f.json")


def test_utf16_is_explained() -> None:
    with pytest.raises(UserError, match="UTF-16"):
        records("a,b".encode("utf-16"), "f.csv")


def test_a_file_without_lines_is_not_read_whole() -> None:
    stream = io.BytesIO(b"x" * (LONGEST_RECORD_BYTES * 3))
    with pytest.raises(UserError, match="longer than"):
        list(read(stream, "f.jsonl").records)
    assert stream.tell() < LONGEST_RECORD_BYTES * 2


def test_a_cell_keeps_its_text_and_an_empty_one_is_absent() -> None:
    (record,) = rows(b"t1,a1,m1,0012.5000,EUR,1700000000000,,x\n")
    body = json.loads(record.body, parse_int=Decimal)
    assert body["amount"] == "0012.5000"
    assert body["timestamp"] == Decimal(1700000000000)
    assert "country" not in body


@pytest.mark.parametrize("cell", ["1.7e12", "yesterday", "\u0661", "9" * 30])
def test_a_timestamp_that_is_no_integer_is_left_for_the_api_to_refuse(cell: str) -> None:
    (record,) = rows(f"t1,a1,m1,1,EUR,{cell},,\n".encode())
    assert json.loads(record.body)["timestamp"] == cell


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_other_delimiters_are_found_out(delimiter: str) -> None:
    content = (HEADER + b"t1,a1,m1,1,EUR,5,,\r\n").replace(b",", delimiter.encode())
    assert json.loads(records(content, "f.csv")[0].body)["currency"] == "EUR"


def test_a_quoted_cell_may_hold_delimiters_quotes_and_line_breaks() -> None:
    first, second = rows(b't1,a1,m1,1,EUR,5,,"a ""b"",\r\nc"\r\nt2,a1,m1,1,EUR,5,,\n')
    assert json.loads(first.body)["device_id"] == 'a "b",\r\nc'
    assert first.raw.count(b"\n") == 2
    assert (first.line, second.line) == (2, 4)


def test_a_row_with_other_cells_than_columns_says_so() -> None:
    found = rows(b"t1,a1\nt2,a1,m1,1,EUR,5,,\nt3,a1,m1,1,EUR,5,,,\n")
    assert [record.problem for record in found] == ["2 cells, but 8 columns", "", "9 cells, but 8 columns"]


def test_a_quote_that_is_never_closed_costs_its_own_line_alone() -> None:
    good = b"t2,a1,m1,1,EUR,5,,\n"
    found = rows(b't1,a1,m1,1,EUR,5,,"oops\n' + good * 3)
    assert [record.problem != "" for record in found] == [True, False, False, False]
    assert "never closed" in found[0].problem
    assert [record.line for record in found] == [2, 3, 4, 5]


def test_two_stray_quotes_do_not_swallow_the_rows_between_them() -> None:
    good = b"t2,a1,m1,1,EUR,5,,\n"
    found = rows(b't1,a1,m1,1,EUR,5,,"oops\n' + good + b't3,a1,m1,1,EUR,5,,oops"x\n' + good)
    assert [bool(record.problem) for record in found] == [True, False, False, False]
    assert json.loads(found[2].body)["device_id"] == 'oops"x'


@pytest.mark.parametrize(
    ("header", "said"),
    [
        (HEADER.replace(b"country", b"land"), "unknown land"),
        (HEADER.replace(b"amount,", b""), "missing amount"),
        (HEADER.replace(b"country", b"amount"), "repeated amount"),
        (b"t1,a1,m1,1,EUR,5,,\n", "missing transaction_id"),
    ],
)
def test_wrong_columns_are_named_with_the_right_ones(header: bytes, said: str) -> None:
    with pytest.raises(UserError, match=rf"{said}.*Columns: transaction_id, "):
        records(header, "f.csv")


def test_columns_may_be_in_any_order_and_have_spaces_around() -> None:
    header = b" currency , amount,timestamp,merchant_id,account_id,transaction_id\n"
    (record,) = records(header + b"EUR,1,5,m,a,t\n", "f.csv")
    assert json.loads(record.body)["transaction_id"] == "t"


def test_an_empty_file_holds_no_records() -> None:
    assert records(b"", "f.csv") == records(b"", "f.jsonl") == records(b"") == []


@pytest.mark.parametrize("name", ["f.csv", "f.jsonl"])
def test_every_byte_after_the_header_is_in_some_record(name: str) -> None:
    content = b't1,"a\nb\n"x,"\nt2,a1,m1,1,EUR,5,,\n{"a"\n\xff\n"unclosed,\n1,2\n'
    header = HEADER if name == "f.csv" else b""
    assert b"".join(record.raw for record in records(header + content, name)) == content
