"""Writes CSV."""

import csv
from collections.abc import Iterable
from typing import TextIO


class CsvWriter:
    """Writes rows that end with a line feed.

    Python's writer leaves a carriage return in a cell unquoted, which ends the row for most readers.
    """

    def __init__(self, stream: TextIO, delimiter: str = ",", quote: str = '"') -> None:
        self._usual, self._quoted = (
            csv.writer(stream, delimiter=delimiter, quotechar=quote, lineterminator="\n", quoting=quoting)
            for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_ALL)
        )

    def write(self, cells: Iterable[object]) -> None:
        """Write one row."""
        row = tuple(cells)
        has_return = any("\r" in str(cell) for cell in row)
        (self._quoted if has_return else self._usual).writerow(row)
