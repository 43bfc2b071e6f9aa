"""Writes the sample transactions and labels in `examples/`: python -m operations.demo.example_files"""

import csv
import io
from collections.abc import Iterable
from pathlib import Path

from functions.common.domain import transaction
from functions.common.domain.fields import Field
from functions.common.domain.transaction import Transaction
from functions.labels import label
from functions.labels.label import Label
from operations.demo.scenario import build_scenario
from operations.ingest.payloads import encode_payload, select_fields
from orchestration.environments import ROOT

COUNT = 300
SEED = 7
# 2026-01-05, a Monday. Fixed, so that the files are reproducible.
END_MS = 1_767_571_200_000


def build_files() -> dict[str, bytes]:
    """Return the content of each file by name: the same transactions in both formats, and their labels."""
    steps = build_scenario(SEED, "sample", COUNT, END_MS)
    transactions = [step for step in steps if isinstance(step, Transaction)]
    labels = [step for step in steps if isinstance(step, Label)]
    return {
        "transactions.jsonl": b"".join(encode_payload(row) + b"\n" for row in transactions),
        "transactions.csv": _encode_csv(transaction.TRANSACTION_FIELDS, transactions),
        "labels.csv": _encode_csv(label.LABEL_FIELDS, labels),
    }


def _encode_csv(fields: Iterable[Field], rows: Iterable[Transaction | Label]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, [field.name for field in fields], restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(select_fields(row) for row in rows)
    return text.getvalue().encode()


def write_files(folder: Path = ROOT / "examples") -> None:
    """Write the files into `folder`."""
    for name, content in build_files().items():
        (folder / name).write_bytes(content)


if __name__ == "__main__":
    write_files()
