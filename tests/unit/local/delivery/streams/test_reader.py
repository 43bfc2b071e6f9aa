"""Reading a stream: position, limit and iterators that are no longer valid."""

from typing import Any

import pytest

from local.aws_json import AwsError
from local.delivery.streams.reader import StreamReader


class FakeStreams:
    """A stream with numbered records; an iterator is the index of its next record."""

    def __init__(self, *sequence_numbers: str) -> None:
        self.sequence_numbers = list(sequence_numbers)
        self.errors: list[str] = []
        self.limits: list[int] = []

    def call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        if self.errors:
            raise AwsError(self.errors.pop(0), "as asked")
        if operation == "GetShardIterator":
            return {"ShardIterator": str(self._start(request))}
        self.limits.append(request["Limit"])
        start = int(request["ShardIterator"])
        page = self.sequence_numbers[start : start + request["Limit"]]
        records = [{"dynamodb": {"SequenceNumber": number}} for number in page]
        return {"Records": records, "NextShardIterator": str(start + len(page))}

    def _start(self, request: dict[str, Any]) -> int:
        if request["ShardIteratorType"] == "TRIM_HORIZON":
            return 0
        if request["SequenceNumber"] not in self.sequence_numbers:
            raise AwsError("TrimmedDataAccessException", "trimmed")
        return self.sequence_numbers.index(request["SequenceNumber"]) + 1


def read(reader: StreamReader, limit: int = 10) -> list[str]:
    return [record["dynamodb"]["SequenceNumber"] for record in reader.read(limit)]


def test_records_are_read_once_and_in_order() -> None:
    reader = StreamReader(FakeStreams("1", "2", "3").call, "stream", None)
    assert [read(reader, 2), read(reader, 2), read(reader, 2)] == [["1", "2"], ["3"], []]
    assert reader.position == "3"


def test_reader_starts_after_its_position() -> None:
    assert read(StreamReader(FakeStreams("1", "2", "3").call, "stream", "2")) == ["3"]


def test_reader_continues_at_the_oldest_record_if_its_position_was_trimmed() -> None:
    assert read(StreamReader(FakeStreams("2", "3").call, "stream", "1")) == ["2", "3"]


def test_expired_iterator_is_replaced() -> None:
    streams = FakeStreams("1", "2")
    reader = StreamReader(streams.call, "stream", None)
    read(reader, 1)
    streams.errors = ["ExpiredIteratorException"]
    assert read(reader, 1) == ["2"]


def test_denied_read_is_an_error() -> None:
    streams = FakeStreams("1")
    streams.errors = ["AccessDeniedException"]
    with pytest.raises(AwsError):
        StreamReader(streams.call, "stream", None).read(1)


def test_limit_is_at_most_that_of_the_operation() -> None:
    streams = FakeStreams("1")
    StreamReader(streams.call, "stream", None).read(10_000)
    assert streams.limits == [1000]
