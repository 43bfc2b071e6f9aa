"""The decision on each tested transaction as CSV, one row each, in order of time.

`score` has all digits of the number. `decision` is flag or pass. `reasons` is a JSON list of objects with
rule_id, weight and text, ordered by descending weight.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from detection.data.atomic_file import replace_atomically
from detection.data.columns import LabelledTransaction
from detection.data.csv_writer import CsvWriter
from detection.evaluation.backtest import DecisionSink
from functions.fraud.scoring.scorer import ScoringResult

_COLUMNS = ("transaction_id", "score", "decision", "reasons")
_DECISIONS = {True: "flag", False: "pass"}


@contextmanager
def open_scores_file(path: Path) -> Iterator[DecisionSink]:
    """Yield a function that writes rows. An error in the context leaves no file."""
    # The stream is closed before the draft replaces the file.
    with replace_atomically(path) as draft, draft.open("w", encoding="utf-8", newline="") as stream:
        writer = CsvWriter(stream)
        writer.write(_COLUMNS)
        yield lambda labelled, result: writer.write(_row_cells(labelled, result))


def _row_cells(labelled: LabelledTransaction, result: ScoringResult) -> tuple[str | float, ...]:
    reasons = msgspec.json.encode(result.reasons).decode() if result.reasons else "[]"
    decision = _DECISIONS[result.suspicious]
    return labelled.transaction.transaction_id, float(result.score), decision, reasons
