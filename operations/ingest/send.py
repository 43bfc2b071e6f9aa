"""Posts a file of transactions or labels and shows the progress, the refused records and a summary."""

import json
import os
import stat
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

from rich.text import Text

from functions.common.http.batch_schema import MAX_BATCH_ENTRIES
from operations.api_target import ApiTarget
from operations.ingest import input_file
from operations.ingest.api_client import ApiClient
from operations.ingest.batch_client import BatchClient
from operations.ingest.input_file import Record
from operations.ingest.poster import Poster, PostSummary
from operations.ingest.record_kinds import TRANSACTIONS, RecordKind
from operations.ingest.responses import PostResult
from terminal.command_line import command_line
from terminal.errors import INTERRUPTED, UserError
from terminal.output import console, print_json, print_message
from terminal.progress import ProgressDisplay, open_progress

STANDARD_INPUT = "-"
MAX_CONCURRENCY = 256
# A wrong column makes every record fail for the same reason, which would fill the terminal.
MAX_REASONS_SHOWN = 20
REASONS_SUFFIX = ".reasons.jsonl"


def send_file(
    target: ApiTarget,
    file: str,
    kind: RecordKind = TRANSACTIONS,
    *,
    batch_target: ApiTarget | None = None,
    file_format: str = "",
    concurrency: int = 8,
    rejects: str = "",
    as_json: bool = False,
) -> int:
    """Post the records of `file` (`-` is standard input) and print a summary.

    With a `batch_target`, the URL of the batch route, transactions are posted in batches.

    Returns the exit status: 0 if every record is stored, 1 if any is refused, 130 after Ctrl-C. Raises
    UserError, after the summary, if an error ended the run early.
    """
    if not 1 <= concurrency <= MAX_CONCURRENCY:
        raise UserError(
            f"--concurrency: {concurrency} is out of bounds.", f"Use a number from 1 to {MAX_CONCURRENCY}."
        )
    started = time.monotonic()
    with ExitStack() as stack:
        stream = stack.enter_context(_open_stream(file, kind))
        name = "standard input" if file == STANDARD_INPUT else file
        source = input_file.read_input(stream, name, file_format, kind.schema)
        rejects_file = None
        if rejects:
            rejects_file = stack.enter_context(RejectsFile(_check_rejects_path(file, rejects), source.header))
        progress = stack.enter_context(open_progress("sending", _read_size(stream)))
        report = _Report(kind, progress, rejects_file)
        stack.callback(report.finish)
        stop = threading.Event()
        client = ApiClient(target, connections=concurrency, stop=stop)
        stack.callback(client.close)
        poster = Poster(client.post, kind=kind, concurrency=concurrency, stop=stop, observe=report.add)
        if batch_target:
            batches = ApiClient(batch_target, connections=concurrency, stop=stop)
            stack.callback(batches.close)
            poster.post_batch, poster.batch_size = BatchClient(batches, client).post, MAX_BATCH_ENTRIES
        summary = poster.run(source.records)
    _print_summary(kind, summary, time.monotonic() - started, file, rejects, as_json=as_json)
    if summary.error:
        raise summary.error
    if summary.interrupted:
        return INTERRUPTED
    return 0 if summary.is_complete else 1


class RejectsFile:
    """Writes `path` and `path` + `.reasons.jsonl`; removes both if no record is refused.

    Records are copied byte by byte. A reason is {"line", "input_line", "outcome", "status", "reason"}, where
    `line` counts in `path` and `input_line` in the file that is sent.
    """

    def __init__(self, path: Path, header: bytes) -> None:
        self.path = path
        self.reasons_path = path.with_name(path.name + REASONS_SUFFIX)
        self._header = header
        self._lines = 0

    def __enter__(self) -> Self:
        # Opened before the first request, so that a folder without write permission fails early.
        try:
            self._file: BinaryIO = self.path.open("wb")
            self._reasons: BinaryIO = self.reasons_path.open("wb")
        except OSError as error:
            raise UserError(
                f"--rejects: {error.filename} cannot be written: {error.strerror}.",
                "Name a file in an existing folder that you can write to.",
            ) from error
        return self

    def add(self, record: Record, result: PostResult) -> None:
        """Write a refused record and the reason."""
        if self._lines == 0:
            self._write(self._header)
        reason = {
            "line": self._lines + 1,
            "input_line": record.line,
            "outcome": result.outcome.value,
            "status": result.http_status or None,
            "reason": result.reason,
        }
        self._write(record.raw)
        self._reasons.write(json.dumps(reason).encode() + b"\n")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        self._reasons.close()
        if self._lines == 0:
            for path in (self.path, self.reasons_path):
                if path.is_file():
                    path.unlink()

    def _write(self, text: bytes) -> None:
        self._file.write(text)
        self._lines += text.count(b"\n")


class _Report:
    """Shows the counts and the first reasons, and writes refused records to the rejects file."""

    def __init__(self, kind: RecordKind, progress: ProgressDisplay, rejects_file: RejectsFile | None) -> None:
        self._progress = progress
        self._rejects_file = rejects_file
        self._refused = 0
        self._sent_bytes = 0
        self._counts = dict.fromkeys(kind.outcomes, 0)

    def add(self, record: input_file.Record, result: PostResult) -> None:
        """Count one record."""
        self._counts[result.outcome] += 1
        self._sent_bytes += len(record.raw)
        counts = " · ".join(f"{count} {outcome}" for outcome, count in self._counts.items() if count)
        self._progress.update(self._sent_bytes, counts)
        if result.accepted:
            return
        self._refused += 1
        if self._refused <= MAX_REASONS_SHOWN:
            print_message(f"line {record.line}: {result.outcome}: {result.reason}")
        if self._rejects_file:
            self._rejects_file.add(record, result)

    def finish(self) -> None:
        """Print the number of reasons that were not shown."""
        if self._refused > MAX_REASONS_SHOWN:
            hidden = self._refused - MAX_REASONS_SHOWN
            print_message(f"{hidden} more were refused. Pass --rejects FILE to get all, with the reasons.")


@contextmanager
def _open_stream(file: str, kind: RecordKind) -> Iterator[BinaryIO]:
    if file == STANDARD_INPUT:
        yield sys.stdin.buffer
        return
    try:
        stream = Path(file).open("rb")  # noqa: SIM115
    except OSError as error:
        hint = "Check the path."
        if file.startswith("-"):
            # Invoke takes an option in the place of the file for the file: `invoke send --json`.
            hint = f"Name the file first: {command_line(kind.schema.task, 'FILE')}"
        raise UserError(f"{file} cannot be read: {error.strerror}.", hint) from error
    with stream:
        yield stream


def _read_size(stream: BinaryIO) -> int | None:
    """Return the size of a regular file in bytes; None for a pipe."""
    try:
        status = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def _check_rejects_path(file: str, rejects: str) -> Path:
    path = Path(rejects)
    if file != STANDARD_INPUT and path.exists() and path.samefile(file):
        raise UserError(f"--rejects: {rejects} is the file that is sent.", "Name another file.")
    return path


def _print_summary(
    kind: RecordKind, summary: PostSummary, seconds: float, file: str, rejects: str, *, as_json: bool
) -> None:
    counts = {str(outcome): summary.counts[outcome] for outcome in kind.outcomes}
    written = rejects if rejects and (counts["rejected"] or counts["failed"]) else None
    if as_json:
        result: dict[str, Any] = {
            "file": file,
            **counts,
            "seconds": round(seconds, 3),
            "interrupted": summary.interrupted,
            "rejects": written,
        }
        print_json(result)
        return
    total = sum(counts.values())
    details = ", ".join(
        f"{count} {outcome}" for outcome, count in counts.items() if count or outcome != "failed"
    )
    console.print(Text(f"{total} {kind.plural} in {seconds:.1f} s: {details}"))
    if written:
        console.print(
            Text(f"The refused records are in {written}, the reasons in {written}{REASONS_SUFFIX}.")
        )
    if summary.interrupted or summary.error:
        console.print(
            Text("Stopped early. To continue, send the file again. Stored records are not repeated.")
        )
