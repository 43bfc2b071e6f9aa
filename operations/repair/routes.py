"""Destinations of redriven messages. Sending a message twice is safe: its transaction is decided once."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from functions.common.domain.transaction_event import UnreadableTransactionError
from operations.batches import split_batches
from operations.monitoring.failures import FailedBatch, read_failed_event, read_pipe_failure
from operations.monitoring.reader import Message
from operations.monitoring.stream_records import Image, RecordsUnavailableError, read_inserted_items
from operations.repair.bus import Bus, build_event_entry, build_transaction_entry, split_chunks
from operations.repair.transaction_reader import Period, TransactionReader
from terminal.aws_errors import translate_aws_errors

if TYPE_CHECKING:
    from mypy_boto3_dynamodbstreams import DynamoDBStreamsClient
    from mypy_boto3_sqs import SQSClient

# The limit of SendMessageBatch, less room for attributes.
_MAX_BYTES = 200_000
# The stream's arrival times and the API's received_at differ by retries and clock skew. With a wide margin,
# one scan serves many messages of the same outage.
_MARGIN_MS = 60 * 60 * 1000
_BATCH_SIZE = 500


class Route(Protocol):
    """Sends the messages of one failure queue to their destination."""

    def send(self, messages: Sequence[Message]) -> list[str]:
        """Return an error for each message, empty if it can be deleted. Raises UserError."""


class QueueRoute:
    """Sends the body of each message to a queue."""

    def __init__(self, sqs: "SQSClient", url: str) -> None:
        self._sqs = sqs
        self._url = url

    def send(self, messages: Sequence[Message]) -> list[str]:
        errors = {message.id: "" for message in messages}
        sizes = [len(message.body.encode()) for message in messages]
        for chunk in split_chunks(messages, sizes, _MAX_BYTES):
            entries: Any = [
                {"Id": str(number), "MessageBody": message.body, "MessageAttributes": message.attributes}
                for number, message in enumerate(chunk)
            ]
            with translate_aws_errors():
                answer = self._sqs.send_message_batch(QueueUrl=self._url, Entries=entries)
            for failed in answer.get("Failed", []):
                errors[chunk[int(failed["Id"])].id] = failed["Code"]
        return list(errors.values())


class BusRoute:
    """Puts the event of each message on the bus."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    def send(self, messages: Sequence[Message]) -> list[str]:
        return self._bus.put([build_event_entry(read_failed_event(message)) for message in messages])


class StreamRoute:
    """Puts the events of failed batches on the bus.

    Reads the transactions from the stream, or from the table if the stream no longer has them.
    """

    def __init__(
        self,
        streams: "DynamoDBStreamsClient",
        bus: Bus,
        reader: TransactionReader,
        progress: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._streams = streams
        self._bus = bus
        self._reader = reader
        self._progress = progress
        # The period that is scanned already, and the errors in it.
        self._scanned: Period | None = None
        self._scan_errors: set[str] = set()

    def send(self, messages: Sequence[Message]) -> list[str]:
        return [self._announce(read_pipe_failure(message).DDBStreamBatchInfo) for message in messages]

    def _announce(self, batch: FailedBatch) -> str:
        try:
            return ", ".join(sorted(self._put(read_inserted_items(self._streams, batch))))
        except RecordsUnavailableError:
            self._scan(_find_period(batch))
            return ", ".join(sorted(self._scan_errors))

    def _scan(self, period: Period) -> None:
        """Announce the undecided transactions of the period, without the part that is scanned already."""
        parts, self._scanned = _split_unscanned(period, self._scanned)
        for part in parts:
            items = self._reader.scan_undecided(part, self._reader.read_size().segments, self._progress)
            for batch in split_batches(items, _BATCH_SIZE):
                self._scan_errors |= self._put(batch)

    def _put(self, images: Sequence[Image]) -> set[str]:
        """Put the events of readable items on the bus; returns errors, with the ids of unreadable items."""
        entries, errors = [], set[str]()
        for image in images:
            try:
                entries.append(build_transaction_entry(image))
            except UnreadableTransactionError:
                identifier = image.get("transaction_id", {}).get("S", "without an id")
                errors.add(f"unreadable transaction {identifier}")
        return errors | {error for error in self._bus.put(entries) if error}


def _find_period(batch: FailedBatch) -> Period:
    return Period(
        int(batch.approximate_arrival_of_first_record.timestamp() * 1000) - _MARGIN_MS,
        int(batch.approximate_arrival_of_last_record.timestamp() * 1000) + _MARGIN_MS,
    )


def _split_unscanned(period: Period, scanned: Period | None) -> tuple[list[Period], Period]:
    """Return the parts of `period` that are not scanned, and the period that is scanned after them."""
    if scanned is None:
        return [period], period
    parts = []
    if period.since_ms < scanned.since_ms:
        parts.append(Period(period.since_ms, scanned.since_ms - 1))
    if period.until_ms > scanned.until_ms:
        parts.append(Period(scanned.until_ms + 1, period.until_ms))
    return parts, Period(min(period.since_ms, scanned.since_ms), max(period.until_ms, scanned.until_ms))
