"""Receives each message of a queue once, and makes every message that is not deleted visible again."""

from collections.abc import Generator, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from operations.batches import split_batches
from terminal.aws_errors import translate_aws_errors

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

# The limit of SQS for batch requests.
BATCH_SIZE = 10
# Only a long poll asks every server of the queue, so that an empty response means an empty queue.
WAIT_SECONDS = 1
# A peek hides messages from other readers.
MAX_PEEKED = 1000
# Enough to read MAX_PEEKED. If the process is killed, messages are visible again after this time.
PEEK_VISIBILITY_SECONDS = 60


@dataclass(frozen=True)
class Message:
    """A received message. `sent_at_ms` is its first enqueue time, `attributes` its own attributes."""

    id: str
    body: str
    receipt: str
    sent_at_ms: int
    attributes: dict[str, Any] = field(default_factory=dict)

    def attribute(self, name: str) -> str:
        """Return the text of an attribute, or an empty string."""
        return str(self.attributes.get(name, {}).get("StringValue", ""))


class QueueReader:
    """Receives the messages of one queue and hides them from other readers for `visibility_seconds`."""

    def __init__(self, sqs: "SQSClient", url: str, visibility_seconds: int) -> None:
        self._sqs = sqs
        self._url = url
        self._visibility_seconds = visibility_seconds
        # Receipt handles by message id, which recognize a message that is received a second time.
        self._receipts: dict[str, str] = {}

    def receive(self, limit: int) -> list[Message] | None:
        """Receive messages and return the new ones; None if the queue is empty. Raises UserError."""
        with translate_aws_errors():
            answer = self._sqs.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=min(BATCH_SIZE, limit),
                VisibilityTimeout=self._visibility_seconds,
                WaitTimeSeconds=WAIT_SECONDS,
                MessageAttributeNames=["All"],
                MessageSystemAttributeNames=["SentTimestamp"],
            )
        received = answer.get("Messages", [])
        new = [entry for entry in received if entry["MessageId"] not in self._receipts]
        self._receipts |= {entry["MessageId"]: entry["ReceiptHandle"] for entry in received}
        return [_decode_message(entry) for entry in new] if received else None

    def delete(self, messages: Iterable[Message]) -> None:
        """Delete messages. After a UserError, some may be deleted. `holds` tells which are not."""
        for batch in split_batches(messages, BATCH_SIZE):
            entries: Any = [
                {"Id": str(number), "ReceiptHandle": self._receipts[message.id]}
                for number, message in enumerate(batch)
            ]
            with translate_aws_errors():
                answer = self._sqs.delete_message_batch(QueueUrl=self._url, Entries=entries)
            refused = {int(entry["Id"]) for entry in answer.get("Failed", [])}
            for number, message in enumerate(batch):
                if number not in refused:
                    del self._receipts[message.id]

    def holds(self, message: Message) -> bool:
        """Return whether the message is received and not deleted."""
        return message.id in self._receipts

    def release(self) -> None:
        """Make every message that is not deleted visible to other readers. Raises UserError."""
        for batch in split_batches(list(self._receipts.values()), BATCH_SIZE):
            entries: Any = [
                {"Id": str(number), "ReceiptHandle": receipt, "VisibilityTimeout": 0}
                for number, receipt in enumerate(batch)
            ]
            with translate_aws_errors():
                # Failed entries are ignored: their messages are visible already.
                self._sqs.change_message_visibility_batch(QueueUrl=self._url, Entries=entries)
        self._receipts = {}


def peek_messages(sqs: "SQSClient", url: str) -> Generator[Message, None, None]:
    """Yield up to MAX_PEEKED messages of a queue. When it is closed, it makes them visible again.

    Raises UserError.
    """
    reader = QueueReader(sqs, url, PEEK_VISIBILITY_SECONDS)
    try:
        count = 0
        while count < MAX_PEEKED and (batch := reader.receive(MAX_PEEKED - count)) is not None:
            count += len(batch)
            yield from batch
    finally:
        reader.release()


def _decode_message(entry: Any) -> Message:
    return Message(
        id=entry["MessageId"],
        body=entry["Body"],
        receipt=entry["ReceiptHandle"],
        sent_at_ms=int(entry["Attributes"]["SentTimestamp"]),
        attributes=entry.get("MessageAttributes", {}),
    )
