"""Rows of delimited text files and Parquet files as records: each row as it was, and its body or error."""

import codecs
import io
import string
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple, TypeGuard

from detection.data.column_map import ColumnMap, Unit
from detection.data.csv_writer import CsvWriter
from detection.data.row_faults import RowFault
from detection.data.table_file import Table, TableBatch, TextTable
from detection.data.tables.text_format import count_line_breaks
from detection.errors import DetectionError, EmptyDatasetError
from operations.ingest.input_file import Record, RecordSchema
from terminal.errors import EmptyFileError, UserError

_UNNAMED = "Unnamed: "


@dataclass(frozen=True)
class TableOptions:
    """The map of the columns, the zone of times without one, and the unit of times that are numbers.

    An option that is not given is None or empty. `posts_genuine`: whether labels `genuine` are posted from a
    file of transactions.
    """

    columns: ColumnMap | None = None
    timezone: str = ""
    unit: Unit | None = None
    posts_genuine: bool = False


class RowContent(NamedTuple):
    """The body to post for a row, or the error that prevents it."""

    body: bytes = b""
    error: str = ""


Convert = Callable[[TableBatch], Mapping[int, RowContent]]
"""Converts a batch to the content of each row by its number. Rows that are left out are missing."""


def read_rows(table: Table, convert: Convert) -> Iterator[Record]:
    """The records of a table, in the order of its rows. Raises UserError if the rest is not readable."""
    with closing(_open_original(table)) as original, translate_errors():
        for batch in table.batches():
            cells = zip(*(column.to_pylist() for column in batch.columns.values()), strict=True)
            rows: dict[int, Sequence[str]] = dict(zip(batch.numbers.tolist(), cells, strict=True))
            rows |= {row.number: row.cells for row in batch.malformed}
            contents = convert(batch)
            for number in sorted(contents):
                raw = original.read(number, rows[number])
                yield Record(number, raw, contents[number].body, contents[number].error)


def read_header(table: Table) -> bytes:
    """The header of a table, as rejected rows need it."""
    with closing(_open_original(table)) as original:
        return original.header


def original_encoding(table: Table) -> str:
    """The encoding of the records of `read_rows`."""
    return table.text_format.encoding if _has_original_lines(table) else "utf-8"


def original_size(table: Table) -> int | None:
    """The number of bytes in all records of `read_rows`; None if it is not known."""
    return table.size_bytes if _has_original_lines(table) else None


def check_columns(
    table: Table, has_columns: Collection[str], known: Collection[str], schema: RecordSchema
) -> None:
    """Raise UserError if the table has unknown columns or lacks required ones.

    `has_columns`: the fields that the table has. `known`: the columns that need no map.
    """
    names = [name for name in table.column_names if not name.startswith(_UNNAMED)]
    errors = {
        "unknown": [name for name in names if name.lower() not in known],
        "missing": [
            field.name for field in schema.fields if field.required and field.name not in has_columns
        ],
    }
    if details := "; ".join(f"{error} {', '.join(names)}" for error, names in errors.items() if names):
        raise UserError(
            f"{table.path}: the columns are wrong: {details}.",
            f"Use these columns: {', '.join(schema.field_names)}; or map the columns with --columns.",
        )


def describe_fault(fault: RowFault) -> str:
    """The reason for which a row cannot be posted, and what to do."""
    return f"{fault.reason}. {fault.hint}".strip().rstrip(".")


@contextmanager
def translate_errors() -> Iterator[None]:
    """Raise errors of detection as UserError."""
    try:
        yield
    except EmptyDatasetError as error:
        raise EmptyFileError(error.message, error.hint) from error
    except DetectionError as error:
        raise UserError(error.message, error.hint) from error


class _OriginalLines:
    """The header and rows of a text file, byte by byte, without a byte order mark."""

    def __init__(self, table: TextTable) -> None:
        # Latin-1 has a character for each byte.
        self._lines = table.path.open(encoding="latin-1", newline="")
        self._next_line = 1
        self.header = self._take(1, table.header.lines).removeprefix(codecs.BOM_UTF8)

    def read(self, number: int, cells: Sequence[str]) -> bytes:
        """The row that begins in this line. Rows are read in their order."""
        return self._take(number, 1 + sum(map(count_line_breaks, cells)))

    def close(self) -> None:
        self._lines.close()

    def _take(self, number: int, count: int) -> bytes:
        skipped = number - self._next_line
        self._next_line = number + count
        return "".join(islice(self._lines, skipped, skipped + count)).encode("latin-1")


class _WrittenRows:
    """The header and rows of any other file, written as text in UTF-8."""

    def __init__(self, table: Table) -> None:
        text_format = table.text_format
        self._delimiter, self._quote = text_format.delimiter or ",", text_format.quote or '"'
        self.header = self._write(table.header_names)

    def read(self, _number: int, cells: Sequence[str]) -> bytes:
        """The row with these cells."""
        return self._write(cells)

    def close(self) -> None:
        pass

    def _write(self, cells: Sequence[str]) -> bytes:
        text = io.StringIO()
        CsvWriter(text, self._delimiter, self._quote).write(cells)
        return text.getvalue().encode()


def _open_original(table: Table) -> _OriginalLines | _WrittenRows:
    return _OriginalLines(table) if _has_original_lines(table) else _WrittenRows(table)


def _has_original_lines(table: Table) -> TypeGuard[TextTable]:
    return (
        isinstance(table, TextTable)
        and not table.facts["compression"]
        # In UTF-16 and EBCDIC, the byte of a line break is a part of other characters.
        and string.printable.encode(table.text_format.encoding, "replace") == string.printable.encode("ascii")
    )
