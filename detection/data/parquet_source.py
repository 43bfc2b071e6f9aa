"""Rows of a Parquet file, converted to the text that a CSV file would hold."""

from collections.abc import Iterable, Iterator
from itertools import repeat
from pathlib import Path

import pyarrow
from pyarrow import parquet

from detection.data.columns import COLUMNS
from detection.errors import DatasetError

_BATCH_ROWS = 8192


class ParquetSource:
    """One file. It can be read repeatedly, but by one reader at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._size_bytes = path.stat().st_size
        self._row = 0
        try:
            with parquet.ParquetFile(path) as file:
                self.column_names = tuple(str(name) for name in file.schema_arrow.names)
                self._count = int(file.metadata.num_rows)
        except (pyarrow.ArrowException, OSError) as error:
            raise self._unreadable_error(error) from error

    def rows(self) -> Iterator[list[str]]:
        """The cells of each row, empty for a missing value. Raises DatasetError for invalid Parquet."""
        self._row = 0
        for batch in self._batches():
            columns = [
                self._texts(batch, name) if name in COLUMNS else repeat("") for name in self.column_names
            ]
            for row in zip(*columns, strict=False):
                self._row += 1
                yield list(row)

    @property
    def position(self) -> str:
        """The position of the last row, such as "row 17"."""
        return f"row {self._row}"

    @property
    def done_bytes(self) -> int:
        """The approximate number of bytes read."""
        return self._size_bytes * self._row // max(self._count, 1)

    def _batches(self) -> Iterator[pyarrow.RecordBatch]:
        columns = [name for name in self.column_names if name in COLUMNS]
        try:
            with parquet.ParquetFile(self._path) as file:
                yield from file.iter_batches(batch_size=_BATCH_ROWS, columns=columns)
        except (pyarrow.ArrowException, OSError) as error:
            raise self._unreadable_error(error) from error

    def _texts(self, batch: pyarrow.RecordBatch, name: str) -> Iterable[str]:
        values = batch.column(name)
        try:
            if pyarrow.types.is_timestamp(values.type):
                values = values.cast(pyarrow.timestamp("ms"), safe=False).cast(pyarrow.int64())
            texts: list[str] = values.cast(pyarrow.string()).fill_null("").to_pylist()
        except pyarrow.ArrowException as error:
            raise DatasetError(
                f"{self._path}: column {name} has the type {values.type}.", "Use strings or numbers."
            ) from error
        return texts

    def _unreadable_error(self, error: Exception) -> DatasetError:
        details = str(error).splitlines()[0].rstrip(".")
        return DatasetError(f"{self._path}: not valid Parquet: {details}.", "Write the file again.")
