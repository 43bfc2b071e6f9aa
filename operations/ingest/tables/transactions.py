"""Reads transactions from delimited text files and Parquet files, by a map of their columns."""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np

from detection.data.batch_converter import BatchConverter, default_map
from detection.data.column_map import KNOWN_COLUMNS, LABEL
from detection.data.columns import DEFAULT_CURRENCY, TransactionBatch
from detection.data.dataset import Dataset
from detection.data.table_file import TableBatch, open_table
from functions.common.domain.transaction import REFUND
from operations.ingest.input_file import TRANSACTION_SCHEMA, InputFile
from operations.ingest.tables.identifiers import ID_FIELDS, IdentifierEncoder
from operations.ingest.tables.rows import (
    RowContent,
    TableOptions,
    check_columns,
    describe_fault,
    original_encoding,
    original_size,
    read_header,
    read_rows,
    translate_errors,
)

_ORIGINAL = "original_transaction_id"
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
            original_encoding(dataset.table),
        )


class _TransactionReader:
    """Converts rows to bodies of requests. Amounts are strings, so that they are exact."""

    def __init__(self, dataset: Dataset, identifiers: IdentifierEncoder | None) -> None:
        self._identifiers = identifiers
        # Labels are not posted, so that their spelling does not matter.
        sources = {name: source for name, source in dataset.column_map.sources.items() if name != LABEL}
        self._converter = BatchConverter(replace(dataset.column_map, sources=sources), dataset.time_kind)
        self._is_unsorted = dataset.column_map.is_unsorted
        self._latest_ms, self._late = 0, 0
        self._defaults: dict[str, str | int] = {}
        if "currency" not in dataset.column_map.sources:
            self._defaults["currency"] = DEFAULT_CURRENCY
        self.left_out: Counter[str] = Counter()

    def convert(self, table_batch: TableBatch) -> dict[int, RowContent]:
        batch = self._converter.convert(table_batch)
        self._count_late(batch)
        self.left_out.update(batch.left_out)
        faults = {fault.number: RowContent(error=describe_fault(fault)) for fault in batch.faults}
        return faults | dict(self._encode(batch, TRANSACTION_SCHEMA.field_names))

    def remarks(self) -> list[str]:
        """Notes on all rows. An order that is declared has a note before them."""
        notes = [self._identifiers.describe() if self._identifiers else ""]
        if self._late and not self._is_unsorted:
            rows = "1 row is" if self._late == 1 else f"{self._late} rows are"
            notes.append(f"{rows} earlier than a row before. {_ORDER_HINT}")
        return list(filter(None, notes))

    def _count_late(self, batch: TransactionBatch) -> None:
        latest = np.maximum.accumulate(np.concatenate(([self._latest_ms], batch.times_ms)))
        self._late += int((batch.times_ms < latest[:-1]).sum())
        self._latest_ms = int(latest[-1])

    def _encode(self, batch: TransactionBatch, fields: Collection[str]) -> Iterator[tuple[int, RowContent]]:
        names = [name for name in batch.texts if name in fields and name != "timestamp"]
        columns = [self._read_column(batch, name) for name in names]
        numbers, times = batch.numbers.tolist(), batch.times_ms.tolist()
        for number, time_ms, *cells in zip(numbers, times, *columns, strict=True):
            values = {name: cell for name, cell in zip(names, cells, strict=True) if cell}
            if self._identifiers and values.get("type") == REFUND and _ORIGINAL not in values:
                self.left_out["refunds without the id of their purchase, which the API needs"] += 1
                continue
            body = msgspec.json.encode({**self._defaults, **values, "timestamp": time_ms})
            yield number, RowContent(body)

    def _read_column(self, batch: TransactionBatch, name: str) -> list[str]:
        texts: list[str] = batch.texts[name].to_pylist()
        if self._identifiers and name in ID_FIELDS:
            return [self._identifiers.encode(text) for text in texts]
        return texts
