"""Replay as a command: finds undecided transactions, asks for confirmation, replays them and reports."""

import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from rich.text import Text

from functions.common.runtime.clock import now_ms
from operations.deployed import DeployedPipeline
from operations.monitoring.locate import Location, Locator
from operations.repair.bus import Bus
from operations.repair.replay import PATIENCE_SECONDS, Replay, ReplayResult
from operations.repair.transaction_reader import Item, Period, TransactionReader
from shared.contracts import ProcessingOutputs, require_string
from terminal import durations
from terminal.command_line import command_line
from terminal.errors import UserError
from terminal.output import console, print_json, print_message
from terminal.progress import overwrite_line
from terminal.prompts import confirm

FAILED = 1
PARTLY_DONE = 3
# The number of transactions whose place is looked for, which takes seconds each.
MAX_LOCATED = 3
MAX_SHOWN = 20


@dataclass
class _Selection:
    """Ids from a file that are already decided, or not found in the period."""

    decided: list[str] = field(default_factory=list)
    not_found: list[str] = field(default_factory=list)


def read_request(since: str, until: str, ids: str, *, undecided: bool) -> tuple[Period, list[str] | None]:
    """Parse the period and read the ids of the file `ids`, `-` for standard input. Raises UserError."""
    if undecided and ids:
        raise UserError("--undecided and --ids cannot be combined.", "Use one of them.")
    period = read_period(since, until, now_ms())
    return period, _read_ids(ids) if ids else None


def read_period(since: str, until: str, now_ms: int) -> Period:
    """Return the period from `since` to `until`; an empty `until` is now. Raises UserError."""
    if not since:
        raise UserError("--since is missing.", "Use a duration or a time in UTC: 2h, 2026-01-31T18:00.")
    period = Period(
        _parse_past_ms("--since", since, now_ms),
        _parse_past_ms("--until", until, now_ms) if until else now_ms,
    )
    if period.since_ms >= period.until_ms:
        raise UserError(
            "--since is not before --until.", "Use an earlier --since, or omit --until, which then is now."
        )
    return period


def _parse_past_ms(option: str, typed: str, now_ms: int) -> int:
    """Return the epoch milliseconds of a time, or of the start of a duration that ends now."""
    try:
        instant = datetime.fromisoformat(typed)
    except ValueError:
        if not durations.is_duration(typed):
            raise UserError(
                f"{option}: '{typed}' is neither a duration nor a time.",
                "Use a number and s, m, h, d or w, or a time in UTC: 90s, 2h, 2026-01-31T18:00.",
            ) from None
        return max(0, now_ms - durations.parse_duration_ms(option, typed))
    utc = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
    time_ms = int(utc.timestamp() * 1000)
    if time_ms > now_ms:
        raise UserError(f"{option}: '{typed}' is in the future.", "Use a time in the past.")
    return time_ms


def run_replay(
    deployed: DeployedPipeline,
    period: Period,
    ids: list[str] | None,
    *,
    dry_run: bool,
    yes: bool,
    as_json: bool,
    patience_seconds: float = PATIENCE_SECONDS,
) -> int:
    """Replay undecided transactions of the period, or those of `ids`.

    Returns the exit status: 0 if all are decided, 3 if only some are, 1 if none is. Raises UserError.
    """
    reader = TransactionReader(deployed.dynamodb_client(), deployed.transactions_table_name, now_ms)
    selection = _Selection()
    if ids is None:
        items = reader.scan_undecided(period, reader.read_size().segments, _show_scan)
    else:
        items = _find_items(reader, ids, period, selection)
    if not dry_run:
        confirm(f"{_describe_cost(reader, ids)} Replay the undecided transactions?", yes=yes)
    else:
        print_message(_describe_cost(reader, ids))
        return _show_undecided(items, selection, as_json=as_json)
    bus = Bus(deployed.events_client(), require_string(deployed.outputs(ProcessingOutputs).bus_name))
    run = Replay(
        reader,
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
    locator = Locator.from_deployed(deployed) if waiting else None
    locations = {name: locator.locate(name, None, now_ms()) for name in waiting} if locator else {}
    _show_result(run.result, selection, locations, as_json=as_json)
    if run.result.is_complete and not selection.not_found:
        return 0
    return PARTLY_DONE if run.result.decided else FAILED


def _find_items(
    reader: TransactionReader, ids: list[str], period: Period, selection: _Selection
) -> Iterator[Item]:
    for identifier in ids:
        item = reader.find(identifier)
        if item is None or not period.contains(item):
            selection.not_found.append(identifier)
        elif "decision" in item:
            selection.decided.append(identifier)
        else:
            yield item


def _describe_cost(reader: TransactionReader, ids: list[str] | None) -> str:
    if ids is not None:
        return f"{len(ids)} transactions are read by id."
    size = reader.read_size()
    return (
        f"The whole table is scanned: about {size.items} items, {size.bytes / 1e6:.0f} MB,"
        f" ${size.scan_dollars:.2f}."
    )


def _read_ids(file: str) -> list[str]:
    try:
        content = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise UserError(
            f"--ids: {file} cannot be read: {reason}.", "Use a file with an id on each line."
        ) from error
    ids = list(dict.fromkeys(line.strip() for line in content.splitlines() if line.strip()))
    if not ids:
        raise UserError(f"--ids: {file} is empty.", "Use a file with an id on each line.")
    return ids


def _show_undecided(items: Iterator[Item], selection: _Selection, *, as_json: bool) -> int:
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
    result: ReplayResult, selection: _Selection, locations: Mapping[str, Location], *, as_json: bool
) -> None:
    """Print the result. `locations` are the locations of the first waiting transactions, by id."""
    if as_json:
        waiting = [
            {"id": identifier, "place": msgspec.to_builtins(locations.get(identifier))}
            for identifier in result.waiting
        ]
        print_json(
            {
                "found": result.total,
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
        location = f": {locations[identifier].sentence}" if identifier in locations else ""
        console.print(Text(f"  {identifier} waits{location}"))
    if result.stopped:
        health = command_line("health")
        console.print(Text(f"  Stopped: no transaction of the last round was decided. See: {health}"))
    _show_selection(selection)


def _show_selection(selection: _Selection) -> None:
    if selection.decided:
        console.print(Text(f"decided before: {len(selection.decided)}"))
    for identifier in selection.not_found[:MAX_SHOWN]:
        console.print(Text(f"  {identifier} is not in the table, or was received outside the period"))
    if len(selection.not_found) > MAX_SHOWN:
        console.print(Text(f"  and {len(selection.not_found) - MAX_SHOWN} more"))


def _show_scan(count: int) -> None:
    overwrite_line(f"table: {count} items read")


def _show_progress(result: ReplayResult) -> None:
    overwrite_line(f"{result.decided} of {result.total} decided, {len(result.failed)} failed")
