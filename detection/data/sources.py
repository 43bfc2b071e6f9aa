"""Detects the format of a dataset: CSV or Parquet. Both sources read row by row in constant memory."""

import codecs
from pathlib import Path

from detection.data.csv_source import CsvSource
from detection.data.parquet_source import ParquetSource
from detection.errors import DatasetError

Source = CsvSource | ParquetSource

_PARQUET = b"PAR1"
_GZIP = b"\x1f\x8b"


def open_source(path: Path) -> Source:
    """Open the file in the format of its first bytes. Raises DatasetError."""
    try:
        with path.open("rb") as stream:
            beginning = stream.read(4)
    except OSError as error:
        raise DatasetError(f"Cannot read {path}: {error.strerror}.", "Check the path.") from error
    if not beginning:
        raise DatasetError(f"{path}: the file is empty.", "Add a header and transactions.")
    if beginning.startswith(_GZIP):
        raise DatasetError(f"{path}: the file is compressed.", "Decompress it first.")
    if beginning.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise DatasetError(f"{path}: line 1: UTF-16 is not supported.", "Save it as UTF-8.")
    return ParquetSource(path) if beginning == _PARQUET else CsvSource(path)
