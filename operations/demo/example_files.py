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
from operations.demo.scenario import story
from operations.ingest.payloads import body, present
from orchestration.environments import ROOT

COUNT = 300
SEED = 7
# Fixed, so that the files are the same whenever they are written: a Monday.
END_MS = 1_767_571_200_000


def files() -> dict[str, bytes]:
    """The content of each file by its name: the same transactions in both formats, and their labels."""
    steps = story(SEED, "sample", COUNT, END_MS)
    transactions = [step for step in steps if isinstance(step, Transaction)]
    labels = [step for step in steps if isinstance(step, Label)]
    return {
        "transactions.jsonl": b"".join(body(each) + b"\n" for each in transactions),
        "transactions.csv": _table(transaction.FIELDS, transactions),
        "labels.csv": _table(label.FIELDS, labels),
    }


def _table(fields: Iterable[Field], rows: Iterable[Transaction | Label]) -> bytes:
    table = io.StringIO(newline="")
    writer = csv.DictWriter(table, [field.name for field in fields], restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(present(row) for row in rows)
    return table.getvalue().encode()


def write(folder: Path = ROOT / "examples") -> None:
    """Write the files into `folder`."""
    for name, content in files().items():
        (folder / name).write_bytes(content)


if __name__ == "__main__":
    write()
