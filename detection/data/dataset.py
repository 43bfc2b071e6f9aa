"""Datasets: files of transactions, checked as a whole and then read row by row in constant memory."""

import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from detection.data.batch_converter import BatchConverter, default_map
from detection.data.column_map import KNOWN_COLUMNS, LABEL, REQUIRED, ColumnMap, Unit
from detection.data.columns import LabelledTransaction, TransactionBatch, concatenate_batches
from detection.data.dataset_notes import ContentNotes, describe_assumptions
from detection.data.dates import format_timestamp
from detection.data.maps.map_reader import find_layout, layout_names
from detection.data.rejected_rows import RejectedRows, open_rejected_rows
from detection.data.row_faults import IDS, MAP_HINT, RowFault
from detection.data.table_file import TableBatch, open_table, read_first_batch
from detection.data.tables.text_format import UNDECLARED
from detection.data.times import TimeConverter, TimeKind
from detection.errors import DatasetError, EmptyDatasetError

_BATCH_ROWS = 8192
# Above it, a type of Parquet rounds integers.
_EXACT_INTEGERS = {"double": 1 << 53, "float": 1 << 24, "halffloat": 1 << 11}
# A double rounds nanoseconds, but not milliseconds.
_EXACT_TIMES = {"float": 1 << 24, "halffloat": 1 << 11}
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_ROW_HINT = "Correct or remove the row, or set such rows aside with --rejects FILE."
# The earliest row whose id an earlier row has.
_FIRST_DUPLICATE = """
SELECT id, number, earlier FROM (
    SELECT id, number, lag(number) OVER (PARTITION BY id ORDER BY number) AS earlier FROM ids
    WHERE id IN (SELECT id FROM ids GROUP BY id HAVING count(*) > 1)
) WHERE earlier IS NOT NULL ORDER BY number
"""


@dataclass(frozen=True)
class DatasetSummary:
    """The number of transactions and frauds, and the range of timestamps in epoch milliseconds.

    `unlabelled`: transactions without a label. `last_genuine_ms`: the last one with the label genuine, None
    without any. `rejected`: rows that are set aside. `left_out`: refunds and zero amounts that are left out.
    `notes` are findings that a user checks before trusting a result.
    """

    transactions: int
    frauds: int
    first_ms: int
    last_ms: int
    unlabelled: int = 0
    last_genuine_ms: int | None = field(default=None, compare=False)
    rejected: int = 0
    left_out: int = 0
    notes: tuple[str, ...] = field(default=(), compare=False)


class Dataset:
    """Transactions in order of time. The file can be read repeatedly, but by one reader at a time.

    `unit`: the unit of timestamps that are numbers, by default inferred from the first one. `labels`: whether
    the label column is required. `columns`: the map of the columns, by default that of their own names.
    `timezone`: the zone of times without one. `rejects`: the file for bad rows, which `check` writes.
    Without it, a bad row is an error. The constructor and all methods raise DatasetError.
    """

    def __init__(
        self,
        path: Path,
        *,
        unit: Unit | None = None,
        labels: bool = True,
        columns: ColumnMap | None = None,
        timezone: str = "",
        rejects: Path | None = None,
    ) -> None:
        self.path = path
        self.table = open_table(path, columns.text_format if columns else UNDECLARED, KNOWN_COLUMNS)
        self.size_bytes = self.table.size_bytes
        self.column_map = columns or default_map(self.table.column_names)
        if columns and not labels:
            self.column_map = _omit_missing_label(columns, self.table.column_names)
        self._has_own_map = columns is not None
        self._rejects = rejects
        self._duplicates = np.array([], np.int64)
        self._check_columns(labels=labels)
        declared = self.column_map.time
        # The type of a Parquet column decides, whatever the option and the map say.
        if self._has_typed_times():
            declared = replace(declared, unit=None, format="", start_ms=None)
        elif unit:
            declared = replace(declared, unit=unit, format="")
        if timezone:
            declared = replace(declared, timezone=timezone)
        first = read_first_batch(self.table, self.column_map.columns)
        converter = BatchConverter(self.column_map, TimeKind(declared, None, is_inferred=False))
        times = converter.read_texts(first, self.column_map.sources["timestamp"]).to_pylist()
        self.time_kind = TimeKind.detect(declared, times)
        self._check_floats(first)
        self._notes = describe_assumptions(
            self.table, self.column_map, self.time_kind, first, has_own_map=self._has_own_map
        )
        if columns and LABEL in columns.sources and LABEL not in self.column_map.sources:
            missing = ", ".join(columns.sources[LABEL].columns)
            self._notes.append(f"no column {missing}: the transactions have no labels.")

    @property
    def done_bytes(self) -> int:
        """The approximate number of bytes that the current reader has read."""
        return self.table.done_bytes

    def notes(self) -> list[str]:
        """Assumptions about the file, one line each, that a user checks before trusting a result."""
        return [f"{self.path}: {note}" for note in self._notes]

    def batches(self) -> Iterator[TransactionBatch]:
        """The transactions in the order of the file, in columns, without the rows that are set aside."""
        return self._batches(None, BatchConverter(self.column_map, self.time_kind))

    def sorted_batches(self) -> Iterator[TransactionBatch]:
        """The transactions in order of time, in columns, without the rows that `check` has set aside."""
        batches = self.batches()
        return _sort_by_time(batches) if self.column_map.is_unsorted else batches

    def rows(self) -> Iterator[LabelledTransaction]:
        """The transactions in order of time, without the rows that `check` has set aside."""
        for batch in self.sorted_batches():
            yield from batch.rows()

    def check(self, progress: Callable[[int], None] = lambda _: None) -> DatasetSummary:
        """Read the whole file, so that no later step fails at a bad row. Ids must be unique.

        `progress` receives the number of bytes read.
        """
        self._duplicates = np.array([], np.int64)
        with (
            open_rejected_rows(self._rejects, self.table.unit, self.table.column_names)
            if self._rejects
            else nullcontext()
        ) as rejected:
            return self._check(rejected, progress)

    def _check(self, rejected: RejectedRows | None, progress: Callable[[int], None]) -> DatasetSummary:
        converter = BatchConverter(self.column_map, self.time_kind)
        notes = ContentNotes(self.column_map, converter.times)
        # SQLite holds the ids in a temporary file and sorts them there, in constant memory.
        with closing(sqlite3.connect("")) as ids:
            ids.execute("CREATE TABLE ids (number INTEGER PRIMARY KEY, id TEXT)")
            has_own_ids = not self.column_map.sources["transaction_id"].is_generated
            for batch in self._batches(rejected, converter):
                if has_own_ids:
                    pairs = zip(
                        batch.numbers.tolist(), batch.texts["transaction_id"].to_pylist(), strict=True
                    )
                    ids.executemany("INSERT INTO ids VALUES (?, ?)", pairs)
                notes.add(batch)
                progress(self.done_bytes)
            duplicates = ids.execute(_FIRST_DUPLICATE)
            if rejected is None:
                if duplicate := duplicates.fetchone():
                    self._raise_duplicate(*duplicate)
            else:
                earlier = {number: (row_id, first) for row_id, number, first in duplicates}
                self._set_duplicates_aside(earlier, rejected, notes)
        if rejected and rejected.first and rejected.count > notes.transactions:
            raise self._row_error(
                rejected.first, f"{rejected.count:,} rows, more than half, are bad. First one: "
            )
        if not notes.transactions:
            raise EmptyDatasetError(
                f"{self.path}: no transactions are left.", "Check the map of its columns."
            )
        return self._summarize(notes, rejected.count if rejected else 0)

    def _summarize(self, notes: ContentNotes, rejected: int) -> DatasetSummary:
        lines = list(notes.describe())
        if rejected:
            rows = "1 bad row is" if rejected == 1 else f"{rejected:,} bad rows are"
            lines.append(f"{rows} set aside in {self._rejects}.")
        return DatasetSummary(
            transactions=notes.transactions,
            frauds=notes.frauds,
            first_ms=notes.first_ms,
            last_ms=notes.last_ms,
            unlabelled=notes.unlabelled,
            last_genuine_ms=notes.last_genuine_ms,
            rejected=rejected,
            left_out=sum(notes.left_out.values()),
            notes=tuple(f"{self.path}: {line}" for line in lines),
        )

    def _set_duplicates_aside(
        self, earlier: dict[int, tuple[str, int]], rejected: RejectedRows, notes: ContentNotes
    ) -> None:
        if not earlier:
            return
        numbers = np.array(sorted(earlier), np.int64)
        for table_batch in self.table.batches():
            for index in np.flatnonzero(np.isin(table_batch.numbers, numbers)).tolist():
                number = int(table_batch.numbers[index])
                cells = [column[index].as_py() for column in table_batch.columns.values()]
                rejected.add(RowFault(number, self._describe_duplicate(*earlier[number]), "", cells))
        self._duplicates = numbers
        # The counts exclude the duplicates.
        notes.reset()
        for batch in self.batches():
            notes.add(batch)

    def _batches(
        self, rejected: RejectedRows | None, converter: BatchConverter
    ) -> Iterator[TransactionBatch]:
        """The transactions in the order of the file. Faults are written to `rejected` if there is one."""
        latest_ms = 0
        # A rejected row is written with all its cells.
        columns = None if rejected else self.column_map.columns
        for table_batch in self.table.batches(columns):
            self._check_floats(table_batch)
            batch = converter.convert(table_batch)
            faults = batch.faults
            if not self.column_map.is_unsorted and len(batch):
                earlier_ms = latest_ms
                is_late, latest_ms = _find_late(batch.times_ms, earlier_ms)
                if is_late.any():
                    hint = _suggest_order(converter.times)
                    faults = faults + _describe_late(table_batch, batch, is_late, earlier_ms, hint)
                    batch = batch.filter(~is_late)
            if faults:
                faults = sorted(faults)
                if self._rejects is None:
                    raise self._row_error(faults[0])
                if rejected:
                    rejected.add_all(faults)
            if self._duplicates.size:
                batch = batch.filter(~np.isin(batch.numbers, self._duplicates))
            yield batch

    def _has_typed_times(self) -> bool:
        columns = self.column_map.sources["timestamp"].columns
        types = [self.table.column_types.get(name, "") for name in columns]
        return len(types) == 1 and types[0].startswith(("timestamp", "date"))

    def _check_floats(self, batch: TableBatch) -> None:
        """Raise DatasetError if an id or a time is a floating-point number that merges neighbors."""
        for name in (*IDS, "timestamp"):
            limits = _EXACT_TIMES if name == "timestamp" else _EXACT_INTEGERS
            for column in self.column_map.sources[name].columns:
                data_type = self.table.column_types[column]
                limit = limits.get(data_type)
                if limit and any(
                    text and abs(float(text)) > limit for text in batch.columns[column].to_pylist()
                ):
                    values = "times" if name == "timestamp" else "ids"
                    raise self._error(
                        f"column {column} has the type {data_type}, which gives different {values} the same"
                        " number",
                        "Write the column as string or int64.",
                    )

    def _check_columns(self, *, labels: bool) -> None:
        names = self.table.column_names
        if repeated := _repeated_names(self.table.header_names, self.column_map.columns):
            raise self._error(f"duplicate columns: {', '.join(repeated)}", "Remove or rename columns.")
        if unusable := [name for name in self.table.unusable_columns if name in self.column_map.columns]:
            raise self._error(
                f"column {unusable[0]} has the type {self.table.column_types[unusable[0]]}",
                "Use strings, numbers, times or dates.",
            )
        if not self._has_own_map and (similar := _similar_names(names)):
            raise self._error(
                f"the columns {' and '.join(similar)} differ only in case",
                f"Rename one of them, or name the right one {MAP_HINT}.",
            )
        required = (*REQUIRED, LABEL) if labels else REQUIRED
        if not self._has_own_map:
            missing = [name for name in required if name not in self.column_map.sources]
        else:
            missing = [name for name in self.column_map.columns if name not in names]
            missing += [name for name in required if name not in self.column_map.sources]
        if missing:
            raise self._error(
                f"missing columns: {', '.join(missing)}; the file has {', '.join(names) or 'no columns'}",
                self._suggest_map(names),
            )

    def _suggest_map(self, names: Sequence[str]) -> str:
        if self._has_own_map:
            name = self.column_map.name
            return f"Correct the map {name} of --columns, or use a file with these columns."
        if hint := suggest_header(names):
            return hint
        if layout := find_layout(names):
            return f"Use --columns {layout}, which is made for these columns."
        return f"Rename columns, or map them with --columns: invoke data.inspect {self.path} proposes a map."

    def _raise_duplicate(self, row_id: str, number: int, earlier: int) -> NoReturn:
        reason = self._describe_duplicate(row_id, earlier)
        raise self._row_error(RowFault(number, reason, "", []))

    def _describe_duplicate(self, row_id: str, earlier: int) -> str:
        return f"duplicate transaction_id '{row_id}', first used on {self.table.unit} {earlier}"

    def _row_error(self, fault: RowFault, prefix: str = "") -> DatasetError:
        message = f"{prefix}{self.table.unit} {fault.number}: {fault.reason}"
        hint = fault.hint or _ROW_HINT
        if self.column_map.name in layout_names() and MAP_HINT in hint:
            hint += f" invoke data.inspect {self.path} --out map.yaml adapts the layout to a file."
        return self._error(message, hint)

    def _error(self, message: str, hint: str) -> DatasetError:
        return DatasetError(f"{self.path}: {message}.", hint)


def suggest_header(names: Sequence[str]) -> str:
    """The hint for a first line that is not a header. Empty if it may be one."""
    if len(names) == 1:
        return (
            "Remove the lines before the header, or declare the delimiter of the columns, such as"
            f" 'delimiter: \" \"', {MAP_HINT}."
        )
    return "The first line has no names: add a header." if any(map(_NUMBER.fullmatch, names)) else ""


def _omit_missing_label(column_map: ColumnMap, names: Sequence[str]) -> ColumnMap:
    """The map without the label if the file lacks its column: a part of a public file has no labels."""
    label = column_map.sources.get(LABEL)
    if label is None or set(label.columns) <= set(names):
        return column_map
    sources = {name: source for name, source in column_map.sources.items() if name != LABEL}
    return replace(column_map, sources=sources)


def _similar_names(names: Sequence[str]) -> list[str]:
    """Columns that differ from the same known one in case, if none of them has its exact name."""
    for known in sorted(KNOWN_COLUMNS - set(names)):
        similar = [name for name in names if name.lower() == known]
        if len(similar) > 1:
            return similar
    return []


def _repeated_names(header_names: Sequence[str], used: Sequence[str]) -> list[str]:
    """Used columns whose name is ambiguous. Account is not if the map also uses the second one, Account.1."""
    counts = Counter(name for name in header_names if name)
    return [name for name in used if counts[name] > 1 and f"{name}.1" not in used]


def _describe_late(
    table_batch: TableBatch,
    batch: TransactionBatch,
    is_late: NDArray[np.bool_],
    earlier_ms: int,
    hint: str,
) -> list[RowFault]:
    latest = np.maximum(np.maximum.accumulate(batch.times_ms), earlier_ms)
    faults = []
    for index in np.flatnonzero(is_late).tolist():
        number = int(batch.numbers[index])
        position = int(np.searchsorted(table_batch.numbers, number))
        times = (format_timestamp(int(time_ms)) for time_ms in (batch.times_ms[index], latest[index]))
        reason = f"not sorted by time: {' follows '.join(times)}"
        cells = [column[position].as_py() for column in table_batch.columns.values()]
        faults.append(RowFault(number, reason, hint, cells))
    return faults


def _suggest_order(times: TimeConverter) -> str:
    if times.skipped:
        return f"Check --timezone: {times.skipped:,} times do not occur in {times.kind.declared.timezone}."
    return "Sort the file by timestamp, or declare 'sort: true' in the file of --columns."


def _find_late(times_ms: NDArray[np.int64], latest_ms: int) -> tuple[NDArray[np.bool_], int]:
    """True for each time that is before an earlier row's, and the latest time of all."""
    latest = np.maximum.accumulate(np.concatenate(([latest_ms], times_ms)))
    return times_ms < latest[:-1], int(latest[-1])


def _sort_by_time(batches: Iterator[TransactionBatch]) -> Iterator[TransactionBatch]:
    """The same rows in order of time. They are held in memory, in columns."""
    rows = concatenate_batches(batches)
    order = np.argsort(rows.times_ms, kind="stable")
    for begin in range(0, len(order), _BATCH_ROWS):
        yield rows.take(order[begin : begin + _BATCH_ROWS])
