"""Records of a stream: order, age, and the description of a batch in failure messages."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

StreamRecord = Mapping[str, Any]
# A stream in ministack has one shard.
SHARD_ID = "shardId-00000000000000000000-00000000"
# The value of a limit on retries or ages that does not exist.
INFINITE = -1
# The reasons for which AWS abandons records.
AGE_EXCEEDED = "RecordAgeExceeded"
RETRIES_EXHAUSTED = "RetryAttemptsExhausted"


class DeliveryStoppedError(Exception):
    """The consumer was stopped before the batch was delivered; the next start delivers the batch again."""


def sequence_number(record: StreamRecord) -> str:
    """The position of a record in its stream."""
    return str(record["dynamodb"]["SequenceNumber"])


def created_at(record: StreamRecord) -> float:
    """Epoch seconds of the write."""
    return float(record["dynamodb"]["ApproximateCreationDateTime"])


def describe_batch(records: Sequence[StreamRecord], stream_arn: str) -> dict[str, Any]:
    """The position of records in their stream, as in AWS's messages about abandoned records."""
    first, last = records[0], records[-1]
    return {
        "shardId": SHARD_ID,
        "startSequenceNumber": sequence_number(first),
        "endSequenceNumber": sequence_number(last),
        "approximateArrivalOfFirstRecord": format_timestamp(created_at(first)),
        "approximateArrivalOfLastRecord": format_timestamp(created_at(last)),
        "batchSize": len(records),
        "streamArn": stream_arn,
    }


def format_timestamp(epoch_seconds: float) -> str:
    """ISO 8601 in UTC with milliseconds, as in AWS's records."""
    return (
        datetime.fromtimestamp(epoch_seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    )
