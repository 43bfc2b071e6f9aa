"""Writes labelled transactions as CSV or Parquet, in the format that dataset.py reads, in milliseconds."""

import csv
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from operator import attrgetter
from pathlib import Path

import pyarrow
from pyarrow import parquet

from detection.data.columns import LabelledTransaction
from detection.errors import DetectionError

_BATCH_ROWS = 1 << 16
_REQUIRED_FIELDS = (
    ("transaction_id", pyarrow.string()),
    ("account_id", pyarrow.string()),
    ("merchant_id", pyarrow.string()),
    ("amount", pyarrow.decimal128(16, 4)),
    ("timestamp", pyarrow.int64()),
)
_LABEL_FIELDS = (("is_fraud", pyarrow.int8()), ("scenario", pyarrow.string()))


def check_suffix(path: Path) -> None:
    """Raises DetectionError unless the suffix names a format."""
    if path.suffix not in (".csv", ".parquet"):
        raise DetectionError(
            f"{path}: the suffix is not .csv or .parquet.", "Use one of them, such as --out past.csv"
        )


def write_transactions(
    path: Path, rows: Iterable[LabelledTransaction], optional_columns: Sequence[str] = ()
) -> None:
    """Write the rows in the format of the suffix.

    `optional_columns`: further fields of the transactions to write, such as currency and device_id.
    """
    fields = (*_REQUIRED_FIELDS, *((name, pyarrow.string()) for name in optional_columns), *_LABEL_FIELDS)
    write = _write_parquet if path.suffix == ".parquet" else _write_csv
    write(path, map(_cell_reader(optional_columns), rows), pyarrow.schema(fields))


def _write_csv(path: Path, rows: Iterable[tuple[object, ...]], schema: pyarrow.Schema) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(schema.names)
        writer.writerows(rows)


def _write_parquet(path: Path, rows: Iterable[tuple[object, ...]], schema: pyarrow.Schema) -> None:
    remaining = iter(rows)
    with parquet.ParquetWriter(path, schema) as writer:
        while batch := list(islice(remaining, _BATCH_ROWS)):
            columns = dict(zip(schema.names, zip(*batch, strict=True), strict=True))
            writer.write_table(pyarrow.table(columns, schema=schema))


def _cell_reader(optional_columns: Sequence[str]) -> Callable[[LabelledTransaction], tuple[object, ...]]:
    read_fields = attrgetter(*(name for name, _ in _REQUIRED_FIELDS), *optional_columns)

    def read_cells(labelled: LabelledTransaction) -> tuple[object, ...]:
        return (*read_fields(labelled.transaction), int(bool(labelled.is_fraud)), labelled.scenario)

    return read_cells
