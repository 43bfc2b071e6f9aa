"""Finds and deletes the messages of one account in the queues.

A message is recognized by its text, so that unreadable messages are found as well. All other messages are
visible again at the end of the look. Receiving a message counts as an attempt of its queue's reader.
"""

import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING, TypeVar

from operations.monitoring.queues import Queue
from operations.monitoring.reader import BATCH_SIZE, Message, QueueReader, peek_messages
from terminal.aws_errors import translate_aws_errors

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

T = TypeVar("T")

# As for the queues of the pipeline. If the process is killed, messages are visible again after this time.
_VISIBILITY_SECONDS = 360
# A queue that fills while it is read, or whose first messages are visible again, must not keep the task from
# ending.
_MAX_MESSAGES = 100_000
_MAX_REPEATED_BATCHES = 50


class AccountPattern:
    """Recognizes the text of messages of an account.

    The account is the value of `account_id`, plain or DynamoDB-typed ({"S": …}), at any depth, also in JSON
    that is escaped in JSON. An equal merchant or transaction does not count.
    """

    def __init__(self, account_id: str) -> None:
        self._pattern = re.compile(
            r"account_id[\\\"]*\s*:\s*(?:\{\s*[\\\"]*S[\\\"]*\s*:\s*)?[\\\"]*"
            + re.escape(account_id)
            + r"(?![A-Za-z0-9_-])"
        )

    def matches(self, message: Message) -> bool:
        return self._pattern.search(message.body) is not None


def find_messages(
    sqs: "SQSClient", queues: Sequence[Queue], pattern: AccountPattern
) -> dict[str, list[Message]]:
    """The account's messages in failure queues, which no function reads, by queue. Raises UserError."""

    def find(queue: Queue) -> list[Message]:
        with closing(peek_messages(sqs, queue.url)) as messages:
            return [message for message in messages if pattern.matches(message)]

    return {queue.name: messages for queue, messages in _run_for_each(queues, find) if messages}


def delete_messages(sqs: "SQSClient", queues: Sequence[Queue], pattern: AccountPattern) -> dict[str, int]:
    """Receive every message once and delete the account's. Returns their numbers by queue. Raises UserError.

    The dead-letter queue of a queue must not be among the same `queues`: messages can move to it meanwhile.
    """
    counts = _run_for_each(queues, lambda queue: _delete_in_queue(sqs, queue, pattern))
    return {queue.name: count for queue, count in counts if count}


def count_hidden(sqs: "SQSClient", queues: Sequence[Queue]) -> dict[str, int]:
    """The messages that cannot be received now, because they are delayed or in processing.

    SQS counts approximately. Raises UserError.
    """
    return {queue.name: count for queue in queues if (count := _count_hidden(sqs, queue))}


def _run_for_each(queues: Sequence[Queue], act: Callable[[Queue], T]) -> list[tuple[Queue, T]]:
    """Act on the queues concurrently: an empty queue takes a second to answer."""
    with ThreadPoolExecutor(max(1, len(queues))) as threads:
        return list(zip(queues, threads.map(act, queues), strict=True))


def _delete_in_queue(sqs: "SQSClient", queue: Queue, pattern: AccountPattern) -> int:
    reader = QueueReader(sqs, queue.url, _VISIBILITY_SECONDS)
    received = deleted = repeated = 0
    try:
        while (
            received < _MAX_MESSAGES
            and repeated < _MAX_REPEATED_BATCHES
            and (batch := reader.receive(BATCH_SIZE)) is not None
        ):
            received += len(batch)
            repeated = 0 if batch else repeated + 1
            matching = [message for message in batch if pattern.matches(message)]
            reader.delete(matching)
            deleted += sum(not reader.holds(message) for message in matching)
    finally:
        reader.release()
    return deleted


def _count_hidden(sqs: "SQSClient", queue: Queue) -> int:
    with translate_aws_errors():
        attributes = sqs.get_queue_attributes(
            QueueUrl=queue.url,
            AttributeNames=[
                "ApproximateNumberOfMessagesNotVisible",
                "ApproximateNumberOfMessagesDelayed",
            ],
        )["Attributes"]
    return sum(map(int, attributes.values()))
