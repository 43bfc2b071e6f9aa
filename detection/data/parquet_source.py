"""Rows of a Parquet file, as the text that a CSV file would hold."""

from collections.abc import Iterable, Iterator
from itertools import repeat
from pathlib import Path

import pyarrow
from pyarrow import parquet

from detection.data.columns import COLUMNS
from detection.errors import DatasetError

_BATCH_ROWS = 8192


class ParquetSource:
    """One file. It can be read again and again, but by one reader at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._size_bytes = path.stat().st_size
        self._row = 0
        try:
            with parquet.ParquetFile(path) as file:
                self.names = tuple(str(name) for name in file.schema_arrow.names)
                self._count = int(file.metadata.num_rows)
        except (pyarrow.ArrowException, OSError) as error:
            raise self._unreadable(error) from error

    def rows(self) -> Iterator[list[str]]:
        self._row = 0
        for batch in self._batches():
            cells = [self._texts(batch, name) if name in COLUMNS else repeat("") for name in self.names]
            for row in zip(*cells, strict=False):
                self._row += 1
                yield list(row)

    @property
    def place(self) -> str:
        return f"row {self._row}"

    @property
    def done_bytes(self) -> int:
        return self._size_bytes * self._row // max(self._count, 1)

    def _batches(self) -> Iterator[pyarrow.RecordBatch]:
        known = [name for name in self.names if name in COLUMNS]
        try:
            with parquet.ParquetFile(self._path) as file:
                yield from file.iter_batches(batch_size=_BATCH_ROWS, columns=known)
        except (pyarrow.ArrowException, OSError) as error:
            raise self._unreadable(error) from error

    def _texts(self, batch: pyarrow.RecordBatch, name: str) -> Iterable[str]:
        values = batch.column(name)
        try:
            if pyarrow.types.is_timestamp(values.type):
                values = values.cast(pyarrow.timestamp("ms"), safe=False).cast(pyarrow.int64())
            texts: list[str] = values.cast(pyarrow.string()).fill_null("").to_pylist()
        except pyarrow.ArrowException as error:
            raise DatasetError(
                f"{self._path}: column {name} holds {values.type}, not text or numbers."
            ) from error
        return texts

    def _unreadable(self, error: Exception) -> DatasetError:
        return DatasetError(f"{self._path}: not readable as Parquet: {str(error).splitlines()[0]}")
