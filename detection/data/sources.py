"""Rows of a dataset as text: CSV with a header, or Parquet converted to what a CSV file would hold.

A source reads row by row in constant memory, repeatedly, but by one reader at a time. `number` is the number
of the last row in the file, in the unit `unit`.
"""

import codecs
import csv
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import repeat
from pathlib import Path
from typing import TextIO

import pyarrow
from pyarrow import parquet

from detection.data.columns import COLUMNS
from detection.data.csv_header import split_header
from detection.errors import DatasetError

_PARQUET = b"PAR1"
_GZIP = b"\x1f\x8b"
# Without a limit, an unclosed quote would read the rest of the file as one cell.
_MAX_CELL_CHARACTERS = 64 << 10
_BATCH_ROWS = 8192


class CsvSource:
    """A file that is delimited by comma, semicolon or tab."""

    unit = "line"

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stream: TextIO | None = None
        self._size_bytes = path.stat().st_size
        self._delimiter = ","
        self.number = 0
        header = ",".join(next(self._records(), []))
        columns, self._delimiter = split_header(header, COLUMNS)
        self.column_names = tuple(columns)

    def rows(self) -> Iterator[list[str]]:
        """The cells of each row, empty for a missing value. Raises DatasetError for invalid CSV."""
        records = self._records()
        next(records, None)
        return records

    @property
    def done_bytes(self) -> int:
        """The approximate number of bytes read."""
        return self._stream.buffer.tell() if self._stream else self._size_bytes

    def _records(self) -> Iterator[list[str]]:
        with self._path.open(encoding="utf-8-sig", newline="") as stream:
            self._stream = stream
            csv.field_size_limit(_MAX_CELL_CHARACTERS)
            reader = csv.reader(stream, delimiter=self._delimiter, strict=True)
            try:
                for cells in reader:
                    if cells:
                        self.number = reader.line_num
                        yield cells
            except csv.Error as error:
                raise DatasetError(
                    f"{self._path}: line {reader.line_num}: not valid CSV: {error}.", "Check its quotes."
                ) from error
            except UnicodeDecodeError as error:
                line = _find_undecodable_line(self._path)
                raise DatasetError(f"{self._path}: line {line}: not UTF-8.", "Save it as UTF-8.") from error
            finally:
                self._stream = None


class ParquetSource:
    """A Parquet file. Columns that a dataset does not have are not read: their cells are empty."""

    unit = "row"

    def __init__(self, path: Path) -> None:
        self._path = path
        self._size_bytes = path.stat().st_size
        self.number = 0
        with self._open() as file:
            self.column_names = tuple(str(name) for name in file.schema_arrow.names)
            self._count = int(file.metadata.num_rows)

    def rows(self) -> Iterator[list[str]]:
        """The cells of each row, empty for a missing value. Raises DatasetError for invalid Parquet."""
        self.number = 0
        known = [name for name in self.column_names if name in COLUMNS]
        with self._open() as file:
            for batch in file.iter_batches(batch_size=_BATCH_ROWS, columns=known):
                columns = [
                    self._texts(batch, name) if name in known else repeat("") for name in self.column_names
                ]
                for row in zip(*columns, strict=False):
                    self.number += 1
                    yield list(row)

    @property
    def done_bytes(self) -> int:
        """The approximate number of bytes read."""
        return self._size_bytes * self.number // max(self._count, 1)

    @contextmanager
    def _open(self) -> Iterator[parquet.ParquetFile]:
        try:
            with parquet.ParquetFile(self._path) as file:
                yield file
        except (pyarrow.ArrowException, OSError) as error:
            details = str(error).splitlines()[0].rstrip(".")
            raise DatasetError(
                f"{self._path}: not valid Parquet: {details}.", "Write the file again."
            ) from error

    def _texts(self, batch: pyarrow.RecordBatch, name: str) -> Iterable[str]:
        values = batch.column(name)
        try:
            if pyarrow.types.is_timestamp(values.type):
                values = values.cast(pyarrow.timestamp("ms"), safe=False).cast(pyarrow.int64())
            texts: list[str] = values.cast(pyarrow.string()).fill_null("").to_pylist()
        except pyarrow.ArrowException as error:
            raise DatasetError(
                f"{self._path}: column {name} has the type {values.type}.", "Use strings or numbers."
            ) from error
        return texts


Source = CsvSource | ParquetSource


def open_source(path: Path) -> Source:
    """Open the file in the format of its first bytes. Raises DatasetError."""
    try:
        with path.open("rb") as stream:
            beginning = stream.read(4)
    except OSError as error:
        raise DatasetError(f"Cannot read {path}: {error.strerror}.", "Check the path.") from error
    if not beginning:
        raise DatasetError(f"{path}: the file is empty.", "Add a header and transactions.")
    if beginning.startswith(_GZIP):
        raise DatasetError(f"{path}: the file is compressed.", "Decompress it first.")
    if beginning.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise DatasetError(f"{path}: line 1: UTF-16 is not supported.", "Save it as UTF-8.")
    return ParquetSource(path) if beginning == _PARQUET else CsvSource(path)


def _find_undecodable_line(path: Path) -> int:
    """The number of the first line that is not UTF-8. A text stream decodes many lines at once."""
    with path.open("rb") as stream:
        for number, line in enumerate(stream, start=1):
            try:
                line.decode()
            except UnicodeDecodeError:
                return number
    return 0
