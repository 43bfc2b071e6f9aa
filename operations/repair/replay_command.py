"""`invoke replay`: find undecided transactions, ask, decide them, report."""

import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rich.text import Text

from functions.common.runtime.clock import now_ms
from operations.deployed import Deployed
from operations.monitoring.locate import Location, Locator
from operations.repair.bus import Bus
from operations.repair.replay import PATIENCE_SECONDS, Replay, ReplayResult
from operations.repair.times import read_period
from operations.repair.undecided import Item, Period, TransactionTable
from shared.contracts import ProcessingOutputs, text
from terminal.errors import UserError
from terminal.output import confirm, console, print_json, progress_console, say

FAILED = 1
PARTLY_DONE = 3
# As many transactions that still wait are located and named.
MAX_LOCATED = 3
MAX_SHOWN = 20


@dataclass
class _Selection:
    """The transactions of a file with ids that need no decision, or cannot have one."""

    decided: list[str] = field(default_factory=list)
    not_found: list[str] = field(default_factory=list)


def read_request(since: str, until: str, ids: str, *, undecided: bool) -> tuple[Period, list[str] | None]:
    """The period and, with `--ids`, the ids in the file, `-` being standard input. Raises UserError."""
    if undecided and ids:
        raise UserError("--undecided and --ids exclude each other.", "Use one of them.")
    period = read_period(since, until, now_ms())
    return period, _read_ids(ids) if ids else None


def replay(
    deployed: Deployed,
    period: Period,
    ids: list[str] | None,
    *,
    dry_run: bool,
    yes: bool,
    as_json: bool,
    patience_seconds: float = PATIENCE_SECONDS,
) -> int:
    """Decide undecided transactions. Returns 0, 1 if none of them is decided, 3 if only a part is.

    Raises UserError.
    """
    table = TransactionTable(deployed.dynamodb_client(), deployed.transactions_table, now_ms)
    selection = _Selection()
    items = _scan(table, period) if ids is None else _look_up(table, ids, period, selection)
    if not dry_run:
        confirm(f"{_cost(table, ids)} Decide those without a decision?", yes=yes)
    else:
        say(_cost(table, ids))
        return _show_found(items, selection, as_json=as_json)
    bus = Bus(deployed.events_client(), text(deployed.outputs(ProcessingOutputs).bus_name))
    run = Replay(
        table,
        bus,
        clock=time.monotonic,
        sleep=time.sleep,
        progress=_show_progress,
        patience_seconds=patience_seconds,
    )
    try:
        run.run(items)
    except (KeyboardInterrupt, UserError):
        _show_result(run.result, selection, {}, as_json=as_json)
        raise
    waiting = run.result.waiting[:MAX_LOCATED]
    locator = Locator.of(deployed) if waiting else None
    places = {name: locator.locate(name, None, now_ms()) for name in waiting} if locator else {}
    _show_result(run.result, selection, places, as_json=as_json)
    if run.result.is_complete and not selection.not_found:
        return 0
    return PARTLY_DONE if run.result.decided else FAILED


def _scan(table: TransactionTable, period: Period) -> Iterator[Item]:
    return table.undecided(period, table.size().segments, _show_scan)


def _look_up(
    table: TransactionTable, ids: list[str], period: Period, selection: _Selection
) -> Iterator[Item]:
    for identifier in ids:
        item = table.find(identifier)
        if item is None or not period.has(item):
            selection.not_found.append(identifier)
        elif "decision" in item:
            selection.decided.append(identifier)
        else:
            yield item


def _cost(table: TransactionTable, ids: list[str] | None) -> str:
    if ids is not None:
        return f"{len(ids)} transactions are read by their ids."
    size = table.size()
    return (
        f"The whole table is read: about {size.items} items, {size.bytes / 1e6:.0f} MB,"
        f" about ${size.scan_dollars:.2f}."
    )


def _read_ids(file: str) -> list[str]:
    try:
        content = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise UserError(
            f"--ids: {file} cannot be read: {reason}.", "Use a file with an id on each line."
        ) from error
    # Each once, in their order.
    ids = list(dict.fromkeys(line.strip() for line in content.splitlines() if line.strip()))
    if not ids:
        raise UserError(f"--ids: {file} has no ids.", "Use a file with an id on each line.")
    return ids


def _show_found(items: Iterator[Item], selection: _Selection, *, as_json: bool) -> int:
    count, first = 0, list[str]()
    for item in items:
        count += 1
        if as_json or count <= MAX_SHOWN:
            first.append(item["transaction_id"]["S"])
    if as_json:
        print_json(
            {"undecided": first, "decided_before": selection.decided, "not_found": selection.not_found}
        )
        return 0
    console.print(Text(f"undecided: {count}"))
    for identifier in first:
        console.print(Text(f"  {identifier}"))
    if count > len(first):
        console.print(Text(f"  and {count - len(first)} more"))
    _show_selection(selection)
    return 0


def _show_result(
    result: ReplayResult, selection: _Selection, places: Mapping[str, Location], *, as_json: bool
) -> None:
    """`places`: those of the first transactions that wait."""
    if as_json:
        waiting = [
            {"id": identifier, "place": places[identifier].as_object() if identifier in places else None}
            for identifier in result.waiting
        ]
        print_json(
            {
                "found": result.found,
                "decided": result.decided,
                "failed": result.failed,
                "waiting": waiting,
                "stopped": result.stopped,
                "decided_before": selection.decided,
                "not_found": selection.not_found,
            }
        )
        return
    console.print(
        Text(f"decided: {result.decided}, failed: {len(result.failed)}, waiting: {len(result.waiting)}")
    )
    for identifier, error in list(result.failed.items())[:MAX_SHOWN]:
        console.print(Text(f"  {identifier} failed: {error}"))
    for identifier in result.waiting[:MAX_SHOWN]:
        place = f": {places[identifier].sentence}" if identifier in places else ""
        console.print(Text(f"  {identifier} waits{place}"))
    if result.stopped:
        console.print(Text("  Stopped: none of the first transactions was decided. See: invoke health"))
    _show_selection(selection)


def _show_selection(selection: _Selection) -> None:
    if selection.decided:
        console.print(Text(f"decided before: {len(selection.decided)}"))
    for identifier in selection.not_found[:MAX_SHOWN]:
        console.print(Text(f"  {identifier} is not in the table, or was received at another time"))
    if len(selection.not_found) > MAX_SHOWN:
        console.print(Text(f"  and {len(selection.not_found) - MAX_SHOWN} more"))


def _show_scan(looked_at: int) -> None:
    if progress_console.is_terminal:
        progress_console.print(Text(f"table: {looked_at} items looked at"), end="\r")


def _show_progress(result: ReplayResult) -> None:
    if progress_console.is_terminal:
        progress_console.print(
            Text(f"{result.decided} of {result.found} decided, {len(result.failed)} failed"), end="\r"
        )
