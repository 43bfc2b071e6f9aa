"""Tables that fit the width of the terminal."""

from collections.abc import Callable, Sequence

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

_UNLIMITED = 10_000


def fit_table(
    build: Callable[[Sequence[str]], Table],
    columns: Sequence[str],
    optional: Sequence[str],
    console: Console,
) -> Table:
    """Return the table with as many `columns` as fit the width of `console`.

    Columns are left out in the order of `optional`. Rich would otherwise shorten the text of all columns.
    """
    shown = list(columns)
    table = build(shown)
    for name in optional:
        if _measure_width(table, console) <= console.width:
            break
        shown.remove(name)
        table = build(shown)
    return table


def _measure_width(table: Table, console: Console) -> int:
    options = console.options.update(width=_UNLIMITED)
    return Measurement.get(console, options, table).maximum
