"""Writes the sample transactions in `examples/`: python -m orchestration.transactions.samples"""

import csv
import io
from itertools import count, islice
from pathlib import Path

from functions.common import transaction
from orchestration.environments import ROOT
from orchestration.transactions.posts import body, present
from orchestration.transactions.simulate import simulate

COUNT = 300
SEED = 7
# Fixed, so that the files are the same whenever they are written: a Monday morning.
FIRST_MS = 1_767_600_000_000
STEP_MS = 7_919


def files() -> dict[str, bytes]:
    """The content of each file by its name: the same transactions in both formats."""
    times = count(FIRST_MS, STEP_MS)
    transactions = list(islice(simulate(SEED, "sample", lambda: next(times)), COUNT))
    table = io.StringIO(newline="")
    columns = [field.name for field in transaction.FIELDS]
    rows = csv.DictWriter(table, columns, restval="", lineterminator="\n")
    rows.writeheader()
    rows.writerows(present(each) for each in transactions)
    return {
        "transactions.jsonl": b"".join(body(each) + b"\n" for each in transactions),
        "transactions.csv": table.getvalue().encode(),
    }


def write(folder: Path = ROOT / "examples") -> None:
    """Write the files into `folder`."""
    for name, content in files().items():
        (folder / name).write_bytes(content)


if __name__ == "__main__":
    write()
