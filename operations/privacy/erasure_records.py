"""Records of erasures, without personal data, in the table `profiles`."""

import time
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from functions.common.dynamodb.client import RefusedWriteError, StoreBusyError, put_item, query_items
from functions.common.dynamodb.profile_items import profile_key
from functions.common.runtime.clock import back_off
from terminal.aws_errors import translate_aws_errors
from terminal.errors import UserError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

ERASURES = "erasures"
_ATTEMPTS = 5


class ErasureRecord(Struct, frozen=True, kw_only=True):
    """One erasure.

    `at` is its end in epoch milliseconds, `account` the account's pseudonym, `caller` the ARN of the AWS
    identity, `counts` the erased items by kind; a write whose response an interruption prevented is not
    counted. `complete`: nothing was left when it looked again.
    """

    at: int
    account: str
    caller: str
    counts: Mapping[str, int]
    complete: bool


def write_record(client: "DynamoDBClient", table: str, record: ErasureRecord, retention_days: int) -> None:
    """Store a record until its retention ends. Raises UserError."""
    end = datetime.fromtimestamp(record.at / 1000, UTC).isoformat(timespec="milliseconds")
    item = {
        **profile_key(ERASURES, f"{end.replace('+00:00', 'Z')}#{uuid.uuid4().hex[:12]}"),
        "entry": {"S": msgspec.json.encode(record).decode()},
        "expires_at": {"N": str(record.at // 1000 + retention_days * 86_400)},
    }
    for attempt in range(_ATTEMPTS):
        if attempt:
            back_off(attempt, time.sleep)
        try:
            with translate_aws_errors():
                put_item(client, table, item, condition="attribute_not_exists(subject)")
        except StoreBusyError:
            continue
        except RefusedWriteError:
            # The response to an earlier attempt was lost.
            return
        else:
            return
    raise UserError(
        f"The table {table} is busy: the record of the erasure is missing.",
        "Run the same command again in a minute.",
    )


def read_records(client: "DynamoDBClient", table: str) -> list[ErasureRecord]:
    """The records, newest first. Raises UserError."""
    try:
        with translate_aws_errors():
            items = query_items(
                client,
                table,
                condition="subject = :subject",
                values={":subject": {"S": ERASURES}},
            )
            records = [msgspec.json.decode(item["entry"]["S"], type=ErasureRecord) for item in items]
    except StoreBusyError as error:
        raise UserError("DynamoDB is busy.", "Try again in a minute.") from error
    return records[::-1]
