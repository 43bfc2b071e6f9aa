"""Writes labelled transactions as CSV or Parquet, in the format that dataset.py reads, in milliseconds."""

import csv
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

import pyarrow
from pyarrow import parquet

from detection.data.columns import LabelledTransaction
from detection.errors import DetectionError

_BATCH_ROWS = 1 << 16
_SCHEMA = pyarrow.schema(
    [
        ("transaction_id", pyarrow.string()),
        ("account_id", pyarrow.string()),
        ("merchant_id", pyarrow.string()),
        ("amount", pyarrow.decimal128(16, 4)),
        ("timestamp", pyarrow.int64()),
        ("is_fraud", pyarrow.int8()),
        ("scenario", pyarrow.string()),
    ]
)


def check_suffix(path: Path) -> None:
    """Raises DetectionError unless the suffix names a format."""
    if path.suffix not in (".csv", ".parquet"):
        raise DetectionError(
            f"{path}: the suffix is not .csv or .parquet.", "Use one of them, such as --out past.csv"
        )


def write_transactions(path: Path, rows: Iterable[LabelledTransaction]) -> None:
    """Write the rows in the format of the suffix."""
    (_write_parquet if path.suffix == ".parquet" else _write_csv)(path, rows)


def _write_csv(path: Path, rows: Iterable[LabelledTransaction]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(_SCHEMA.names)
        writer.writerows(map(_row_cells, rows))


def _write_parquet(path: Path, rows: Iterable[LabelledTransaction]) -> None:
    remaining = iter(rows)
    with parquet.ParquetWriter(path, _SCHEMA) as writer:
        while batch := list(map(_row_cells, islice(remaining, _BATCH_ROWS))):
            columns = dict(zip(_SCHEMA.names, zip(*batch, strict=True), strict=True))
            writer.write_table(pyarrow.table(columns, schema=_SCHEMA))


def _row_cells(labelled: LabelledTransaction) -> tuple[object, ...]:
    transaction = labelled.transaction
    return (
        transaction.transaction_id,
        transaction.account_id,
        transaction.merchant_id,
        transaction.amount,
        transaction.timestamp,
        int(bool(labelled.is_fraud)),
        labelled.scenario,
    )
