"""Lists, snoozes and the audit trail as tables and as JSON."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from rich.table import Table
from rich.text import Text

from functions.common.domain.overrides import ListEntry, Snooze
from operations.review.audit_trail import AuditEntry
from terminal import durations
from terminal.command_line import command_line
from terminal.output import console, print_json

_STYLES = {"block": "bold red", "allow": "green"}
_EXPIRED_STYLE = "dim"


def show_lists(
    entries: Iterable[ListEntry], now_ms: int, *, only: str, ended: bool, as_json: bool = False
) -> None:
    """Print the entries of the list `only`, or of both if it is empty; `ended` includes expired entries."""
    selected = [
        entry for entry in entries if (not only or entry.list == only) and (ended or entry.until > now_ms)
    ]
    if as_json:
        print_json([_override_to_json(entry, now_ms) for entry in selected])
        return
    if not selected:
        add = command_line("lists.add", "block", "account", "ID", until="90d", reason="chargebacks")
        console.print(f"{f'The {only} list is' if only else 'Both lists are'} empty. Add an entry: {add}")
        return
    table = _create_table("list", "kind", "id", "until", "reason", "author", "added")
    for entry in selected:
        style = _STYLES[entry.list] if entry.until > now_ms else _EXPIRED_STYLE
        table.add_row(
            Text(entry.list, style), *_format_cells(entry, now_ms), style=_choose_style(entry, now_ms)
        )
    console.print(table)


def show_snoozes(entries: Iterable[Snooze], now_ms: int, *, ended: bool, as_json: bool = False) -> None:
    """Print the snoozes; `ended` includes expired ones."""
    selected = [entry for entry in entries if ended or entry.until > now_ms]
    if as_json:
        print_json([_override_to_json(entry, now_ms) for entry in selected])
        return
    if not selected:
        snooze = command_line("snooze", "account", "ID", until="2h", reason="known customer")
        console.print(f"There are no snoozes. Start one: {snooze}")
        return
    table = _create_table("kind", "id", "until", "reason", "author", "added")
    for entry in selected:
        table.add_row(*_format_cells(entry, now_ms), style=_choose_style(entry, now_ms))
    console.print(table)


def show_changes(changes: Sequence[AuditEntry], *, as_json: bool = False) -> None:
    """Print the audit trail in the given order."""
    if as_json:
        print_json([msgspec.to_builtins(change) for change in changes])
        return
    if not changes:
        console.print("The audit trail is empty.")
        return
    table = _create_table("when", "task", "kind", "id", "before", "after", "reason", "author", "as")
    for change in changes:
        table.add_row(
            durations.format_time(change.at),
            Text(change.task),
            change.kind,
            Text(change.id),
            Text(_format_override(change.before)),
            Text(_format_override(change.after)),
            Text(change.reason),
            Text(change.author),
            Text(change.caller),
        )
    console.print(table)


def _create_table(*columns: str) -> Table:
    table = Table()
    for column in columns:
        table.add_column(column)
    return table


def _format_cells(entry: ListEntry | Snooze, now_ms: int) -> tuple[Text, ...]:
    end = f"{durations.format_end(entry.until)}, {durations.format_relative_time(entry.until, now_ms)}"
    return (
        Text(entry.kind),
        Text(entry.id),
        Text(end),
        Text(entry.reason),
        Text(entry.author),
        Text(durations.format_time(entry.added_at)),
    )


def _choose_style(entry: ListEntry | Snooze, now_ms: int) -> str:
    return "" if entry.until > now_ms else _EXPIRED_STYLE


def _override_to_json(entry: ListEntry | Snooze, now_ms: int) -> dict[str, Any]:
    return {**msgspec.to_builtins(entry), "in_force": entry.until > now_ms}


def _format_override(fields: dict[str, Any]) -> str:
    if not fields:
        return "nothing"
    state = f"{fields['list']} list" if "list" in fields else "snoozed"
    return f"{state} until {durations.format_end(fields['until'])}"
