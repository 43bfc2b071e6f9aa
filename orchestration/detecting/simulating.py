"""Makes up a file of transactions."""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

from rich.text import Text

from detection import transaction_file
from detection.columns import Labelled
from detection.simulation import simulate as simulated
from detection.times import DAY_MS
from detection.writing import replaced
from orchestration.console import console
from orchestration.detecting.progress import bar
from orchestration.detecting.told import told_to_users
from orchestration.detecting.typed import Simulated
from orchestration.errors import UserError

_TOLD_EVERY = 1 << 12


def simulate(typed: Simulated) -> None:
    """Write the file, whole or not at all. Raises UserError."""
    path, start_ms = Path(typed.out), _start_ms(typed.start)
    for name in ("customers", "terminals", "days"):
        if getattr(typed, name) == 0:
            raise UserError(f"--{name} 0 makes no transactions.")
    with told_to_users():
        transaction_file.check_suffix(path)
        with replaced(path) as draft, bar("simulating", typed.days * DAY_MS) as done:
            rows = simulated(
                customers=typed.customers,
                terminals=typed.terminals,
                days=typed.days,
                seed=typed.seed,
                start_ms=start_ms,
            )
            counted = _Counted(rows, lambda time_ms: done(time_ms - start_ms))
            transaction_file.write(draft, counted)
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
