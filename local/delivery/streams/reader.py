"""Reads a stream by shard iterator, with the permissions of a role."""

from collections.abc import Callable
from typing import Any

from local.aws_json import AwsError
from local.delivery.streams.records import SHARD_ID, StreamRecord, sequence_number

# The stream no longer has the position, or the iterator has expired.
STALE_ITERATOR_ERRORS = {"ExpiredIteratorException", "TrimmedDataAccessException"}
GET_RECORDS_LIMIT = 1000


class StreamReader:
    """Reads the records of one stream in order.

    `call(operation, payload)` calls an operation of DynamoDB Streams with the consumer's role. `position` is
    the sequence number of the last record that was read; None to read from the oldest record.
    """

    def __init__(
        self,
        call: Callable[[str, dict[str, Any]], dict[str, Any]],
        stream_arn: str,
        position: str | None,
    ) -> None:
        self.stream_arn = stream_arn
        self.position = position
        self._call = call
        self._iterator: str | None = None

    def read(self, limit: int) -> list[StreamRecord]:
        """The next records, at most `limit`; empty at the end of the stream. Raises AwsError."""
        if self._iterator is None:
            self._iterator = self._open_iterator()
        request = {"ShardIterator": self._iterator, "Limit": min(limit, GET_RECORDS_LIMIT)}
        try:
            response = self._call("GetRecords", request)
        except AwsError as error:
            self._iterator = None
            if error.code not in STALE_ITERATOR_ERRORS:
                raise
            return self.read(limit)
        self._iterator = response.get("NextShardIterator")
        records: list[StreamRecord] = [
            {**record, "eventSourceARN": self.stream_arn} for record in response["Records"]
        ]
        if records:
            self.position = sequence_number(records[-1])
        return records

    def _open_iterator(self) -> str:
        shard = {"StreamArn": self.stream_arn, "ShardId": SHARD_ID}
        oldest = {**shard, "ShardIteratorType": "TRIM_HORIZON"}
        start = oldest
        if self.position is not None:
            start = {**shard, "ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": self.position}
        try:
            response = self._call("GetShardIterator", start)
        except AwsError as error:
            if error.code not in STALE_ITERATOR_ERRORS:
                raise
            response = self._call("GetShardIterator", oldest)
        return str(response["ShardIterator"])
