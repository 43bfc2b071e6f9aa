"""Reads a queue without losing messages: each message once, and what is not deleted is given back."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from terminal.aws_errors import told_to_users

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

BATCH = 10
# A long poll asks every server of the queue: only its empty answer means that the queue is empty.
WAIT_SECONDS = 2


@dataclass(frozen=True)
class Message:
    """A received message. `sent_at_ms` is its first enqueue time, `attributes` its own attributes."""

    id: str
    body: str
    receipt: str
    sent_at_ms: int
    attributes: dict[str, Any] = field(default_factory=dict)

    def attribute(self, name: str) -> str:
        """The text of an attribute, or an empty string."""
        return str(self.attributes.get(name, {}).get("StringValue", ""))


class QueueReader:
    """Receives the messages of one queue, and holds them for `visibility_seconds`.

    A message that is neither deleted nor released becomes visible to other readers after that time.
    """

    def __init__(self, sqs: "SQSClient", url: str, visibility_seconds: int) -> None:
        self._sqs = sqs
        self._url = url
        self._visibility_seconds = visibility_seconds
        # By message id, so that a message that became visible again is recognized.
        self._held: dict[str, str] = {}

    def batches(self, limit: int | None = None) -> Iterator[list[Message]]:
        """Up to `limit` messages in lists of up to ten, until the queue is empty. Raises UserError."""
        count = 0
        while limit is None or count < limit:
            batch = self.receive(BATCH if limit is None else min(BATCH, limit - count))
            if batch is None:
                return
            count += len(batch)
            if batch:
                yield batch

    def receive(self, limit: int) -> list[Message] | None:
        """The next messages that were not received before; None if the queue is empty. Raises UserError."""
        with told_to_users():
            answer = self._sqs.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=min(BATCH, limit),
                VisibilityTimeout=self._visibility_seconds,
                WaitTimeSeconds=WAIT_SECONDS,
                MessageAttributeNames=["All"],
                MessageSystemAttributeNames=["SentTimestamp"],
            )
        received = answer.get("Messages", [])
        new = [entry for entry in received if entry["MessageId"] not in self._held]
        self._held |= {entry["MessageId"]: entry["ReceiptHandle"] for entry in received}
        return [_message(entry) for entry in new] if received else None

    def delete(self, messages: Iterable[Message]) -> None:
        """Delete messages. Raises UserError, also if only some were deleted."""
        for batch in _in_tens(messages):
            entries: Any = [
                {"Id": str(number), "ReceiptHandle": self._held[message.id]}
                for number, message in enumerate(batch)
            ]
            with told_to_users():
                answer = self._sqs.delete_message_batch(QueueUrl=self._url, Entries=entries)
            refused = {int(entry["Id"]) for entry in answer.get("Failed", [])}
            for number, message in enumerate(batch):
                if number not in refused:
                    del self._held[message.id]

    def holds(self, message: Message) -> bool:
        """Whether the message was received and not deleted."""
        return message.id in self._held

    def release(self) -> None:
        """Make all messages that are held visible to other readers. Raises UserError."""
        for batch in _in_tens(list(self._held.values())):
            entries: Any = [
                {"Id": str(number), "ReceiptHandle": receipt, "VisibilityTimeout": 0}
                for number, receipt in enumerate(batch)
            ]
            with told_to_users():
                # An entry fails if its message is visible already.
                self._sqs.change_message_visibility_batch(QueueUrl=self._url, Entries=entries)
        self._held = {}


def _message(entry: Any) -> Message:
    return Message(
        id=entry["MessageId"],
        body=entry["Body"],
        receipt=entry["ReceiptHandle"],
        sent_at_ms=int(entry["Attributes"]["SentTimestamp"]),
        attributes=entry.get("MessageAttributes", {}),
    )


def _in_tens(values: Iterable[Any]) -> Iterator[list[Any]]:
    remaining = iter(values)
    while batch := list(islice(remaining, BATCH)):
        yield batch
