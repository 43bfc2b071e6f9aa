"""Items of the table `transactions`: by a parallel scan, or from an export of the table by DynamoDB."""

import gzip
import re
from base64 import b64decode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeVar

import msgspec
from msgspec import Struct

from operations.export.decided_transactions import ATTRIBUTES, Item
from operations.repair.transaction_reader import scan_pages
from terminal.aws_errors import translate_aws_errors
from terminal.errors import UserError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

T = TypeVar("T")
Progress = Callable[[int], object]
"""Receives the number of items that were read."""

_NAMES = {f"#{name}": name for name in ATTRIBUTES}
_S3_URL = re.compile(r"s3://(?P<bucket>[^/]+)/(?P<folder>.+?)/?")
_SUMMARY, _FILES = "manifest-summary.json", "manifest-files.json"
_PROGRESS_ITEMS = 1 << 12


def scan_items(client: "DynamoDBClient", table: str, segments: int, progress: Progress) -> Iterator[Item]:
    """Yield the items of transactions, from `segments` parts of the table at the same time.

    Raises UserError.
    """
    scan: dict[str, Any] = {
        "TableName": table,
        "ProjectionExpression": ", ".join(_NAMES),
        "ExpressionAttributeNames": _NAMES,
        # Guard items of ids have no account.
        "FilterExpression": "attribute_exists(#account_id)",
        "TotalSegments": segments,
    }
    count = 0
    for page in scan_pages(client, [{**scan, "Segment": segment} for segment in range(segments)]):
        yield from page["Items"]
        count += page["ScannedCount"]
        progress(count)


class _Summary(Struct, rename="camel"):
    """The summary of an export. Exports of before 2023 have no type and are full ones."""

    export_time: datetime | None = None
    output_format: str = ""
    item_count: int = 0
    export_type: str = "FULL_EXPORT"


class _DataFile(Struct, rename={"key": "dataFileS3Key"}):
    key: str


class _Line(Struct, rename={"item": "Item"}):
    item: dict[str, dict[str, Any]]


@dataclass(frozen=True)
class S3Folder:
    """The files of an export in its bucket. `path`: s3://bucket/prefix/AWSDynamoDB/ID."""

    client: "S3Client"
    path: str

    def open(self, name: str) -> IO[bytes]:
        """Open a file of the export. Raises UserError."""
        match = _S3_URL.fullmatch(self.path)
        if match is None:
            raise UserError(f"--from-export: '{self.path}' is not a folder of S3.", _FOLDER_HINT)
        with translate_aws_errors():
            body: Any = self.client.get_object(Bucket=match["bucket"], Key=f"{match['folder']}/{name}")[
                "Body"
            ]
        stream: IO[bytes] = body
        return stream


@dataclass(frozen=True)
class LocalFolder:
    """A copy of the files of an export."""

    path: str

    def open(self, name: str) -> IO[bytes]:
        """Open a file of the export. Raises UserError."""
        try:
            return (Path(self.path) / name).open("rb")
        except OSError as error:
            message = f"--from-export: cannot read {self.path}/{name}: {error.strerror}."
            raise UserError(message, _FOLDER_HINT) from error


_FOLDER_HINT = "Use the ARN or the folder that table.export printed: s3://bucket/AWSDynamoDB/ID/"


class TableExportFiles:
    """A full export of the table as JSON lines. The constructor and all methods raise UserError."""

    def __init__(self, folder: S3Folder | LocalFolder) -> None:
        self._folder = folder
        with folder.open(_SUMMARY) as stream:
            summary = self._decode(stream.read(), _Summary)
        if summary.output_format != "DYNAMODB_JSON" or summary.export_type != "FULL_EXPORT":
            raise UserError(
                f"--from-export: {folder.path} is not a full export as DynamoDB JSON.",
                "Export the whole table: invoke table.export without --since.",
            )
        if summary.export_time is None:
            raise self._error("no exportTime")
        self.as_of_ms = int(summary.export_time.timestamp() * 1000)
        """The time of the snapshot, in epoch milliseconds."""
        self.item_count = summary.item_count

    def items(self, progress: Progress) -> Iterator[Item]:
        """Yield the items of transactions."""
        count = 0
        for name in self._data_files():
            with self._folder.open(name) as compressed, gzip.open(compressed, "rb") as stream:
                try:
                    for line in stream:
                        yield _decode_item(self._decode(line, _Line).item)
                        count += 1
                        if not count % _PROGRESS_ITEMS:
                            progress(count)
                except (OSError, EOFError) as error:
                    raise self._error(f"{name}: {error}") from error

    def _data_files(self) -> list[str]:
        with self._folder.open(_FILES) as stream:
            keys = [self._decode(line, _DataFile).key for line in stream.read().splitlines() if line]
        # The manifest has the keys of the bucket that DynamoDB wrote to, and a copy may be elsewhere.
        return [f"data/{key.rpartition('/')[2]}" for key in keys]

    def _decode(self, text: bytes, type_: type[T]) -> T:
        try:
            return msgspec.json.decode(text, type=type_)
        except msgspec.DecodeError as error:
            raise self._error(str(error)) from error

    def _error(self, details: str) -> UserError:
        return UserError(
            f"--from-export: {self._folder.path} is not a readable export: {details}.",
            "Copy the files again, or export the table again.",
        )


def _decode_item(item: dict[str, dict[str, Any]]) -> Item:
    """The item as a client of DynamoDB returns it. In the file, binary values are in base64."""
    decision = item.get("decision")
    if decision and "B" in decision:
        item["decision"] = {"B": b64decode(decision["B"])}
    return item
