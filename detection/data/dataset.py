"""Datasets: files of transactions, checked as a whole and then read row by row in constant memory."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import NoReturn

from detection.data.columns import UNIT_NAMES, ColumnLayout, LabelledTransaction, infer_unit
from detection.data.dates import format_timestamp
from detection.data.duplicates import DuplicateFinder
from detection.data.row_errors import BadRowError, Unit
from detection.data.sources import open_source
from detection.errors import DatasetError

_PROGRESS_ROWS = 10_000


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
        with DuplicateFinder() as duplicates:
            for labelled in self.rows():
                duplicates.add(labelled.transaction.transaction_id)
                last_ms = labelled.transaction.timestamp
                if labelled.is_fraud:
                    frauds += 1
                if not count % _PROGRESS_ROWS:
                    first_ms = first_ms or last_ms
                    progress(self.done_bytes)
                count += 1
            for earlier, later in duplicates.candidate_pairs():
                self._compare_ids(earlier, later)
        return DatasetSummary(count, frauds, first_ms, last_ms)

    def _reject_order(self, time_ms: int, latest_ms: int) -> NoReturn:
        raise self._row_error(
            f"not sorted by time: {format_timestamp(time_ms)} follows {format_timestamp(latest_ms)}",
            "Sort the file by timestamp.",
        )

    def _compare_ids(self, earlier: int, later: int) -> None:
        """Raise DatasetError if the ids of two rows, counted from 0, are equal."""
        column, ids = self._layout.names.index("transaction_id"), []
        for row, cells in enumerate(islice(self._source.rows(), later + 1)):
            if row in (earlier, later):
                ids.append((cells[column], self._source.position))
        (first_id, first_position), (second_id, _) = ids
        if first_id == second_id:
            raise self._row_error(
                f"duplicate transaction_id '{first_id}', first used on {first_position}",
                "Remove one of the rows.",
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
        return self._error(f"{self._source.position}: {message}", hint)

    def _error(self, message: str, hint: str) -> DatasetError:
        return DatasetError(f"{self.path}: {message}.", hint)
