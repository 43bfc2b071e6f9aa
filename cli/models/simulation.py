"""Makes up a file of transactions."""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

from rich.text import Text

from cli.models.options import Simulated
from cli.models.told import told_to_users
from detection.data import writer
from detection.data.atomic_file import replaced
from detection.data.columns import Labelled
from detection.data.dates import DAY_MS
from detection.data.simulation import simulate as simulated
from terminal.errors import UserError
from terminal.output import console
from terminal.progress_bar import bar

_TOLD_EVERY = 1 << 12


def simulate(typed: Simulated) -> None:
    """Write the file, whole or not at all. Raises UserError."""
    path, start_ms = Path(typed.out), _start_ms(typed.start)
    for name in ("customers", "terminals", "days"):
        if getattr(typed, name) == 0:
            raise UserError(f"--{name} 0 makes no transactions.")
    with told_to_users():
        writer.check_suffix(path)
        with replaced(path) as draft, bar("simulating", typed.days * DAY_MS) as done:
            rows = simulated(
                customers=typed.customers,
                terminals=typed.terminals,
                days=typed.days,
                seed=typed.seed,
                start_ms=start_ms,
            )
            counted = _Counted(rows, lambda time_ms: done(time_ms - start_ms))
            writer.write(draft, counted)
    console.print(Text(f"{typed.out}: {counted.transactions:,} transactions, {counted.frauds:,} fraud"))


class _Counted:
    """Rows as they pass by; `done` is told the time of one now and then."""

    def __init__(self, rows: Iterable[Labelled], done: Callable[[int], None]) -> None:
        self._rows = rows
        self._done = done
        self.transactions = self.frauds = 0

    def __iter__(self) -> Iterator[Labelled]:
        for labelled in self._rows:
            self.transactions += 1
            self.frauds += bool(labelled.is_fraud)
            if self.transactions % _TOLD_EVERY == 0:
                self._done(labelled.transaction.timestamp)
            yield labelled


def _start_ms(text: str) -> int:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise UserError(f"--start {text} is no date.", "Give one such as 2018-04-01.") from None
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1000
