"""Shows lists, snoozes and the trail of their changes, as tables or for scripts."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from rich.table import Table
from rich.text import Text

from functions.common.domain.lists_and_snoozes import Listing, Snooze
from operations.review.audit_trail import AuditEntry
from terminal import durations
from terminal.output import console, print_json

_STYLES = {"block": "bold red", "allow": "green"}
_ENDED = "dim"


def show_lists(
    entries: Iterable[Listing], now_ms: int, *, only: str, ended: bool, as_json: bool = False
) -> None:
    """Print the entries of one list, or of both if `only` is empty; with `ended` also those that are over."""
    shown = [
        entry for entry in entries if (not only or entry.list == only) and (ended or entry.until > now_ms)
    ]
    if as_json:
        print_json([_as_object(entry, now_ms) for entry in shown])
        return
    if not shown:
        where = f"the {only} list" if only else "any list"
        console.print(
            f'Nothing is on {where}. Add: invoke lists.add block account ID --until 90d --reason "…"'
        )
        return
    table = _table("list", "kind", "id", "until", "reason", "author", "added")
    for entry in shown:
        style = _STYLES[entry.list] if entry.until > now_ms else _ENDED
        table.add_row(Text(entry.list, style), *_cells(entry, now_ms), style=_row_style(entry, now_ms))
    console.print(table)


def show_snoozes(entries: Iterable[Snooze], now_ms: int, *, ended: bool, as_json: bool = False) -> None:
    """Print the snoozes; with `ended` also those that are over."""
    shown = [entry for entry in entries if ended or entry.until > now_ms]
    if as_json:
        print_json([_as_object(entry, now_ms) for entry in shown])
        return
    if not shown:
        console.print('Nothing is snoozed. To do so: invoke snooze account ID --until 2h --reason "…"')
        return
    table = _table("kind", "id", "until", "reason", "author", "added")
    for entry in shown:
        table.add_row(*_cells(entry, now_ms), style=_row_style(entry, now_ms))
    console.print(table)


def show_changes(changes: Sequence[AuditEntry], *, as_json: bool = False) -> None:
    """Print the trail in the given order."""
    if as_json:
        print_json([msgspec.to_builtins(change) for change in changes])
        return
    if not changes:
        console.print("Nothing was ever changed.")
        return
    table = _table("when", "task", "kind", "id", "before", "after", "reason", "author", "as")
    for change in changes:
        table.add_row(
            durations.at(change.at),
            Text(change.task),
            change.kind,
            Text(change.id),
            Text(_in_words(change.before)),
            Text(_in_words(change.after)),
            Text(change.reason),
            Text(change.author),
            Text(change.caller),
        )
    console.print(table)


def _table(*names: str) -> Table:
    table = Table()
    for name in names:
        table.add_column(name)
    return table


def _cells(entry: Listing | Snooze, now_ms: int) -> tuple[Text, ...]:
    return (
        Text(entry.kind),
        Text(entry.id),
        Text(f"{durations.until(entry.until)}, {durations.from_now(entry.until, now_ms)}"),
        Text(entry.reason),
        Text(entry.author),
        Text(durations.at(entry.added_at)),
    )


def _row_style(entry: Listing | Snooze, now_ms: int) -> str:
    return "" if entry.until > now_ms else _ENDED


def _as_object(entry: Listing | Snooze, now_ms: int) -> dict[str, Any]:
    return {**msgspec.to_builtins(entry), "in_force": entry.until > now_ms}


def _in_words(said: dict[str, Any]) -> str:
    if not said:
        return "nothing"
    what = f"{said['list']} list" if "list" in said else "snoozed"
    return f"{what} until {durations.until(said['until'])}"
