"""Rows of a CSV file with a header; comma, semicolon or tab stand between the cells."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from detection.data.columns import COLUMNS
from detection.errors import DatasetError

_DELIMITERS = (",", ";", "\t")
# A quote that is never closed would otherwise take the rest of the file for one cell.
_LONGEST_CELL = 64 << 10


class CsvSource:
    """One file. It can be read again and again, but by one reader at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stream: TextIO | None = None
        self._line = 0
        self._done_bytes = path.stat().st_size
        self._delimiter = ","
        header = next(self._records(), [])
        self._delimiter = max(_DELIMITERS, key=lambda delimiter: _known(_split(header, delimiter)))
        self.names = tuple(name.strip() for name in _split(header, self._delimiter))

    def rows(self) -> Iterator[list[str]]:
        records = self._records()
        next(records, None)
        return records

    @property
    def place(self) -> str:
        return f"line {self._line}"

    @property
    def done_bytes(self) -> int:
        return self._stream.buffer.tell() if self._stream else self._done_bytes

    def _records(self) -> Iterator[list[str]]:
        with self._path.open(encoding="utf-8-sig", newline="") as stream:
            self._stream = stream
            csv.field_size_limit(_LONGEST_CELL)
            reader = csv.reader(stream, delimiter=self._delimiter, strict=True)
            try:
                for cells in reader:
                    if cells:
                        self._line = reader.line_num
                        yield cells
            except csv.Error as error:
                raise DatasetError(f"{self._path}: line {reader.line_num}: not CSV: {error}.") from error
            except UnicodeDecodeError as error:
                raise DatasetError(f"{self._path}: line {_undecodable(self._path)}: not UTF-8.") from error
            finally:
                self._stream = None


def _split(header: list[str], delimiter: str) -> list[str]:
    return next(csv.reader([",".join(header)], delimiter=delimiter), [])


def _known(names: list[str]) -> int:
    return len({name.strip() for name in names} & set(COLUMNS))


def _undecodable(path: Path) -> int:
    """The line that is not UTF-8: a text stream decodes many at once and cannot say."""
    with path.open("rb") as stream:
        for number, line in enumerate(stream, start=1):
            try:
                line.decode()
            except UnicodeDecodeError:
                return number
    return 0
