"""The way back of each failure queue's messages. To send a message twice does no harm: it is decided once."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from functions.common.domain.transaction_event import UnreadableTransactionError
from operations.monitoring.failures import FailedBatch, read_failed_event, read_pipe_failure
from operations.monitoring.reader import Message
from operations.monitoring.stream_records import Image, RecordsGoneError, read_inserted
from operations.repair.bus import Bus, chunks, event_entry, transaction_entry
from operations.repair.undecided import Period, TransactionTable
from terminal.aws_errors import told_to_users

if TYPE_CHECKING:
    from mypy_boto3_dynamodbstreams import DynamoDBStreamsClient
    from mypy_boto3_sqs import SQSClient

# What SendMessageBatch takes together, with room for attributes.
_MAX_BYTES = 200_000
# Arrival times are those of the stream, received_at is the API's: they differ by retries and clocks. A wide
# margin also makes that few scans serve all messages of one outage.
_MARGIN_MS = 60 * 60 * 1000
_PUT_AT_ONCE = 500


class Route(Protocol):
    """Sends messages of one failure queue back to where they came from."""

    def send(self, messages: Sequence[Message]) -> list[str]:
        """Per message an error, or an empty string if it is safe to delete it. Raises UserError."""


class QueueRoute:
    """Sends the same body to a queue."""

    def __init__(self, sqs: "SQSClient", url: str) -> None:
        self._sqs = sqs
        self._url = url

    def send(self, messages: Sequence[Message]) -> list[str]:
        errors = {message.id: "" for message in messages}
        sizes = [len(message.body.encode()) for message in messages]
        for chunk in chunks(messages, sizes, _MAX_BYTES):
            entries: Any = [
                {"Id": str(number), "MessageBody": message.body, "MessageAttributes": message.attributes}
                for number, message in enumerate(chunk)
            ]
            with told_to_users():
                answer = self._sqs.send_message_batch(QueueUrl=self._url, Entries=entries)
            for failed in answer.get("Failed", []):
                errors[chunk[int(failed["Id"])].id] = failed["Code"]
        return list(errors.values())


class BusRoute:
    """Puts the event of each message on the bus."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    def send(self, messages: Sequence[Message]) -> list[str]:
        return self._bus.put([event_entry(read_failed_event(message)) for message in messages])


class StreamRoute:
    """Announces the transactions of failed batches, from the stream or, after 24 hours, from the table."""

    def __init__(
        self,
        streams: "DynamoDBStreamsClient",
        bus: Bus,
        table: TransactionTable,
        progress: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._streams = streams
        self._bus = bus
        self._table = table
        self._progress = progress
        # The period that was scanned already, with the errors in it.
        self._scanned: Period | None = None
        self._scan_errors: set[str] = set()

    def send(self, messages: Sequence[Message]) -> list[str]:
        return [self._announce(read_pipe_failure(message).DDBStreamBatchInfo) for message in messages]

    def _announce(self, batch: FailedBatch) -> str:
        try:
            return ", ".join(sorted(self._put(read_inserted(self._streams, batch))))
        except RecordsGoneError:
            self._scan(_period(batch))
            return ", ".join(sorted(self._scan_errors))

    def _scan(self, wanted: Period) -> None:
        """Announce what is undecided in the period, and was not announced by an earlier scan of this run."""
        parts, self._scanned = _missing(wanted, self._scanned)
        for part in parts:
            images: list[Image] = []
            for item in self._table.undecided(part, self._table.size().segments, self._progress):
                images.append(item)
                if len(images) == _PUT_AT_ONCE:
                    self._scan_errors |= self._put(images)
                    images = []
            self._scan_errors |= self._put(images)

    def _put(self, images: Sequence[Image]) -> set[str]:
        """Put the readable ones on the bus; returns the errors, an unreadable transaction's with its id."""
        entries, errors = [], set[str]()
        for image in images:
            try:
                entries.append(transaction_entry(image))
            except UnreadableTransactionError:
                identifier = image.get("transaction_id", {}).get("S", "without an id")
                errors.add(f"unreadable transaction {identifier}")
        return errors | {error for error in self._bus.put(entries) if error}


def _period(batch: FailedBatch) -> Period:
    return Period(
        int(batch.approximate_arrival_of_first_record.timestamp() * 1000) - _MARGIN_MS,
        int(batch.approximate_arrival_of_last_record.timestamp() * 1000) + _MARGIN_MS,
    )


def _missing(wanted: Period, scanned: Period | None) -> tuple[list[Period], Period]:
    """The parts of a period that were not scanned, and the one period that is scanned with them."""
    if scanned is None:
        return [wanted], wanted
    parts = []
    if wanted.since_ms < scanned.since_ms:
        parts.append(Period(wanted.since_ms, scanned.since_ms - 1))
    if wanted.until_ms > scanned.until_ms:
        parts.append(Period(scanned.until_ms + 1, wanted.until_ms))
    return parts, Period(min(wanted.since_ms, scanned.since_ms), max(wanted.until_ms, scanned.until_ms))
