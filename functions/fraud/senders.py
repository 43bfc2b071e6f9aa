"""Senders for the SQS queues that the fraud function writes to."""

from typing import TYPE_CHECKING

import msgspec

from functions.common.domain.suspicious_message import SuspiciousTransaction

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


class SuspiciousTransactionSender:
    """Sends suspicious transactions to the queue `suspicious`."""

    def __init__(self, client: "SQSClient", queue_url: str) -> None:
        self._client = client
        self._url = queue_url

    def send(self, transaction: SuspiciousTransaction, delay_seconds: int = 0) -> None:
        """Send a transaction, to be delivered after the delay. Raises if the queue does not accept it."""
        body = msgspec.json.encode(transaction).decode()
        self._client.send_message(QueueUrl=self._url, MessageBody=body, DelaySeconds=delay_seconds)


class RetrySender:
    """Sends events to the retry queue, which delivers them in batches."""

    def __init__(self, client: "SQSClient", queue_url: str) -> None:
        self._client = client
        self._url = queue_url

    def send(self, event: object) -> None:
        """Send an event as Lambda sends a failed one. Raises if the queue does not accept it."""
        body = msgspec.json.encode({"requestPayload": event}).decode()
        self._client.send_message(QueueUrl=self._url, MessageBody=body)


class UnreadableMessageSender:
    """Sends unreadable messages to the failure queue."""

    def __init__(self, client: "SQSClient", queue_url: str) -> None:
        self._client = client
        self._url = queue_url

    def send(self, body: str) -> None:
        """Send a message body. Raises if the queue does not accept it."""
        self._client.send_message(QueueUrl=self._url, MessageBody=body)
