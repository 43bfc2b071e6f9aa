"""Writes labelled transactions as CSV or Parquet, as dataset.py reads them; times are milliseconds."""

import csv
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

import pyarrow
from pyarrow import parquet

from detection.data.columns import Labelled
from detection.errors import DetectionError

COLUMNS = ("transaction_id", "account_id", "merchant_id", "amount", "timestamp", "is_fraud", "scenario")
_BATCH = 1 << 16
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
    """Raises DetectionError for a file whose name does not say a format."""
    if path.suffix not in (".csv", ".parquet"):
        raise DetectionError(f"{path} is neither .csv nor .parquet.", "Name one of them: --out past.csv")


def write(path: Path, rows: Iterable[Labelled]) -> None:
    """Write them in the format that the name says."""
    (_write_parquet if path.suffix == ".parquet" else _write_csv)(path, rows)


def _write_csv(path: Path, rows: Iterable[Labelled]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(map(_cells, rows))


def _write_parquet(path: Path, rows: Iterable[Labelled]) -> None:
    waiting = iter(rows)
    with parquet.ParquetWriter(path, _SCHEMA) as writer:
        while batch := list(map(_cells, islice(waiting, _BATCH))):
            columns = dict(zip(COLUMNS, zip(*batch, strict=True), strict=True))
            writer.write_table(pyarrow.table(columns, schema=_SCHEMA))


def _cells(labelled: Labelled) -> tuple[object, ...]:
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
