"""Reads the records of a failed batch from the table's stream, which keeps them for 24 hours."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from functions.common.domain.transaction_event import EVENT_NAME
from operations.monitoring.failures import FailedBatch
from terminal.aws_errors import told_to_users
from terminal.errors import UserError

if TYPE_CHECKING:
    from mypy_boto3_dynamodbstreams import DynamoDBStreamsClient

Image = Mapping[str, Any]

# The records are too old, their shard is, or the table was made anew with another stream.
_GONE = frozenset({"TrimmedDataAccessException", "ResourceNotFoundException", "ExpiredIteratorException"})
# A shard answers with empty pages where it has gaps.
_MAX_EMPTY_PAGES = 50


class RecordsGoneError(Exception):
    """The stream does not have the records of the batch any more."""


def read_inserted(client: "DynamoDBStreamsClient", batch: FailedBatch) -> list[Image]:
    """The items of the transactions that the batch's records announce.

    Raises RecordsGoneError or UserError.
    """
    try:
        with told_to_users():
            return [image for image in map(_inserted_image, _records(client, batch)) if image]
    except UserError as error:
        cause = error.__cause__
        if isinstance(cause, ClientError) and cause.response.get("Error", {}).get("Code") in _GONE:
            raise RecordsGoneError from error
        raise


def _records(client: "DynamoDBStreamsClient", batch: FailedBatch) -> Iterator[Mapping[str, Any]]:
    iterator: str | None = client.get_shard_iterator(
        StreamArn=batch.stream_arn,
        ShardId=batch.shard_id,
        ShardIteratorType="AT_SEQUENCE_NUMBER",
        SequenceNumber=batch.start_sequence_number,
    )["ShardIterator"]
    last = int(batch.end_sequence_number)
    empty = 0
    while iterator and empty < _MAX_EMPTY_PAGES:
        page = client.get_records(ShardIterator=iterator)
        for record in page["Records"]:
            number = int(record["dynamodb"]["SequenceNumber"])
            if number <= last:
                yield record
            if number >= last:
                return
        empty = 0 if page["Records"] else empty + 1
        iterator = page.get("NextShardIterator")
    raise RecordsGoneError


def _inserted_image(record: Mapping[str, Any]) -> Image | None:
    """The pipe's filter: the guard item of a transaction id has no account."""
    image: Image = record["dynamodb"].get("NewImage", {})
    return image if record["eventName"] == EVENT_NAME and "account_id" in image else None
