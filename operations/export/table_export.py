"""An export of a table to a bucket, by DynamoDB itself, from the table's point-in-time recovery.

An export consumes no capacity of the table. It is a snapshot, or the changes of at most 24 hours.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport_Requesting.html
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from operations.cost import prices
from terminal.aws_errors import translate_aws_errors
from terminal.durations import parse_duration_ms
from terminal.errors import UserError
from terminal.output import print_json, print_message, print_result
from terminal.progress import show_activity

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import ExportTableToPointInTimeInputTypeDef

POLL_SECONDS = 20.0
_MIN_PERIOD_MS, _MAX_PERIOD_MS = 15 * 60_000, 24 * 3_600_000
_IN_PROGRESS, _COMPLETED = "IN_PROGRESS", "COMPLETED"
_GB = 10**9


class TableExport(NamedTuple):
    """An export. `data`: the URL of its files in the bucket."""

    arn: str
    status: str
    data: str
    billed_bytes: int | None = None
    items: int | None = None
    failure: str | None = None


@dataclass(frozen=True, kw_only=True)
class ExportRequest:
    """`key`: the KMS key of the files, or empty for S3's own. `since`: a duration, or empty for all.

    `prefix`: the folder in the bucket. `owner`: the account of a bucket in another account, or empty.
    """

    table_arn: str
    bucket: str
    prefix: str = ""
    key: str = ""
    since: str = ""
    owner: str = ""

    def to_input(self, now_ms: int) -> "ExportTableToPointInTimeInputTypeDef":
        """The input of ExportTableToPointInTime. Raises UserError for an impossible period."""
        request: ExportTableToPointInTimeInputTypeDef = {
            "TableArn": self.table_arn,
            "S3Bucket": self.bucket,
            "S3SseAlgorithm": "KMS" if self.key else "AES256",
            "ExportFormat": "DYNAMODB_JSON",
        }
        if self.key:
            request["S3SseKmsKeyId"] = self.key
        if self.prefix:
            request["S3Prefix"] = self.prefix
        if self.owner:
            request["S3BucketOwner"] = self.owner
        if self.since:
            period_ms = parse_duration_ms("--since", self.since)
            if not _MIN_PERIOD_MS <= period_ms <= _MAX_PERIOD_MS:
                raise UserError(
                    f"--since: '{self.since}' is not a period from 15m to 24h, which DynamoDB requires.",
                    "Use 24h or less, or remove --since to export the whole table.",
                )
            request["ExportType"] = "INCREMENTAL_EXPORT"
            request["IncrementalExportSpecification"] = {
                "ExportFromTime": datetime.fromtimestamp((now_ms - period_ms) / 1000, UTC),
                "ExportToTime": datetime.fromtimestamp(now_ms / 1000, UTC),
                "ExportViewType": "NEW_IMAGE",
            }
        return request


def run_export(
    client: "DynamoDBClient",
    request: ExportRequest,
    now_ms: int,
    *,
    wait_until_done: bool = True,
    as_json: bool = False,
    wait: Callable[[float], None] = time.sleep,
) -> None:
    """Start an export and print its result. Raises UserError, also for an export that fails."""
    arguments = request.to_input(now_ms)
    with translate_aws_errors():
        export = _read_export(client.export_table_to_point_in_time(**arguments)["ExportDescription"])
    print_message(f"Started {export.arn}")
    if wait_until_done:
        print_message("Ctrl-C ends the waiting and not the export.")
        with show_activity(f"Exporting to {export.data}"), translate_aws_errors():
            while export.status == _IN_PROGRESS:
                wait(POLL_SECONDS)
                export = _read_export(client.describe_export(ExportArn=export.arn)["ExportDescription"])
    if export.status not in {_IN_PROGRESS, _COMPLETED}:
        raise UserError(
            f"The export {export.arn} failed: {export.failure}.",
            "Correct the permissions of the bucket and the key, and run the command again.",
        )
    if as_json:
        print_json(export._asdict())
    else:
        print_result(_format_result(export))


def find_export_folder(client: "DynamoDBClient", arn: str) -> str:
    """The folder in S3 of a completed export: s3://bucket/prefix/AWSDynamoDB/ID/. Raises UserError."""
    with translate_aws_errors():
        export = _read_export(client.describe_export(ExportArn=arn)["ExportDescription"])
    if export.status != _COMPLETED:
        raise UserError(f"The export {arn} is not complete: {export.status}.", "Wait, or export again.")
    return export.data


def _read_export(description: Mapping[str, Any]) -> TableExport:
    arn = str(description["ExportArn"])
    prefix = f"{description['S3Prefix']}/" if description.get("S3Prefix") else ""
    failure = description.get("FailureMessage") or description.get("FailureCode")
    return TableExport(
        arn=arn,
        status=str(description["ExportStatus"]),
        data=f"s3://{description['S3Bucket']}/{prefix}AWSDynamoDB/{arn.rpartition('/')[2]}/",
        billed_bytes=description.get("BilledSizeBytes"),
        items=description.get("ItemCount"),
        failure=str(failure).rstrip(".") if failure else None,
    )


def _format_result(export: TableExport) -> str:
    if export.status == _IN_PROGRESS:
        return f"In progress: {export.data}"
    if export.billed_bytes is None:
        return f"Exported to {export.data}"
    size = export.billed_bytes / _GB
    usd = prices.TABLE_EXPORT.cost(size)
    return (
        f"Exported {export.items or 0} items to {export.data} ({size:.3g} GB, ${usd:.2f} in {prices.REGION})"
    )
