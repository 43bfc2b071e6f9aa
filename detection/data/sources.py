"""Reads a file of transactions row by row, as text: CSV or Parquet, of any length in the same memory."""

import codecs
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from detection.data.csv_source import CsvSource
from detection.data.parquet_source import ParquetSource
from detection.errors import DatasetError

_PARQUET = b"PAR1"
_GZIP = b"\x1f\x8b"


class Source(Protocol):
    """A file's columns and rows. A row is a cell per column, an empty one where there is no value."""

    @property
    def names(self) -> tuple[str, ...]:
        """The columns, in the order of the cells."""

    def rows(self) -> Iterator[list[str]]:
        """All rows from the first. Raises DatasetError where the file cannot be read."""

    @property
    def place(self) -> str:
        """Where the row stands that was given last: "line 17"."""

    @property
    def done_bytes(self) -> int:
        """How much of the file has been read, about."""


def open_source(path: Path) -> Source:
    """The file as what its first bytes say it is. Raises DatasetError."""
    try:
        with path.open("rb") as stream:
            beginning = stream.read(4)
    except OSError as error:
        raise DatasetError(f"Cannot read {path}: {error.strerror}.") from error
    if not beginning:
        raise DatasetError(f"{path}: the file is empty.")
    if beginning.startswith(_GZIP):
        raise DatasetError(f"{path}: compressed.", "Unpack it first.")
    if beginning.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise DatasetError(f"{path}: line 1: UTF-16.", "Save it as UTF-8.")
    return ParquetSource(path) if beginning == _PARQUET else CsvSource(path)
