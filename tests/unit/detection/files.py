"""Datasets for tests."""

from collections.abc import Iterable
from pathlib import Path

HEADER = "transaction_id,account_id,merchant_id,amount,timestamp,is_fraud"
FIRST = "t1,a1,m1,12.50,1522540800,0"
SECOND = "t2,a2,m1,7,1522540801,1"


def write_dataset(
    folder: Path, lines: Iterable[str] = (FIRST, SECOND), header: str = HEADER, name: str = "f.csv"
) -> Path:
    """Write a file with these lines."""
    path = folder / name
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return path
