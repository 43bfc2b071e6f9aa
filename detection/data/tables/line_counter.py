"""The lines of the rows that pyarrow reads from a text file."""

import csv

import numpy as np
import pyarrow
import pyarrow.csv
from numpy.typing import NDArray
from pyarrow import compute

from detection.data.tables.table_batch import MalformedRow
from detection.data.tables.text_format import TextHeader, count_line_breaks, split_lines


class LineCounter:
    """The line of each row. pyarrow numbers malformed rows by record, from 1, with the header."""

    def __init__(self, header: TextHeader) -> None:
        self._format = header.format
        self._next_record = header.rows + 1
        # Line breaks in quotes before the next record.
        self._breaks = header.lines - header.rows
        self._pending: list[tuple[int, int, str]] = []
        self._ready: list[MalformedRow] = []
        self.is_last_broken = False

    def add_malformed(self, row: pyarrow.csv.InvalidRow) -> str:
        self._pending.append((row.number, row.expected_columns, row.text))
        return "skip"

    def count(self, batch: pyarrow.RecordBatch) -> NDArray[np.int64]:
        """The line of each row of the next batch."""
        skipped = np.array([number for number, _, _ in self._pending], np.int64)
        records = np.arange(self._next_record, self._next_record + batch.num_rows + len(skipped))
        records = records[~np.isin(records, skipped)][: batch.num_rows]
        breaks = np.zeros(len(records), np.int64)
        for column in batch.columns:
            if _has_line_break(column):
                breaks += _count_line_breaks(column)
        self.is_last_broken = bool(breaks.size and breaks[-1])
        malformed = [row for row in self._pending if row[0] < records[-1]] if len(records) else []
        if not malformed and not breaks.any():
            self._next_record = int(records[-1]) + 1 if len(records) else self._next_record
            return records + self._breaks
        return self._count_exactly(records, breaks, malformed)

    def _count_exactly(
        self, records: NDArray[np.int64], breaks: NDArray[np.int64], malformed: list[tuple[int, int, str]]
    ) -> NDArray[np.int64]:
        before = np.cumsum(breaks) - breaks + self._breaks
        for record, expected, text in malformed:
            later = records > record
            index = int(np.argmax(later))
            self._ready.append(self._describe(record + int(before[index]), expected, text))
            before[later] += count_line_breaks(text)
        del self._pending[: len(malformed)]
        self._next_record = int(records[-1]) + 1
        self._breaks = int(before[-1] + breaks[-1])
        return records + before

    def take_malformed(self, *, is_end: bool = False) -> tuple[MalformedRow, ...]:
        """The malformed rows before the last row that was counted, and at the end the others."""
        if is_end:
            for record, expected, text in self._pending:
                self._ready.append(self._describe(record + self._breaks, expected, text))
                self._breaks += count_line_breaks(text)
            self._pending.clear()
        # Spreadsheets leave rows of delimiters.
        ready = tuple(row for row in self._ready if any(cell.strip() for cell in row.cells))
        self._ready.clear()
        return ready

    def _describe(self, line: int, expected: int, text: str) -> MalformedRow:
        quote = self._format.quote
        if text.count(quote) % 2:
            self.is_last_broken |= count_line_breaks(text.rstrip("\r\n")) > 0
            return MalformedRow(line, [text], "not valid CSV: a quote is not closed")
        reader = csv.reader(split_lines(text), delimiter=self._format.delimiter, quotechar=quote)
        try:
            cells = next(reader, [])
        except csv.Error:
            return MalformedRow(line, [text], "not valid CSV: a cell is too long")
        reason = f"the row has {len(cells)} cells, but the header has {expected} columns"
        return MalformedRow(line, cells, reason)


def _has_line_break(column: pyarrow.StringArray) -> bool:
    """Whether any text has a line break. A search in all texts at once takes a tenth of the time."""
    buffer = column.buffers()[-1]
    texts = buffer.to_pybytes() if buffer is not None else b""
    return b"\n" in texts or b"\r" in texts


def _count_line_breaks(column: pyarrow.StringArray) -> NDArray[np.int64]:
    feeds, returns, pairs = (
        compute.count_substring(column, text).to_numpy().astype(np.int64) for text in ("\n", "\r", "\r\n")
    )
    return np.asarray(feeds + returns - pairs)
