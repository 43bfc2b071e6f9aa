"""Posts a file of transactions or labels and shows the progress, the refused records and a summary."""

import codecs
import os
import stat
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from rich.text import Text

from functions.common.domain.card_numbers import mask_card_numbers
from functions.common.http.batch_schema import MAX_BATCH_ENTRIES
from operations.api_target import ApiTarget
from operations.ingest import input_file
from operations.ingest.api_client import ApiClient
from operations.ingest.batch_client import BatchClient
from operations.ingest.input_file import InputFile
from operations.ingest.poster import Poster, PostSummary
from operations.ingest.record_kinds import LABELS, TRANSACTIONS, RecordKind
from operations.ingest.rejects_file import REASONS_SUFFIX, RejectsFile
from operations.ingest.responses import PostResult
from operations.ingest.tables.labels import open_label_table
from operations.ingest.tables.rows import TableOptions
from operations.ingest.tables.transactions import open_transaction_table
from terminal.command_line import command_line
from terminal.errors import INTERRUPTED, EmptyFileError, UserError
from terminal.output import console, print_json, print_message
from terminal.paths import is_same_file
from terminal.progress import ProgressDisplay, open_progress

STANDARD_INPUT = "-"
MAX_CONCURRENCY = 256
# A wrong column makes every record fail for the same reason, which would fill the terminal.
MAX_REASONS_SHOWN = 20
# The API names the path in its errors of fields that only a past transaction may have.
HISTORIC_PATH = "/transactions/historic"
_PAST_REASONS = {
    "timestamp": "are too old. If they are recent, check the unit of their times.",
    "currency": "have a withdrawn currency. If they are recent, correct it.",
}
_DETECTION_BYTES = 4096


def send_file(
    target: ApiTarget,
    file: str,
    kind: RecordKind = TRANSACTIONS,
    *,
    batch_target: ApiTarget | None = None,
    historic: bool = False,
    file_format: str = "",
    options: TableOptions = TableOptions(),  # noqa: B008  # it is frozen
    concurrency: int = 8,
    rejects: str = "",
    as_json: bool = False,
) -> int:
    """Post the records of `file` (`-` is standard input) and print a summary.

    With a `batch_target`, the URL of the batch route, transactions are posted in batches. `historic`:
    `target` is the route for past transactions, which takes batches only.

    Returns the exit status: 0 if every record is stored, 1 if any is refused, 130 after Ctrl-C. Raises
    EmptyFileError for a file without records, or UserError, after the summary, if an error ended the run
    early.
    """
    if not 1 <= concurrency <= MAX_CONCURRENCY:
        raise UserError(
            f"--concurrency: {concurrency} is out of bounds.", f"Use a number from 1 to {MAX_CONCURRENCY}."
        )
    check_file_name(file, kind.schema.task)
    started = time.monotonic()
    with ExitStack() as stack:
        source = _open_source(stack, file, kind, file_format, options)
        for note in source.notes:
            print_message(note)
        rejects_file = None
        if rejects:
            path = _check_rejects_path(file, rejects)
            rejects_file = stack.enter_context(RejectsFile(path, source.header, source.encoding))
        progress = stack.enter_context(open_progress("sending", source.size_bytes))
        report = _Report(kind, progress, rejects_file, file)
        stack.callback(report.finish)
        stop = threading.Event()
        client = ApiClient(target, connections=concurrency, stop=stop)
        stack.callback(client.close)
        poster = Poster(client.post, kind=kind, concurrency=concurrency, stop=stop, observe=report.add)
        if historic:
            past = BatchClient(client, None)
            poster.post = lambda body: past.post([body])[0]
            poster.post_batch, poster.batch_size = past.post, MAX_BATCH_ENTRIES
        elif batch_target:
            batches = ApiClient(batch_target, connections=concurrency, stop=stop)
            stack.callback(batches.close)
            poster.post_batch, poster.batch_size = BatchClient(batches, client).post, MAX_BATCH_ENTRIES
        summary = poster.run(source.records)
    for name, count in source.left_out.items():
        rows = "1 row is" if count == 1 else f"{count} rows are"
        print_message(f"{rows} left out: {name}.")
    for remark in source.remarks():
        print_message(mask_card_numbers(remark))
    run = _Run(summary, source.left_out, time.monotonic() - started)
    _print_summary(kind, run, file, rejects, as_json=as_json)
    if summary.error:
        raise summary.error
    if summary.interrupted:
        return INTERRUPTED
    if file != STANDARD_INPUT and not summary.counts.total() and not source.left_out:
        raise EmptyFileError(f"{file} contains no {kind.plural}.", "Check the file.")
    return 0 if summary.is_complete else 1


def check_file_name(file: str, task: str) -> None:
    """Raise UserError for an option in the place of the file, which invoke takes for it: `send --json`."""
    if file.startswith("-") and file != STANDARD_INPUT and not Path(file).exists():
        raise UserError(
            f"{file} is in the place of the file.",
            f"Name the file first: {command_line(task, 'FILE')}. Options: {command_line('--help', task)}",
        )


class _Run(NamedTuple):
    """The outcomes, the rows that were left out by their kind, and the duration."""

    summary: PostSummary
    left_out: Mapping[str, int]
    seconds: float


class _Report:
    """Shows the counts and the first reasons, and writes refused records to the rejects file."""

    def __init__(
        self, kind: RecordKind, progress: ProgressDisplay, rejects_file: RejectsFile | None, file: str
    ) -> None:
        self._file = file
        self._past_fields: set[str] = set()
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
        self._past_fields |= set(_find_past_fields(result.reason))
        if self._refused <= MAX_REASONS_SHOWN:
            reason = mask_card_numbers(result.reason)
            print_message(f"line {record.line}: {result.outcome}: {reason}")
        if self._rejects_file:
            self._rejects_file.add(record, result)

    def finish(self) -> None:
        """Print the number of reasons that were not shown, and the command for past transactions."""
        for field in sorted(self._past_fields):
            command = command_line("send", self._file, historic=True)
            reason = f"Some transactions {_PAST_REASONS[field]}"
            print_message(f"{reason} For past ones, add --historic: {command}")
        if self._refused > MAX_REASONS_SHOWN:
            hidden = self._refused - MAX_REASONS_SHOWN
            print_message(f"{hidden} more were refused. Pass --rejects FILE to get all, with the reasons.")


def _find_past_fields(reason: str) -> Iterator[str]:
    """The fields with values that only a past transaction may have, by the field errors of the API."""
    for error in reason.split("; "):
        field = error.partition(":")[0]
        if HISTORIC_PATH in error and field in _PAST_REASONS:
            yield field


def _open_source(
    stack: ExitStack, file: str, kind: RecordKind, file_format: str, options: TableOptions
) -> InputFile:
    """Open the file, or standard input. Raises UserError."""
    stream = stack.enter_context(_open_stream(file))
    if _is_table(stream, file, file_format):
        open_table = open_label_table if kind is LABELS else open_transaction_table
        return open_table(Path(file), options)
    if options != TableOptions():
        raise UserError(
            "--columns, --timezone, --unit and --genuine are for CSV and Parquet files.",
            f"Use a file of this kind, or leave them out for {file}.",
        )
    name = "standard input" if file == STANDARD_INPUT else file
    source = input_file.read_input(stream, name, file_format, kind.schema)
    return replace(source, size_bytes=_read_size(stream))


def _is_table(stream: BinaryIO, file: str, file_format: str) -> bool:
    """Whether this is a file, and not a pipe, of any format other than JSON lines. Raises UserError."""
    if file == STANDARD_INPUT or _read_size(stream) is None:
        return False
    known = file_format or input_file.SUFFIXES.get(Path(file).suffix.lower())
    if known:
        return input_file.check_format(known) == "csv"
    beginning = stream.read(_DETECTION_BYTES)
    stream.seek(0)
    return not beginning.removeprefix(codecs.BOM_UTF8).lstrip().startswith((b"{", b"["))


@contextmanager
def _open_stream(file: str) -> Iterator[BinaryIO]:
    if file == STANDARD_INPUT:
        yield sys.stdin.buffer
        return
    try:
        stream = Path(file).open("rb")  # noqa: SIM115
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror}.", "Check the path.") from error
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
    if file != STANDARD_INPUT and is_same_file(path, Path(file)):
        raise UserError(f"--rejects: {rejects} is the file that is sent.", "Name another file.")
    return path


def _print_summary(kind: RecordKind, run: _Run, file: str, rejects: str, *, as_json: bool) -> None:
    summary, seconds = run.summary, run.seconds
    counts = {str(outcome): summary.counts[outcome] for outcome in kind.outcomes}
    written = rejects if rejects and (counts["rejected"] or counts["failed"]) else None
    if as_json:
        result: dict[str, Any] = {
            "file": file,
            **counts,
            "seconds": round(seconds, 3),
            "interrupted": summary.interrupted,
            "left_out": dict(run.left_out),
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
