"""Reads transactions from delimited text files and Parquet files, by a map of their columns."""

from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path

import msgspec

from detection.data.batch_converter import BatchConverter, default_map
from detection.data.column_map import KNOWN_COLUMNS
from detection.data.columns import DEFAULT_CURRENCY, TransactionBatch
from detection.data.dataset import Dataset
from detection.data.table_file import TableBatch, open_table
from operations.ingest.input_file import TRANSACTION_SCHEMA, InputFile
from operations.ingest.tables.identifiers import ID_FIELDS, IdentifierEncoder
from operations.ingest.tables.rows import (
    RowContent,
    TableOptions,
    check_columns,
    describe_fault,
    original_size,
    read_header,
    read_rows,
    translate_errors,
)

_ORDER_HINT = "A decision depends on the earlier transactions of the account: sort the file by time."


def open_transaction_table(path: Path, options: TableOptions) -> InputFile:
    """Open a file of transactions. Raises UserError for a file that is invalid as a whole.

    The columns have the names of the API, or a map says what they are. A map without a currency means euros,
    as its note says. With a map, ids become such as the API accepts.
    """
    with translate_errors():
        if options.columns is None:
            table = open_table(path, known_columns=KNOWN_COLUMNS)
            sources = default_map(table.column_names).sources
            check_columns(table, sources, KNOWN_COLUMNS, TRANSACTION_SCHEMA)
        dataset = Dataset(
            path, unit=options.unit, labels=False, columns=options.columns, timezone=options.timezone
        )
        notes = dataset.notes()
        if dataset.column_map.is_unsorted:
            notes.append(f"{path}: rows are posted in the order of the file. {_ORDER_HINT}")
        reader = _TransactionReader(dataset, IdentifierEncoder() if options.columns else None)
        return InputFile(
            "table",
            read_header(dataset.table),
            read_rows(dataset.table, reader.convert),
            tuple(notes),
            reader.left_out,
            original_size(dataset.table),
            reader.remarks,
        )


class _TransactionReader:
    """Converts rows to bodies of requests. Amounts are strings, so that they are exact."""

    def __init__(self, dataset: Dataset, identifiers: IdentifierEncoder | None) -> None:
        self._identifiers = identifiers
        self._converter = BatchConverter(dataset.column_map, dataset.time_kind)
        self._defaults: dict[str, str | int] = {}
        if "currency" not in dataset.column_map.sources:
            self._defaults["currency"] = DEFAULT_CURRENCY
        self.left_out: Counter[str] = Counter()

    def convert(self, table_batch: TableBatch) -> dict[int, RowContent]:
        batch = self._converter.convert(table_batch)
        self.left_out.update(batch.left_out)
        faults = {fault.number: RowContent(error=describe_fault(fault)) for fault in batch.faults}
        return faults | dict(self._encode(batch, TRANSACTION_SCHEMA.field_names))

    def remarks(self) -> list[str]:
        return list(filter(None, [self._identifiers.describe()])) if self._identifiers else []

    def _encode(self, batch: TransactionBatch, fields: Collection[str]) -> Iterator[tuple[int, RowContent]]:
        names = [name for name in batch.texts if name in fields and name != "timestamp"]
        columns = [self._read_column(batch, name) for name in names]
        numbers, times = batch.numbers.tolist(), batch.times_ms.tolist()
        for number, time_ms, *cells in zip(numbers, times, *columns, strict=True):
            values = {name: cell for name, cell in zip(names, cells, strict=True) if cell}
            body = msgspec.json.encode({**self._defaults, **values, "timestamp": time_ms})
            yield number, RowContent(body)

    def _read_column(self, batch: TransactionBatch, name: str) -> list[str]:
        texts: list[str] = batch.texts[name].to_pylist()
        if self._identifiers and name in ID_FIELDS:
            return [self._identifiers.encode(text) for text in texts]
        return texts
