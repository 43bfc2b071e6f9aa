"""Where suspicious transactions go."""

from typing import TYPE_CHECKING, Protocol

import msgspec

from functions.common.domain.suspicious_message import SuspiciousTransaction

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


class SuspiciousQueue(Protocol):
    """Takes suspicious transactions for whoever tells people."""

    def send(self, transaction: SuspiciousTransaction, delay_seconds: int = 0) -> None:
        """Returns once the transaction is kept safely, to be read after the delay; raises if it is not."""


class SqsQueue:
    """The queue in SQS."""

    def __init__(self, client: "SQSClient", queue_url: str) -> None:
        self._client = client
        self._url = queue_url

    def send(self, transaction: SuspiciousTransaction, delay_seconds: int = 0) -> None:
        body = msgspec.json.encode(transaction).decode()
        self._client.send_message(QueueUrl=self._url, MessageBody=body, DelaySeconds=delay_seconds)


class FailureQueue:
    """The queue for messages that no attempt can process."""

    def __init__(self, client: "SQSClient", queue_url: str) -> None:
        self._client = client
        self._url = queue_url

    def send(self, body: str) -> None:
        """Returns once the queue has the message; raises if it does not take it."""
        self._client.send_message(QueueUrl=self._url, MessageBody=body)
