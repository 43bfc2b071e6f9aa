"""Reads labels from delimited text files and Parquet files.

A file of labels has the columns of the API. In a file of transactions, the column `is_fraud` or `label` has
the label, or the column that a map names.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import msgspec

from detection.data.batch_converter import BatchConverter
from detection.data.column_map import KNOWN_COLUMNS, LABEL, LABEL_COLUMNS, ColumnMap, ColumnSource, TimeFormat
from detection.data.row_faults import ROUNDED_ID, SCIENTIFIC, suggest_label, suggest_time_format
from detection.data.table_file import Table, TableBatch, open_table
from detection.data.tables.text_format import UNDECLARED
from detection.data.times import UNIT_NAMES, TimeConverter, TimeKind
from detection.errors import EmptyDatasetError
from functions.common.domain.decision import FRAUD
from functions.common.runtime.clock import now_ms
from operations.ingest.input_file import LABEL_SCHEMA, InputFile
from operations.ingest.tables.identifiers import IdentifierEncoder
from operations.ingest.tables.rows import (
    RowContent,
    TableOptions,
    check_columns,
    original_encoding,
    original_size,
    read_header,
    read_rows,
    translate_errors,
)
from terminal.errors import UserError

_GENUINE = "genuine"
_SPELLINGS = "fraud, genuine, 1, 0, true, false, yes, no"
_TIMES = ("timestamp", "reported_at")
_DAY_MS = 86_400_000
_SECOND_MS = 1000
LABEL_ONLY_FIELDS = ("source", "reported_at")
"""The fields of a label that a transaction does not have."""
_KNOWN_COLUMNS = frozenset({*KNOWN_COLUMNS, *LABEL_SCHEMA.field_names})


def open_label_table(path: Path, options: TableOptions) -> InputFile:
    """Open a file with labels. Raises UserError for a file that is invalid as a whole.

    Rows without a label are left out. So are genuine rows of a file of transactions, of which most need no
    label, without `options.posts_genuine`.
    """
    with translate_errors():
        declared = options.columns
        table = open_table(path, declared.text_format if declared else UNDECLARED, _KNOWN_COLUMNS)
        column_map = _select_columns(declared, table) if declared else _map_columns(table)
        if declared is None:
            check_columns(table, column_map.sources, _KNOWN_COLUMNS, LABEL_SCHEMA)
        time = replace(column_map.time, timezone=options.timezone or column_map.time.timezone)
        time = replace(time, unit=options.unit, format="") if options.unit else time
        times = _open_times(table, column_map, time)
        reader = _LabelReader(
            column_map,
            times,
            IdentifierEncoder() if declared else None,
            now_ms(),
            posts_genuine=options.posts_genuine or _is_label_file(table, declared),
        )
        notes = [
            f"{path}: {name} is read as {UNIT_NAMES[converter.kind.unit]} since 1970. Override with --unit."
            for name, converter in times.items()
            if converter.kind.is_inferred and converter.kind.unit not in (None, "ms")
        ]
        if not time.timezone and any(converter.has_naive for converter in times.values()):
            notes.append(f"{path}: times have no zone and are read as UTC. Override with --timezone.")
        records = read_rows(table, reader.convert)
        return InputFile(
            "table",
            read_header(table),
            records,
            tuple(notes),
            reader.left_out,
            original_size(table),
            encoding=original_encoding(table),
        )


class _LabelReader:
    """Converts rows to bodies of requests.

    A report with a day and no time of the day is from the end of that day, and not after `now_ms`, so that it
    is not before a transaction of the same day. `times`: the converters of the columns with times.
    `identifiers`: the encoder of ids, with a map only, as for transactions.
    """

    def __init__(
        self,
        column_map: ColumnMap,
        times: Mapping[str, TimeConverter],
        identifiers: IdentifierEncoder | None,
        now_ms: int,
        *,
        posts_genuine: bool,
    ) -> None:
        self._now_ms = now_ms
        self._identifiers = identifiers
        self._map = column_map
        self._times = times
        self._posts_genuine = posts_genuine
        self.left_out: Counter[str] = Counter()

    def convert(self, batch: TableBatch) -> dict[int, RowContent]:
        contents = {row.number: RowContent(error=row.reason) for row in batch.malformed}
        columns = [self._read_column(name, batch) for name in self._map.sources]
        for number, *cells in zip(batch.numbers.tolist(), *columns, strict=True):
            values = dict(zip(self._map.sources, cells, strict=True))
            if content := self._convert_row(values):
                contents[number] = content
        return contents

    def _read_column(self, name: str, batch: TableBatch) -> list[str | int]:
        """The cells of a field; valid times in epoch milliseconds."""
        texts = _text_reader(self._map).read_texts(batch, self._map.sources[name])
        cells: list[str | int] = texts.to_pylist()
        if name not in self._times:
            return cells
        times = self._times[name].convert(texts)
        is_day = self._times[name].kind.is_day
        for index in times.is_valid.nonzero()[0].tolist():
            time_ms = int(times.times_ms[index])
            if name == "reported_at" and is_day(str(cells[index])):
                time_ms = min(time_ms + _DAY_MS - 1, max(time_ms, self._now_ms))
            # Files of chargebacks have days or seconds, and the API compares milliseconds. The ID is enough.
            is_rounded = name == "timestamp" and not time_ms % _SECOND_MS
            cells[index] = "" if is_rounded else time_ms
        return cells

    def _convert_row(self, values: dict[str, str | int]) -> RowContent | None:
        """The content of a row; None if it is left out."""
        spelling, identifier = str(values["label"]).strip(), str(values["transaction_id"])
        if spelling.lower() not in self._map.labels:
            return RowContent(
                error=f"label '{spelling}' is not one of {_SPELLINGS}. {suggest_label(spelling)}".rstrip(".")
            )
        if SCIENTIFIC.fullmatch(identifier):
            return RowContent(error=f"transaction_id '{identifier}' {ROUNDED_ID}")
        is_fraud = self._map.labels[spelling.lower()]
        if is_fraud is None:
            self.left_out["rows without a label"] += 1
            return None
        if not is_fraud and not self._posts_genuine:
            self.left_out["genuine transactions, which --genuine includes"] += 1
            return None
        for name, times in self._times.items():
            if (cell := values[name]) and isinstance(cell, str):
                hint = suggest_time_format(times.kind, cell)
                error = f"{name} '{cell}' {times.kind.describe_error(cell)}. {hint}"
                return RowContent(error=error.rstrip(". "))
        values["label"] = FRAUD if is_fraud else _GENUINE
        if self._identifiers:
            values["transaction_id"] = self._identifiers.encode(identifier)
        return RowContent(msgspec.json.encode({name: value for name, value in values.items() if value != ""}))


def _is_label_file(table: Table, declared: ColumnMap | None) -> bool:
    return declared is None and "account_id" not in _lower_names(table)


def _map_columns(table: Table) -> ColumnMap:
    """The map of a file whose columns have the names of the API. Raises UserError for two label columns."""
    columns = _lower_names(table)
    fields = LABEL_SCHEMA.field_names if _is_label_file(table, None) else ("transaction_id", "label")
    sources = {name: ColumnSource(columns=(columns[name],)) for name in fields if name in columns}
    labels = [columns[name] for name in LABEL_COLUMNS if name in columns]
    if len(labels) > 1:
        raise UserError(
            f"{table.path}: the columns {' and '.join(labels)} both have labels.",
            f"Remove one of them, or name the right one as {LABEL} in the file of --columns.",
        )
    if labels:
        sources["label"] = ColumnSource(columns=(labels[0],))
    return ColumnMap(sources=sources)


def _select_columns(declared: ColumnMap, table: Table) -> ColumnMap:
    """The parts of a map that a label needs. The id identifies the transaction. Raises UserError."""
    if LABEL not in declared.sources:
        raise UserError(f"--columns: the map has no {LABEL}.", "Add the column with the labels.")
    names = {"transaction_id": "transaction_id", LABEL: "label"} | {name: name for name in LABEL_ONLY_FIELDS}
    sources = {names[field]: source for field, source in declared.sources.items() if field in names}
    column_map = replace(declared, sources=sources)
    if missing := [name for name in column_map.columns if name not in table.column_names]:
        raise UserError(
            f"{table.path}: missing columns: {', '.join(missing)}.",
            f"Correct the map of --columns. The file has {', '.join(table.column_names)}.",
        )
    return column_map


def _open_times(table: Table, column_map: ColumnMap, declared: TimeFormat) -> dict[str, TimeConverter]:
    """The converters of the columns with times, by the first time in each. Raises EmptyDatasetError."""
    first = next((batch for batch in table.batches() if len(batch.numbers)), None)
    if first is None:
        raise EmptyDatasetError(f"{table.path}: the file has no labels.", "Add rows with labels.")
    converters = {}
    for name in _TIMES:
        if name in column_map.sources:
            texts = _text_reader(column_map).read_texts(first, column_map.sources[name])
            kind = TimeKind.detect(declared, filter(None, texts.to_pylist()))
            first_times = TimeConverter(kind)
            first_times.convert(texts)
            converters[name] = TimeConverter(kind)
            converters[name].has_naive = first_times.has_naive
    return converters


def _text_reader(column_map: ColumnMap) -> BatchConverter:
    return BatchConverter(column_map, TimeKind(column_map.time, None, is_inferred=False))


def _lower_names(table: Table) -> dict[str, str]:
    """The columns by their names in lower case."""
    return {name.lower(): name for name in table.column_names}
