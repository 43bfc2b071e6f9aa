"""Simulates a file of transactions for the task `simulate`."""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import NamedTuple

from rich.text import Text

from cli.models.datasets import user_errors
from detection.data import payment_simulation, writer
from detection.data.atomic_file import replace_atomically
from detection.data.columns import LabelledTransaction
from detection.data.payment_simulation import MIN_MERCHANTS, simulate_payments
from detection.data.simulation import simulate_transactions
from functions.common.domain.time_buckets import DAY_MS
from terminal.errors import UserError
from terminal.output import console
from terminal.progress import show_progress_bar

_PROGRESS_ROWS = 1 << 12


class _Size(NamedTuple):
    customers: int
    terminals: int
    days: int


class _World(NamedTuple):
    """A simulation with its default size and start. `columns`: the optional columns of its files."""

    size: _Size
    start: str
    columns: tuple[str, ...]
    min_terminals: int
    simulate: Callable[[_Size, int, int], Iterator[LabelledTransaction]]


def _simulate_payments(size: _Size, seed: int, start_ms: int) -> Iterator[LabelledTransaction]:
    return simulate_payments(
        accounts=size.customers, merchants=size.terminals, days=size.days, seed=seed, start_ms=start_ms
    )


def _simulate_handbook(size: _Size, seed: int, start_ms: int) -> Iterator[LabelledTransaction]:
    return simulate_transactions(**size._asdict(), seed=seed, start_ms=start_ms)


# The default of payments is small: all tasks of a first hour, up to a backtest, take less than two minutes.
_WORLDS = {
    "payments": _World(
        size=_Size(customers=1000, terminals=800, days=120),
        start="2026-01-05",
        columns=payment_simulation.COLUMNS,
        min_terminals=MIN_MERCHANTS,
        simulate=_simulate_payments,
    ),
    "handbook": _World(
        size=_Size(customers=5000, terminals=10_000, days=183),
        start="2018-04-01",
        columns=(),
        min_terminals=1,
        simulate=_simulate_handbook,
    ),
}


def write_simulation(
    out: str,
    *,
    world: str = "payments",
    customers: str = "",
    terminals: str = "",
    days: str = "",
    seed: int = 1,
    start: str = "",
) -> None:
    """Write the file atomically. An empty string is the default of the world. Raises UserError."""
    simulation = _WORLDS.get(world)
    if simulation is None:
        raise UserError(f"--world: '{world}' is not a simulation.", f"Use one of {', '.join(_WORLDS)}.")
    path, start_ms = Path(out), _parse_start_ms(start or simulation.start)
    size = _Size(
        customers=_parse_count("--customers", customers, simulation.size.customers),
        terminals=_parse_count(
            "--terminals", terminals, simulation.size.terminals, minimum=simulation.min_terminals
        ),
        days=_parse_count("--days", days, simulation.size.days),
    )
    with user_errors():
        writer.check_suffix(path)
        with replace_atomically(path) as draft, show_progress_bar("simulating", size.days * DAY_MS) as update:
            rows = simulation.simulate(size, seed, start_ms)
            counting_rows = _CountingRows(rows, lambda time_ms: update(time_ms - start_ms))
            writer.write_transactions(draft, counting_rows, simulation.columns)
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


def _parse_count(option: str, text: str, default: int, minimum: int = 1) -> int:
    if not text:
        return default
    if not text.isdecimal():
        raise UserError(f"{option}: '{text}' is not a whole number.", f"Use a number such as {default}.")
    if int(text) < minimum:
        raise UserError(f"{option}: {text} is too few.", f"Use a number of at least {minimum}.")
    return int(text)


def _parse_start_ms(text: str) -> int:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise UserError(f"--start: '{text}' is not a date.", "Use a date such as 2026-01-05.") from None
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1000
