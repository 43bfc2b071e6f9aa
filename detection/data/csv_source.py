"""Rows of a CSV file with a header, delimited by comma, semicolon or tab."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from detection.data.columns import COLUMNS
from detection.data.csv_header import split_header
from detection.errors import DatasetError

# Without a limit, an unclosed quote would read the rest of the file as one cell.
_MAX_CELL_CHARACTERS = 64 << 10


class CsvSource:
    """One file. It can be read repeatedly, but by one reader at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stream: TextIO | None = None
        self._line = 0
        self._size_bytes = path.stat().st_size
        self._delimiter = ","
        header = ",".join(next(self._records(), []))
        columns, self._delimiter = split_header(header, COLUMNS)
        self.column_names = tuple(columns)

    def rows(self) -> Iterator[list[str]]:
        """The cells of each row, empty for a missing value. Raises DatasetError for invalid CSV."""
        records = self._records()
        next(records, None)
        return records

    @property
    def position(self) -> str:
        """The position of the last row, such as "line 17"."""
        return f"line {self._line}"

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
                        self._line = reader.line_num
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


def _find_undecodable_line(path: Path) -> int:
    """The number of the first line that is not UTF-8. A text stream decodes many lines at once."""
    with path.open("rb") as stream:
        for number, line in enumerate(stream, start=1):
            try:
                line.decode()
            except UnicodeDecodeError:
                return number
    return 0
