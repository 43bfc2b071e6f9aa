"""JSON lines and CSV: bodies, errors, and the original bytes of each record."""

import io
import json
from decimal import Decimal

import pytest

from operations.ingest.input_file import MAX_RECORD_BYTES, Record, read_input
from terminal.errors import UserError

HEADER = b"transaction_id,account_id,merchant_id,amount,currency,timestamp,country,device_id\n"


def records(content: bytes, name: str = "file", file_format: str = "") -> list[Record]:
    return list(read_input(io.BytesIO(content), name, file_format).records)


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
def test_format_is_detected_from_the_name_or_the_content(name: str, content: bytes, expected: str) -> None:
    assert read_input(io.BytesIO(content), name).format == expected


def test_requested_format_overrides_the_name() -> None:
    assert read_input(io.BytesIO(HEADER), "file.jsonl", "csv").format == "csv"


def test_unknown_format_is_refused_with_the_supported_ones() -> None:
    with pytest.raises(UserError) as raised:
        records(b"", file_format="xml")
    assert raised.value.message.startswith("--format: 'xml'")
    assert "jsonl, csv" in raised.value.hint


def test_json_line_is_posted_unchanged() -> None:
    line = b'{"amount": 1.10, "transaction_id": "a"}'
    assert records(line + b"\r\n", "f.jsonl") == [Record(1, line + b"\r\n", line)]


def test_byte_order_mark_is_removed() -> None:
    assert records(b"\xef\xbb\xbf{}\n", "f.jsonl")[0].body == b"{}"
    assert rows(b"")[:] == records(b"\xef\xbb\xbf" + HEADER, "f.csv")


def test_line_numbers_count_blank_lines() -> None:
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
def test_invalid_json_line_has_an_error_and_the_next_line_is_read(line: bytes, problem: str) -> None:
    read = records(b"{}\n" + line + b"\n{}\n", "f.jsonl")
    assert [record.error for record in read] == ["", problem, ""]
    assert read[1].raw == line + b"\n"


def test_json_array_is_refused_with_a_conversion_command() -> None:
    with pytest.raises(UserError) as raised:
        records(b'[\n{"a": 1}]', "f.json")
    assert "jq -c '.[]' f.json | invoke send - --format jsonl" in raised.value.hint


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32-be"])
@pytest.mark.parametrize("name", ["f.csv", "f.jsonl"])
def test_utf16_is_refused(encoding: str, name: str) -> None:
    with pytest.raises(UserError) as raised:
        records('{"a": 1}\n'.encode(encoding), name)
    assert "UTF-16" in raised.value.message


def test_file_without_line_breaks_is_not_read_into_memory() -> None:
    stream = io.BytesIO(b"x" * (MAX_RECORD_BYTES * 3))
    with pytest.raises(UserError) as raised:
        list(read_input(stream, "f.jsonl").records)
    assert raised.value.message.startswith("f.jsonl:1")
    assert stream.tell() < MAX_RECORD_BYTES * 2


def test_cell_is_a_string_and_an_empty_cell_is_absent() -> None:
    (record,) = rows(b"t1,a1,m1,0012.5000,EUR,1700000000000,,x\n")
    body = json.loads(record.body, parse_int=Decimal)
    assert body["amount"] == "0012.5000"
    assert body["timestamp"] == Decimal(1700000000000)
    assert "country" not in body


@pytest.mark.parametrize("cell", ["1.7e12", "yesterday", "\u0661", "9" * 30])
def test_invalid_timestamp_is_posted_as_a_string(cell: str) -> None:
    (record,) = rows(f"t1,a1,m1,1,EUR,{cell},,\n".encode())
    assert json.loads(record.body)["timestamp"] == cell


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_delimiter_is_detected(delimiter: str) -> None:
    content = (HEADER + b"t1,a1,m1,1,EUR,5,,\r\n").replace(b",", delimiter.encode())
    assert json.loads(records(content, "f.csv")[0].body)["currency"] == "EUR"


def test_quoted_cell_may_contain_delimiters_quotes_and_line_breaks() -> None:
    first, second = rows(b't1,a1,m1,1,EUR,5,,"a ""b"",\r\nc"\r\nt2,a1,m1,1,EUR,5,,\n')
    assert json.loads(first.body)["device_id"] == 'a "b",\r\nc'
    assert first.raw.count(b"\n") == 2
    assert (first.line, second.line) == (2, 4)


def test_wrong_number_of_cells_is_an_error_of_the_row() -> None:
    read = rows(b"t1,a1\nt2,a1,m1,1,EUR,5,,\nt3,a1,m1,1,EUR,5,,,\n")
    assert [record.error for record in read] == ["2 cells, but 8 columns", "", "9 cells, but 8 columns"]


def test_unclosed_quote_affects_its_own_line_only() -> None:
    good = b"t2,a1,m1,1,EUR,5,,\n"
    read = rows(b't1,a1,m1,1,EUR,5,,"oops\n' + good * 3)
    assert [record.error != "" for record in read] == [True, False, False, False]
    assert read[0].error.startswith("not CSV")
    assert [record.line for record in read] == [2, 3, 4, 5]


def test_two_stray_quotes_do_not_hide_the_rows_between_them() -> None:
    good = b"t2,a1,m1,1,EUR,5,,\n"
    read = rows(b't1,a1,m1,1,EUR,5,,"oops\n' + good + b't3,a1,m1,1,EUR,5,,oops"x\n' + good)
    assert [bool(record.error) for record in read] == [True, False, False, False]
    assert json.loads(read[2].body)["device_id"] == 'oops"x'


@pytest.mark.parametrize(
    ("header", "details"),
    [
        (HEADER.replace(b"country", b"land"), "unknown land"),
        (HEADER.replace(b"amount,", b""), "missing amount"),
        (HEADER.replace(b"country", b"amount"), "repeated amount"),
        (b"t1,a1,m1,1,EUR,5,,\n", "missing transaction_id"),
    ],
)
def test_wrong_columns_are_named_with_the_expected_ones(header: bytes, details: str) -> None:
    with pytest.raises(UserError) as raised:
        records(header, "f.csv")
    assert details in raised.value.message
    assert "transaction_id, account_id" in raised.value.hint


def test_lines_that_end_with_a_carriage_return_only_are_refused() -> None:
    with pytest.raises(UserError) as raised:
        records((HEADER + b"t1,a1,m1,1,EUR,5,,\n").replace(b"\n", b"\r"), "-", "csv")
    assert "carriage return" in raised.value.message


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_quoted_header_is_read_with_every_delimiter(delimiter: str) -> None:
    header = delimiter.join(f'"{name}"' for name in HEADER.decode().strip().split(","))
    (record,) = records(
        f"{header}\n{delimiter.join(['t', 'a', 'm', '1', 'EUR', '5', '', ''])}\n".encode(), "-"
    )
    assert json.loads(record.body)["currency"] == "EUR"


def test_columns_may_be_in_any_order_and_padded_with_spaces() -> None:
    header = b" currency , amount,timestamp,merchant_id,account_id,transaction_id\n"
    (record,) = records(header + b"EUR,1,5,m,a,t\n", "f.csv")
    assert json.loads(record.body)["transaction_id"] == "t"


def test_empty_file_has_no_records() -> None:
    assert records(b"", "f.csv") == records(b"", "f.jsonl") == records(b"") == []


@pytest.mark.parametrize("name", ["f.csv", "f.jsonl"])
def test_every_byte_after_the_header_is_part_of_a_record(name: str) -> None:
    content = b't1,"a\nb\n"x,"\nt2,a1,m1,1,EUR,5,,\n{"a"\n\xff\n"unclosed,\n1,2\n'
    header = HEADER if name == "f.csv" else b""
    assert b"".join(record.raw for record in records(header + content, name)) == content
