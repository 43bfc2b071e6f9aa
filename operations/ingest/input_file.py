"""Reads what is to be posted from JSON lines or CSV, one record at a time, each with the text it came from.

It owns the two formats and no rule of a transaction or label: those are the API's.
"""

import codecs
import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

import msgspec

from functions.common.domain import transaction
from functions.common.domain.fields import Field
from terminal.errors import UserError

Format = Literal["jsonl", "csv"]
FORMATS: tuple[Format, ...] = ("jsonl", "csv")
SUFFIXES: dict[str, Format] = {".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl", ".csv": "csv"}

DELIMITERS = (",", ";", "\t")
# The API takes 16 KiB. Without a bound, a file that is no lines at all would be read into memory whole.
LONGEST_RECORD_BYTES = 1 << 20
LONGEST_ROW_BYTES = 64 << 10


@dataclass(frozen=True)
class Shape:
    """What each record of a file is `one` of, the fields that it may have, and the task that posts it.

    A cell has no type: `integers` are those of which the API expects a number and refuses a string.
    """

    one: str
    task: str
    fields: tuple[Field, ...]
    integers: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all fields."""
        return tuple(field.name for field in self.fields)


TRANSACTION = Shape("transaction", "send", transaction.FIELDS, ("timestamp",))


@dataclass(frozen=True)
class Record:
    """One thing to be posted: `raw` exactly as it came, and either the `body` to post or why there is none.

    `line` is where it starts in the file, counted from 1.
    """

    line: int
    raw: bytes
    body: bytes = b""
    problem: str = ""


@dataclass(frozen=True)
class Input:
    """An opened file: its format, its header exactly as it came (CSV only), and the records to read."""

    format: Format
    header: bytes
    records: Iterator[Record]


def read(stream: BinaryIO, name: str, asked: str = "", shape: Shape = TRANSACTION) -> Input:
    """The records of `stream`, in the format `asked` for, else that of the name, else what it looks like.

    A `UserError` if there is no such format or the file as a whole cannot be right.
    """
    if asked and asked not in FORMATS:
        raise UserError(f"There is no format '{asked}'.", f"Formats are: {', '.join(FORMATS)}.")
    lines = _Lines(stream, name, shape)
    if (asked or SUFFIXES.get(Path(name).suffix.lower()) or lines.sniff()) == "jsonl":
        if lines.first().lstrip().startswith(b"["):
            raise UserError(
                f"{name} holds one JSON array, not a {shape.one} per line.",
                f"Convert it first: jq -c '.[]' {name} | invoke {shape.task} - --format jsonl",
            )
        return Input("jsonl", b"", _json_records(lines, shape))
    while not (header := lines.take()).text.strip() and header.text:
        pass
    columns, delimiter = _columns(header.text, name, shape)
    return Input("csv", header.text, _csv_records(lines, columns, delimiter, shape))


@dataclass(frozen=True)
class _Line:
    number: int
    text: bytes


class _Lines:
    """The lines of a stream with their numbers; lines can be put back to be read again."""

    def __init__(self, stream: BinaryIO, name: str, shape: Shape) -> None:
        self._stream = stream
        self._name = name
        self._shape = shape
        self._count = 0
        self._waiting: list[_Line] = []

    def take(self) -> _Line:
        """The next line with its ending; an empty text at the end. The byte order mark is no part of it."""
        if self._waiting:
            return self._waiting.pop()
        text = self._stream.readline(LONGEST_RECORD_BYTES + 1)
        self._count += 1
        if len(text) > LONGEST_RECORD_BYTES:
            raise UserError(
                f"{self._name}:{self._count}: the line is longer than {LONGEST_RECORD_BYTES} bytes.",
                f"Is this JSON lines or CSV, a {self._shape.one} per line?",
            )
        if self._count == 1:
            if text.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                raise UserError(f"{self._name} is UTF-16.", "Save it as UTF-8.")
            text = text.removeprefix(codecs.BOM_UTF8)
        return _Line(self._count, text)

    def put_back(self, lines: list[_Line]) -> None:
        """Let `take` return these again, in this order."""
        self._waiting.extend(reversed(lines))

    def first(self) -> bytes:
        """The first line that is not blank, still to be taken."""
        taken = [self.take()]
        while taken[-1].text and not taken[-1].text.strip():
            taken.append(self.take())
        self.put_back(taken)
        return taken[-1].text

    def sniff(self) -> Format:
        """The format that the first line looks like."""
        return "jsonl" if self.first().lstrip().startswith((b"{", b"[")) else "csv"


def _json_records(lines: _Lines, shape: Shape) -> Iterator[Record]:
    while (line := lines.take()).text:
        body = line.text.strip()
        if body:
            # The line itself is what is sent: decoding and encoding would not keep every number exact.
            yield Record(line.number, line.text, body, _json_problem(body, shape))


def _json_problem(body: bytes, shape: Shape) -> str:
    try:
        value = json.loads(body.decode("utf-8"), parse_float=str, parse_int=str)
    except UnicodeDecodeError as error:
        return f"not UTF-8: byte {error.start + 1} of the line"
    except json.JSONDecodeError as error:
        return f"not JSON: {error.msg}, column {error.colno}"
    except RecursionError:
        return f"not a {shape.one}: nested too deeply"
    return "" if isinstance(value, dict) else "not a JSON object"


def _columns(header: bytes, name: str, shape: Shape) -> tuple[list[str], str]:
    """The columns, and what is between them; a `UserError` that names the wrong and the missing ones."""
    if not header.strip():
        return [], ","
    try:
        text = header.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UserError(f"{name}:1: not UTF-8: byte {error.start + 1}.", "Save it as UTF-8.") from error
    candidates = [(_cells(text, delimiter), delimiter) for delimiter in DELIMITERS]
    columns, delimiter = max(candidates, key=lambda candidate: len(set(candidate[0]) & set(shape.names)))
    columns = [column.strip() for column in columns]
    wrong = [column or "''" for column in columns if column not in shape.names]
    missing = [field.name for field in shape.fields if field.required and field.name not in columns]
    repeated = sorted({column for column in columns if columns.count(column) > 1})
    faults = {"unknown": wrong, "missing": missing, "repeated": repeated}
    said = "; ".join(f"{fault} {', '.join(names)}" for fault, names in faults.items() if names)
    if said:
        raise UserError(
            f"{name}: wrong columns in the first line: {said}.", f"Columns: {', '.join(shape.names)}."
        )
    return columns, delimiter


def _cells(text: str, delimiter: str) -> list[str]:
    return next(csv.reader([text], delimiter=delimiter), [])


def _csv_records(lines: _Lines, columns: list[str], delimiter: str, shape: Shape) -> Iterator[Record]:
    while (row := _take_row(lines)) is not None:
        raw = b"".join(line.text for line in row)
        if not raw.strip():
            continue
        try:
            cells = next(csv.reader([raw.decode("utf-8")], delimiter=delimiter, strict=True))
        except UnicodeDecodeError as error:
            yield Record(row[0].number, raw, problem=f"not UTF-8: byte {error.start + 1} of the line")
        except csv.Error as error:
            # A stray quote joins lines that do not belong together: only the first is known to be wrong.
            lines.put_back(row[1:])
            said = "a quote is opened and never closed" if len(row) == 1 and _open(raw) else str(error)
            yield Record(row[0].number, row[0].text, problem=f"not CSV: {said}")
        else:
            if len(cells) == len(columns):
                yield Record(row[0].number, raw, _body(columns, cells, shape))
            else:
                said = f"{len(cells)} cells, but {len(columns)} columns"
                yield Record(row[0].number, raw, problem=said)


def _take_row(lines: _Lines) -> list[_Line] | None:
    """The lines of the next row: further ones as long as a quote is open. None at the end.

    Where the quote is never closed, the first line alone, so that the rows after it are still read.
    """
    row = [lines.take()]
    if not row[0].text:
        return None
    still_open, size = _open(row[0].text), len(row[0].text)
    while still_open:
        line = lines.take()
        size += len(line.text)
        if not line.text or size > LONGEST_ROW_BYTES:
            lines.put_back([*row[1:], line] if line.text else row[1:])
            return row[:1]
        row.append(line)
        still_open ^= _open(line.text)
    return row


def _open(text: bytes) -> bool:
    """Whether the quotes of `text` do not pair up."""
    return text.count(b'"') % 2 == 1


def _body(columns: list[str], cells: list[str], shape: Shape) -> bytes:
    """The thing a row says: text as it is, so amounts stay exact; an empty cell is an absent field."""
    present = {column: cell for column, cell in zip(columns, cells, strict=True) if cell != ""}
    values = {column: _value(cell, integer=column in shape.integers) for column, cell in present.items()}
    return msgspec.json.encode(values)


def _value(cell: str, *, integer: bool) -> str | int:
    digits = cell.removeprefix("-")
    if integer and digits.isascii() and digits.isdecimal() and len(digits) < 19:  # noqa: PLR2004
        return int(cell)
    return cell
