"""Records of a failed batch in the table's stream, which keeps records for 24 hours."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from functions.common.domain.transaction_event import EVENT_NAME
from operations.monitoring.failures import FailedBatch
from terminal.aws_errors import translate_aws_errors
from terminal.errors import UserError

if TYPE_CHECKING:
    from mypy_boto3_dynamodbstreams import DynamoDBStreamsClient

Image = Mapping[str, Any]

# The records or their shard are too old, or the table was replaced and has another stream.
_UNAVAILABLE = frozenset(
    {"TrimmedDataAccessException", "ResourceNotFoundException", "ExpiredIteratorException"}
)
# A shard returns empty pages for gaps between its records.
_MAX_EMPTY_PAGES = 50


class RecordsUnavailableError(Exception):
    """The stream no longer has the records of the batch."""


def read_inserted_items(client: "DynamoDBStreamsClient", batch: FailedBatch) -> list[Image]:
    """Return the items of the inserted transactions in the batch.

    Raises RecordsGoneError or UserError.
    """
    try:
        with translate_aws_errors():
            return [image for image in map(_find_inserted_item, _read_records(client, batch)) if image]
    except UserError as error:
        cause = error.__cause__
        if isinstance(cause, ClientError) and cause.response.get("Error", {}).get("Code") in _UNAVAILABLE:
            raise RecordsUnavailableError from error
        raise


def _read_records(client: "DynamoDBStreamsClient", batch: FailedBatch) -> Iterator[Mapping[str, Any]]:
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
    raise RecordsUnavailableError


def _find_inserted_item(record: Mapping[str, Any]) -> Image | None:
    """Return the item if the pipe's filter lets it pass: the guard item of an id has no account."""
    image: Image = record["dynamodb"].get("NewImage", {})
    return image if record["eventName"] == EVENT_NAME and "account_id" in image else None
