"""Posts a file of transactions or labels: what the user sees while it goes on and at the end."""

import os
import stat
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

from operations.ingest import input_file
from operations.ingest.api_client import ApiClient, Target
from operations.ingest.poster import Posting, Summary
from operations.ingest.record_kinds import TRANSACTIONS, Kind
from operations.ingest.rejects_file import Rejects
from operations.ingest.responses import Verdict
from terminal.errors import UserError
from terminal.output import console, print_json, progress_console, say

STANDARD_INPUT = "-"
MOST_CONCURRENT = 256
# A file with a wrong column would otherwise fill the terminal with one reason.
REASONS_SHOWN = 20
INTERRUPTED = 130


def send(
    target: Target,
    file: str,
    kind: Kind = TRANSACTIONS,
    *,
    file_format: str = "",
    concurrency: int = 8,
    rejects: str = "",
    as_json: bool = False,
) -> int:
    """Post what `file` holds (`-` is standard input), a `kind` of thing, and print what became of it.

    Returns the exit status: 0 if all of it is stored, 1 if any was refused, 130 after Ctrl-C. Raises
    `UserError`, after the summary so far, if it could not go on.
    """
    if not 1 <= concurrency <= MOST_CONCURRENT:
        raise UserError(f"--concurrency {concurrency} is not from 1 to {MOST_CONCURRENT}.")
    started = time.monotonic()
    with ExitStack() as stack:
        stream = stack.enter_context(_opened(file, kind))
        size = _size(stream)
        source = input_file.read(stream, _name(file), file_format, kind.shape)
        kept = stack.enter_context(Rejects(_other_than(file, rejects), source.header)) if rejects else None
        report = stack.enter_context(_Report(kind, size, kept))
        stop = threading.Event()
        client = ApiClient(target, connections=concurrency, stop=stop)
        stack.callback(client.close)
        posting = Posting(client, kind, concurrency=concurrency, stop=stop, observe=report.add)
        summary = posting.run(source.records)
    _print(kind, summary, time.monotonic() - started, file, rejects, as_json=as_json)
    if summary.error:
        raise summary.error
    if summary.interrupted:
        return INTERRUPTED
    return 0 if summary.complete else 1


class _Report:
    """Shows how far it is, on a terminal, and why a record was refused, up to a number of reasons."""

    def __init__(self, kind: Kind, size_bytes: int | None, kept: Rejects | None) -> None:
        self._kept = kept
        self._refused = 0
        self._counts = dict.fromkeys(kind.outcomes, 0)
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            console=progress_console,
            disable=not progress_console.is_terminal,
            transient=True,
        )
        self._task = self._progress.add_task("sending", total=size_bytes)

    def __enter__(self) -> "_Report":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()
        if self._refused > REASONS_SHOWN:
            say(f"… and {self._refused - REASONS_SHOWN} more (--rejects FILE keeps them all, with reasons)")

    def add(self, record: input_file.Record, verdict: Verdict) -> None:
        """Count one record."""
        self._counts[verdict.outcome] += 1
        said = " · ".join(f"{count} {outcome}" for outcome, count in self._counts.items() if count)
        self._progress.update(self._task, advance=len(record.raw), description=said)
        if verdict.accepted:
            return
        self._refused += 1
        if self._refused <= REASONS_SHOWN:
            say(f"line {record.line}: {verdict.outcome}: {verdict.reason}")
        if self._kept:
            self._kept.add(record, verdict)


@contextmanager
def _opened(file: str, kind: Kind) -> Iterator[BinaryIO]:
    if file == STANDARD_INPUT:
        yield sys.stdin.buffer
        return
    try:
        stream = Path(file).open("rb")  # noqa: SIM115
    except OSError as error:
        # Invoke takes what stands where the file should for the file: 'invoke send --json'.
        task = kind.shape.task
        hint = f"Say: invoke {task} FILE, or: invoke --help {task}" if file.startswith("-") else ""
        raise UserError(f"Cannot read {file}: {error.strerror}.", hint) from error
    with stream:
        yield stream


def _name(file: str) -> str:
    return "standard input" if file == STANDARD_INPUT else file


def _size(stream: BinaryIO) -> int | None:
    """The size of a regular file; None for a pipe, whose end nobody knows."""
    try:
        status = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def _other_than(file: str, rejects: str) -> Path:
    path = Path(rejects)
    if file != STANDARD_INPUT and path.exists() and path.samefile(file):
        raise UserError(f"--rejects {rejects} is the file that is sent.", "Name another one.")
    return path


def _print(kind: Kind, summary: Summary, seconds: float, file: str, rejects: str, *, as_json: bool) -> None:
    counts = {str(outcome): summary.counts[outcome] for outcome in kind.outcomes}
    kept = rejects if rejects and (counts["rejected"] or counts["failed"]) else None
    if as_json:
        result: dict[str, Any] = {
            "file": file,
            **counts,
            "seconds": round(seconds, 3),
            "interrupted": summary.interrupted,
            "rejects": kept,
        }
        print_json(result)
        return
    total = sum(counts.values())
    said = ", ".join(
        f"{count} {outcome}" for outcome, count in counts.items() if count or outcome != "failed"
    )
    console.print(Text(f"{total} {kind.many} in {seconds:.1f} s: {said}"))
    if kept:
        console.print(Text(f"What was refused is in {kept}, the reasons in {kept}.reasons.jsonl"))
    if summary.interrupted or summary.error:
        console.print(Text("Stopped early. Send the file again to go on: nothing is stored twice."))
