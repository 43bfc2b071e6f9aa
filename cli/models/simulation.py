"""Simulates a file of transactions for the task `simulate`."""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

from rich.text import Text

from cli.models.datasets import user_errors
from detection.data import writer
from detection.data.atomic_file import replace_atomically
from detection.data.columns import LabelledTransaction
from detection.data.simulation import simulate_transactions
from functions.common.domain.time_buckets import DAY_MS
from terminal.errors import UserError
from terminal.output import console
from terminal.progress import show_progress_bar

_PROGRESS_ROWS = 1 << 12


def write_simulation(out: str, *, customers: int, terminals: int, days: int, seed: int, start: str) -> None:
    """Write the file atomically. Raises UserError."""
    path, start_ms = Path(out), _parse_start_ms(start)
    for name, count in (("customers", customers), ("terminals", terminals), ("days", days)):
        if count == 0:
            raise UserError(f"--{name}: 0 simulates no transactions.", "Use a number above 0.")
    with user_errors():
        writer.check_suffix(path)
        with replace_atomically(path) as draft, show_progress_bar("simulating", days * DAY_MS) as update:
            rows = simulate_transactions(
                customers=customers, terminals=terminals, days=days, seed=seed, start_ms=start_ms
            )
            counting_rows = _CountingRows(rows, lambda time_ms: update(time_ms - start_ms))
            writer.write_transactions(draft, counting_rows)
    counts = f"{counting_rows.transactions:,} transactions, {counting_rows.frauds:,} fraud"
    console.print(Text(f"{out}: {counts}"))


class _CountingRows:
    """Counts rows while they are read. `update` receives the time of a row now and then."""

    def __init__(self, rows: Iterable[LabelledTransaction], update: Callable[[int], None]) -> None:
        self._rows = rows
        self._update = update
        self.transactions = self.frauds = 0

    def __iter__(self) -> Iterator[LabelledTransaction]:
        for labelled in self._rows:
            self.transactions += 1
            self.frauds += bool(labelled.is_fraud)
            if self.transactions % _PROGRESS_ROWS == 0:
                self._update(labelled.transaction.timestamp)
            yield labelled


def _parse_start_ms(text: str) -> int:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise UserError(f"--start: '{text}' is not a date.", "Use a date such as 2018-04-01.") from None
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1000
