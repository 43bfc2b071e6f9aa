"""What was decided on each tested transaction, as CSV: one row each, in order of time.

`score` is written so that it reads back as the same number, `decision` is flag or pass, `reasons` is a JSON
list of objects with rule_id, weight and text, the heaviest first.
"""

import csv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from detection.data.atomic_file import replaced
from detection.data.columns import Labelled
from functions.fraud.scoring.scorer import Verdict

COLUMNS = ("transaction_id", "score", "decision", "reasons")
DECISIONS = {True: "flag", False: "pass"}


class ScoresFile:
    """Takes decisions. Made by `scores_file`."""

    def __init__(self, write: Callable[[tuple[str | float, ...]], object]) -> None:
        self._write = write

    def add(self, labelled: Labelled, verdict: Verdict) -> None:
        """One row."""
        reasons = msgspec.json.encode(verdict.reasons).decode() if verdict.reasons else "[]"
        decision = DECISIONS[verdict.suspicious]
        self._write((labelled.transaction.transaction_id, float(verdict.score), decision, reasons))


@contextmanager
def scores_file(path: Path) -> Iterator[ScoresFile]:
    """A file that is there with all its rows when the context ends, and not at all after an error."""
    # Closed before it gets its name.
    with replaced(path) as draft, draft.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(COLUMNS)
        yield ScoresFile(writer.writerow)
