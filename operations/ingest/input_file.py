"""Reads records from JSON lines or CSV, each with its line number and original text.

The values are not validated here: the API does that.
"""

import codecs
import csv
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Literal

import msgspec

from detection.data.tables.text_format import UNDECLARED, read_header
from functions.common.domain import transaction
from functions.common.domain.fields import Field
from functions.labels import label
from terminal.command_line import command_line
from terminal.errors import UserError

Format = Literal["jsonl", "csv", "table"]
FORMATS: tuple[Format, ...] = ("jsonl", "csv")
SUFFIXES: dict[str, Format] = {".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl", ".csv": "csv"}

# The API takes 16 KiB. The limits prevent that a file without line breaks is read into memory.
MAX_RECORD_BYTES = 1 << 20
MAX_ROW_BYTES = 64 << 10
# More digits do not fit into the 64 bits of a timestamp.
_MAX_INTEGER_DIGITS = 18


@dataclass(frozen=True)
class RecordSchema:
    """The name, task and fields of a kind of record.

    `integer_fields` are posted as JSON numbers if they come from a CSV file, all other cells as strings.
    """

    name: str
    task: str
    fields: tuple[Field, ...]
    integer_fields: tuple[str, ...]

    @property
    def field_names(self) -> tuple[str, ...]:
        return tuple(field.name for field in self.fields)


TRANSACTION_SCHEMA = RecordSchema("transaction", "send", transaction.TRANSACTION_FIELDS, ("timestamp",))
LABEL_SCHEMA = RecordSchema("label", "label", label.LABEL_FIELDS, ("timestamp", "reported_at"))


@dataclass(frozen=True)
class Record:
    """One record: its original bytes, and either the `body` to post or the `error` that prevents it.

    `line` is the number of its first line in the file, from 1.
    """

    line: int
    raw: bytes
    body: bytes = b""
    error: str = ""


@dataclass(frozen=True)
class InputFile:
    """An open file: its format, the original bytes of its header, and its records.

    `notes` are assumptions about the file. `left_out` counts the rows that are not posted, by their kind,
    while the records are read, and `remarks` returns further notes after that. `size_bytes` is that of all
    records, None if it is not known. `encoding` is that of the original bytes.
    """

    format: Format
    header: bytes
    records: Iterator[Record]
    notes: tuple[str, ...] = ()
    left_out: Counter[str] = field(default_factory=Counter)
    size_bytes: int | None = None
    remarks: Callable[[], Iterable[str]] = tuple
    encoding: str = "utf-8"


def read_input(
    stream: BinaryIO, name: str, file_format: str = "", schema: RecordSchema = TRANSACTION_SCHEMA
) -> InputFile:
    """Open `stream`. Without `file_format`, the suffix of `name` or the first line decides.

    Raises UserError for an unknown format or a file that is invalid as a whole.
    """
    if file_format:
        check_format(file_format)
    lines = _Lines(stream, name, schema)
    if (file_format or SUFFIXES.get(Path(name).suffix.lower()) or lines.detect_format()) == "jsonl":
        if lines.peek().lstrip().startswith(b"["):
            post = command_line(schema.task, "-", format="jsonl")
            raise UserError(
                f"{name} contains a JSON array, not one {schema.name} per line.",
                f"Convert it: jq -c '.[]' {name} | {post}",
            )
        return InputFile("jsonl", b"", _read_json_lines(lines, schema))
    while not (header := lines.take()).text.strip() and header.text:
        pass
    columns, delimiter = _read_header(header.text, name, schema)
    return InputFile("csv", header.text, _read_csv_rows(lines, columns, delimiter, schema))


def check_format(text: str) -> Format:
    """The format of the option `--format`. Raises UserError."""
    file_format = next((known for known in FORMATS if known == text), None)
    if file_format is None:
        raise UserError(f"--format: '{text}' is unknown.", f"Use one of: {', '.join(FORMATS)}.")
    return file_format


@dataclass(frozen=True)
class _Line:
    number: int
    text: bytes


class _Lines:
    """The lines of a stream with their numbers; lines can be put back and read again."""

    def __init__(self, stream: BinaryIO, name: str, schema: RecordSchema) -> None:
        self._stream = stream
        self._name = name
        self._schema = schema
        self._count = 0
        self._put_back: list[_Line] = []

    def take(self) -> _Line:
        """Read the next line with its line break, without a byte order mark; an empty text at the end."""
        if self._put_back:
            return self._put_back.pop()
        text = self._stream.readline(MAX_RECORD_BYTES + 1)
        self._count += 1
        if len(text) > MAX_RECORD_BYTES:
            raise UserError(
                f"{self._name}:{self._count}: the line is longer than {MAX_RECORD_BYTES} bytes.",
                f"Use JSON lines or CSV, with one {self._schema.name} per line.",
            )
        if self._count == 1:
            if text.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in text:
                raise UserError(f"{self._name} is encoded in UTF-16.", "Save it in UTF-8.")
            text = text.removeprefix(codecs.BOM_UTF8)
        return _Line(self._count, text)

    def put_back(self, lines: list[_Line]) -> None:
        """Let `take` return the lines again, in this order."""
        self._put_back.extend(reversed(lines))

    def peek(self) -> bytes:
        """Return the first line that is not blank without taking it."""
        taken = [self.take()]
        while taken[-1].text and not taken[-1].text.strip():
            taken.append(self.take())
        self.put_back(taken)
        return taken[-1].text

    def detect_format(self) -> Format:
        """Return the format by the first character that is not blank."""
        return "jsonl" if self.peek().lstrip().startswith((b"{", b"[")) else "csv"


def _read_json_lines(lines: _Lines, schema: RecordSchema) -> Iterator[Record]:
    while (line := lines.take()).text:
        body = line.text.strip()
        if body:
            # Posted as it is: decoding and encoding again would change some numbers.
            yield Record(line.number, line.text, body, _find_json_error(body, schema))


def _find_json_error(body: bytes, schema: RecordSchema) -> str:
    try:
        value = json.loads(body.decode("utf-8"), parse_float=str, parse_int=str)
    except UnicodeDecodeError as error:
        return f"not UTF-8: byte {error.start + 1} of the line"
    except json.JSONDecodeError as error:
        return f"not JSON: {error.msg}, column {error.colno}"
    except RecursionError:
        return f"not a {schema.name}: nested too deeply"
    return "" if isinstance(value, dict) else "not a JSON object"


def _read_header(header: bytes, name: str, schema: RecordSchema) -> tuple[list[str], str]:
    """Return the columns and the delimiter. Raises UserError for unknown, missing and repeated columns."""
    if not header.strip():
        return [], ","
    try:
        text = header.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UserError(
            f"{name}:1: byte {error.start + 1} is not UTF-8.", "Save the file in UTF-8."
        ) from error
    if "\r" in text.rstrip("\r\n"):
        raise UserError(
            f"{name}:1: the lines end with a carriage return only.",
            f"Convert them: tr '\\r' '\\n'. Or save a file: {command_line(schema.task, 'FILE')}",
        )
    read = read_header(header, UNDECLARED, schema.field_names, name, is_whole=True)
    columns, delimiter = list(read.names), read.format.delimiter
    errors = {
        "unknown": [column or "''" for column in columns if column not in schema.field_names],
        "missing": [field.name for field in schema.fields if field.required and field.name not in columns],
        "repeated": sorted({column or "''" for column in columns if columns.count(column) > 1}),
    }
    if details := "; ".join(f"{error} {', '.join(names)}" for error, names in errors.items() if names):
        raise UserError(
            f"{name}: the columns in the first line are wrong: {details}.",
            f"Use these columns: {', '.join(schema.field_names)}.",
        )
    return columns, delimiter


def _read_csv_rows(
    lines: _Lines, columns: list[str], delimiter: str, schema: RecordSchema
) -> Iterator[Record]:
    while (row := _take_row(lines)) is not None:
        raw = b"".join(line.text for line in row)
        if not raw.strip():
            continue
        try:
            cells = next(csv.reader([raw.decode("utf-8")], delimiter=delimiter, strict=True))
        except UnicodeDecodeError as error:
            yield Record(row[0].number, raw, error=f"not UTF-8: byte {error.start + 1} of the line")
        except csv.Error as error:
            # A stray quote joins unrelated lines. Only the first line is known to be wrong.
            lines.put_back(row[1:])
            unclosed = len(row) == 1 and _has_open_quote(raw)
            reason = "a quote is opened and never closed" if unclosed else str(error)
            yield Record(row[0].number, row[0].text, error=f"not CSV: {reason}")
        else:
            if len(cells) == len(columns):
                yield Record(row[0].number, raw, _encode_row(columns, cells, schema))
            else:
                reason = f"{len(cells)} cells, but {len(columns)} columns"
                yield Record(row[0].number, raw, error=reason)


def _take_row(lines: _Lines) -> list[_Line] | None:
    """Take the lines of the next row, up to the end of its last quoted cell; None at the end of the file.

    If a quote is never closed, takes the first line only, so that the rows after it are read.
    """
    row = [lines.take()]
    if not row[0].text:
        return None
    is_open, size = _has_open_quote(row[0].text), len(row[0].text)
    while is_open:
        line = lines.take()
        size += len(line.text)
        if not line.text or size > MAX_ROW_BYTES:
            lines.put_back([*row[1:], line] if line.text else row[1:])
            return row[:1]
        row.append(line)
        is_open ^= _has_open_quote(line.text)
    return row


def _has_open_quote(text: bytes) -> bool:
    return text.count(b'"') % 2 == 1


def _encode_row(columns: list[str], cells: list[str], schema: RecordSchema) -> bytes:
    """Return the JSON body of a row. Cells stay strings, so that amounts are exact. Omits empty cells."""
    present = {column: cell for column, cell in zip(columns, cells, strict=True) if cell != ""}
    values = {
        column: _convert_cell(cell, is_integer=column in schema.integer_fields)
        for column, cell in present.items()
    }
    return msgspec.json.encode(values)


def _convert_cell(cell: str, *, is_integer: bool) -> str | int:
    digits = cell.removeprefix("-")
    if is_integer and digits.isascii() and digits.isdecimal() and len(digits) <= _MAX_INTEGER_DIGITS:
        return int(cell)
    return cell
