"""Datasets: files of transactions, checked as a whole and then read row by row in constant memory."""

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import NoReturn

from detection.data.columns import UNIT_NAMES, ColumnLayout, LabelledTransaction, infer_unit
from detection.data.dates import format_timestamp
from detection.data.row_errors import BadRowError, Unit
from detection.data.sources import open_source
from detection.errors import DatasetError

_BATCH_ROWS = 10_000
# The earliest row whose id an earlier row has.
_FIRST_DUPLICATE = """
SELECT id, number, earlier FROM (
    SELECT id, number, lag(number) OVER (PARTITION BY id ORDER BY number) AS earlier FROM ids
    WHERE id IN (SELECT id FROM ids GROUP BY id HAVING count(*) > 1)
) WHERE earlier IS NOT NULL ORDER BY number LIMIT 1
"""


@dataclass(frozen=True)
class DatasetSummary:
    """The number of transactions and frauds, and the range of timestamps in epoch milliseconds."""

    transactions: int
    frauds: int
    first_ms: int
    last_ms: int


class Dataset:
    """Transactions in order of time. The file can be read repeatedly, but by one reader at a time.

    `unit`: the unit of timestamps, by default inferred from the first one. `labels`: whether the label column
    is required. The constructor and all methods raise DatasetError.
    """

    def __init__(self, path: Path, *, unit: Unit | None = None, labels: bool = True) -> None:
        self.path = path
        self._source = open_source(path)
        self.size_bytes = path.stat().st_size
        self._layout = ColumnLayout(self._source.column_names, unit or "s", unit_is_given=unit is not None)
        self._check_columns(labels=labels)
        if unit is None:
            self._layout = ColumnLayout(self._source.column_names, self._infer_unit())

    @property
    def done_bytes(self) -> int:
        """The approximate number of bytes that the current reader has read."""
        return self._source.done_bytes

    def notes(self) -> list[str]:
        """Assumptions about the file, one line each, that a user checks before trusting a result."""
        notes = []
        if not self._layout.unit_is_given:
            unit = UNIT_NAMES[self._layout.unit]
            notes.append(f"{self.path}: timestamps are read as {unit} since 1970. Override with --unit.")
        if self._layout.ignored_columns:
            notes.append(f"{self.path}: unused columns: {', '.join(self._layout.ignored_columns)}")
        return notes

    def rows(self) -> Iterator[LabelledTransaction]:
        """The transactions, in the order of the file."""
        parse_row, latest_ms = self._layout.row_parser(), 0
        try:
            for cells in self._source.rows():
                labelled = parse_row(cells)
                time_ms = labelled.transaction.timestamp
                if time_ms < latest_ms:
                    self._reject_order(time_ms, latest_ms)
                latest_ms = time_ms
                yield labelled
        except BadRowError as error:
            raise self._row_error(str(error)) from error

    def check(self, progress: Callable[[int], None] = lambda _: None) -> DatasetSummary:
        """Read the whole file, so that no later step fails at a bad row. Ids must be unique.

        `progress` receives the number of bytes read.
        """
        count = frauds = first_ms = last_ms = 0
        rows = self.rows()
        # SQLite holds the ids in a temporary file and sorts them there, in constant memory.
        with closing(sqlite3.connect("")) as ids:
            ids.execute("CREATE TABLE ids (number INTEGER PRIMARY KEY, id TEXT)")
            while batch := [(self._source.number, labelled) for labelled in islice(rows, _BATCH_ROWS)]:
                ids.executemany(
                    "INSERT INTO ids VALUES (?, ?)",
                    ((number, labelled.transaction.transaction_id) for number, labelled in batch),
                )
                count += len(batch)
                frauds += sum(bool(labelled.is_fraud) for _, labelled in batch)
                first_ms = first_ms or batch[0][1].transaction.timestamp
                last_ms = batch[-1][1].transaction.timestamp
                progress(self.done_bytes)
            duplicate = ids.execute(_FIRST_DUPLICATE).fetchone()
        if duplicate:
            row_id, number, earlier = duplicate
            unit = self._source.unit
            raise self._error(
                f"{unit} {number}: duplicate transaction_id '{row_id}', first used on {unit} {earlier}",
                "Remove one of the rows.",
            )
        return DatasetSummary(count, frauds, first_ms, last_ms)

    def _reject_order(self, time_ms: int, latest_ms: int) -> NoReturn:
        raise self._row_error(
            f"not sorted by time: {format_timestamp(time_ms)} follows {format_timestamp(latest_ms)}",
            "Sort the file by timestamp.",
        )

    def _check_columns(self, *, labels: bool) -> None:
        names = self._layout.names
        if missing := self._layout.missing_columns(labels=labels):
            raise self._error(
                f"missing columns: {', '.join(missing)}; the file has {', '.join(names) or 'no columns'}",
                "Add or rename columns.",
            )
        if repeated := [name for name, times in Counter(names).items() if times > 1]:
            raise self._error(f"duplicate columns: {', '.join(repeated)}", "Remove or rename columns.")

    def _infer_unit(self) -> Unit:
        first_row = next(self._source.rows(), None)
        if first_row is None:
            raise self._error("the file has a header but no transactions", "Add transactions.")
        try:
            return infer_unit(dict(zip(self._layout.names, first_row, strict=False)).get("timestamp", ""))
        except BadRowError as error:
            raise self._row_error(str(error)) from error

    def _row_error(self, message: str, hint: str = "Correct or remove the row.") -> DatasetError:
        return self._error(f"{self._source.unit} {self._source.number}: {message}", hint)

    def _error(self, message: str, hint: str) -> DatasetError:
        return DatasetError(f"{self.path}: {message}.", hint)
