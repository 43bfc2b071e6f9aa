"""Exports decided transactions as Parquet files for training, and shows the number of each kind."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from detection.data.dates import format_timestamp
from detection.training.decided_schema import make_schema
from functions.common.domain.features import FEATURES_VERSION
from functions.common.domain.time_buckets import DAY_MS
from operations.deployed import DeployedPipeline
from operations.export.decided_files import DayFiles, create_folder_atomically
from operations.export.decided_transactions import Item, LeftOut, Row, RowReader
from operations.export.table_export import find_export_folder
from operations.export.table_items import LocalFolder, S3Folder, TableExportFiles, scan_items
from operations.repair.transaction_reader import TransactionReader
from terminal.command_line import command_line
from terminal.durations import is_duration, parse_duration_ms
from terminal.errors import UserError
from terminal.output import print_json, print_message, print_result
from terminal.progress import open_progress

_LEFT_OUT_TEXTS = {
    LeftOut.UNDECIDED: "without a decision",
    LeftOut.REFUND: "refunds",
    LeftOut.HISTORIC: "sent as history, whose features are not those of their time",
    LeftOut.OTHER_FEATURES: f"decided with another version of the features than {FEATURES_VERSION}",
    LeftOut.UNREADABLE: "with a decision in a format that this version does not support",
}


@dataclass(frozen=True, kw_only=True)
class ExportPeriod:
    """The exported timestamps: from `since_ms` to before `until_ms`, in epoch milliseconds."""

    since_ms: int
    until_ms: int

    @classmethod
    def from_options(cls, since: str, until: str, now_ms: int) -> "ExportPeriod":
        """Read the options `--since` and `--until`: a duration before now, a day or a time in UTC.

        A day of `--until` is included. Raises UserError.
        """
        since_ms = _parse_time("--since", since, now_ms, end_of_day=False)
        until_ms = _parse_time("--until", until, now_ms, end_of_day=True) if until else now_ms
        if since_ms >= until_ms:
            raise UserError(f"--since: '{since}' is not before the end.", "Use an earlier time.")
        return cls(since_ms=since_ms, until_ms=until_ms)


@dataclass
class ExportCounts:
    """The number of exported transactions by the label to learn from."""

    labels: Counter[bool | None] = field(default_factory=Counter)
    days: set[int] = field(default_factory=set)

    def count(self, rows: Iterable[Row], is_fraud_column: int) -> Iterator[Row]:
        """Yield the rows, and count them."""
        for row in rows:
            self.labels[row[is_fraud_column]] += 1
            self.days.add(row[0] // DAY_MS)
            yield row


def export_decisions(
    open_pipeline: Callable[[], DeployedPipeline],
    folder: Path,
    period: ExportPeriod,
    label_delay_days: int,
    now_ms: int,
    *,
    source: str = "",
    as_json: bool = False,
) -> None:
    """Write the decided transactions of the period to `folder`, and print their numbers. Raises UserError.

    `source`: an export of the table, by its ARN, folder in S3 or local folder; empty for a scan of the table.
    A local folder needs no deployed pipeline.
    """
    with open_progress("reading", None) as display:

        def show_count(items: int) -> None:
            display.update(items, f"{items:,} items read")

        if source:
            files = open_table_export(open_pipeline, source)
            as_of_ms, items = files.as_of_ms, files.items(show_count)
        else:
            deployed = open_pipeline()
            client, table = deployed.dynamodb_client(), deployed.transactions_table_name
            print_message("This scans the whole table of transactions once.")
            size = TransactionReader(client, table, lambda: now_ms).read_size()
            as_of_ms, items = now_ms, scan_items(client, table, size.segments, show_count)
        write_decisions(items, folder, period, label_delay_days, as_of_ms, as_json=as_json)


def write_decisions(
    items: Iterable[Item],
    folder: Path,
    period: ExportPeriod,
    label_delay_days: int,
    as_of_ms: int,
    *,
    as_json: bool = False,
) -> None:
    """Write the rows of the items as of a time, and print their numbers. Raises UserError without rows."""
    schema, counts = make_schema(label_delay_days), ExportCounts()
    reader = RowReader(period.since_ms, period.until_ms, as_of_ms, label_delay_days)
    with create_folder_atomically(folder) as draft:
        rows = counts.count(reader.read(items), schema.get_field_index("is_fraud"))
        if not DayFiles(draft, schema).write(rows):
            raise _no_rows_error(period, reader.left_out)
    summary = {
        "out": str(folder),
        "from": format_timestamp(period.since_ms),
        "to": format_timestamp(period.until_ms),
        "features_version": FEATURES_VERSION,
        "transactions": counts.labels.total(),
        "frauds": counts.labels[True],
        "genuine": counts.labels[False],
        "not_known_yet": counts.labels[None],
        "days": len(counts.days),
        "left_out": {kind.value: reader.left_out[kind] for kind in LeftOut},
    }
    if as_json:
        print_json(summary)
    else:
        _print_summary(summary, reader.left_out)


def open_table_export(open_pipeline: Callable[[], DeployedPipeline], source: str) -> TableExportFiles:
    """Open an export of the table by its ARN, its folder in S3, or a local folder. Raises UserError."""
    if not source.startswith(("arn:", "s3:")):
        return TableExportFiles(LocalFolder(source))
    deployed = open_pipeline()
    if source.startswith("arn:"):
        source = find_export_folder(deployed.dynamodb_client(), source)
    return TableExportFiles(S3Folder(deployed.client("s3"), source))


def _parse_time(option: str, text: str, now_ms: int, *, end_of_day: bool) -> int:
    if is_duration(text):
        return now_ms - parse_duration_ms(option, text)
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise UserError(
            f"{option}: '{text}' is not a duration, day or time.",
            "Use 90d, 2026-12-31 or 2026-12-31T18:00 (UTC).",
        ) from None
    time_ms = int((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()) * 1000
    return time_ms + DAY_MS if end_of_day and len(text) <= len("2026-12-31") else time_ms


def _no_rows_error(period: ExportPeriod, left_out: Mapping[LeftOut, int]) -> UserError:
    since, until = format_timestamp(period.since_ms), format_timestamp(period.until_ms)
    numbers = ", ".join(f"{count:,} {_LEFT_OUT_TEXTS[kind]}" for kind, count in left_out.items())
    return UserError(
        f"No decided transactions from {since} to {until}{f' ({numbers})' if numbers else ''}.",
        "Use an earlier --since, or another environment.",
    )


def _print_summary(summary: Mapping[str, Any], left_out: Mapping[LeftOut, int]) -> None:
    days = "1 day" if summary["days"] == 1 else f"{summary['days']} days"
    print_result(
        f"Exported {summary['transactions']:,} transactions of {days} to {summary['out']}:"
        f" {summary['frauds']:,} fraud, {summary['genuine']:,} genuine,"
        f" {summary['not_known_yet']:,} without a label that is due"
    )
    for kind, count in sorted(left_out.items()):
        print_result(f"Left out: {count:,} {_LEFT_OUT_TEXTS[kind]}")
    train = command_line("train", "--data", str(summary["out"]), "--out", "model.json")
    print_message(f"Train on them: {train}")
