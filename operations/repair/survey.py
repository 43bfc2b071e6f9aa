"""Looks at the messages of a failure queue without changing the queue."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from operations.monitoring.failures import UnreadableMessageError, read_failure
from operations.monitoring.queues import Queue, depth
from operations.monitoring.reader import Message, QueueReader

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

# Of a longer queue, as many messages are looked at: each is hidden from other readers meanwhile.
MAX_LOOK = 1000
# Long enough for that many messages, and soon over if the process is killed.
VISIBILITY_SECONDS = 60
MAX_IDS = 5

UNREADABLE = "not readable"

Identify = Callable[[str, Message], Sequence[str]]
"""The transaction ids of a message of the queue with that short name, found elsewhere."""


@dataclass
class ErrorSummary:
    """One error: how many messages have it, with some transaction ids, or message ids if it is unreadable."""

    count: int = 0
    ids: list[str] = field(default_factory=list)

    def add(self, ids: Sequence[str]) -> None:
        """Count one message."""
        self.count += 1
        self.ids += list(ids)[: MAX_IDS - len(self.ids)]


@dataclass
class QueueSurvey:
    """The content of a queue. `looked_at` is less than `count` in a long queue."""

    queue: str
    count: int = 0
    looked_at: int = 0
    oldest_ms: int | None = None
    errors: dict[str, ErrorSummary] = field(default_factory=dict)

    @property
    def by_count(self) -> list[tuple[str, ErrorSummary]]:
        """Errors, the most frequent first."""
        return sorted(self.errors.items(), key=lambda entry: -entry[1].count)

    def add(self, message: Message, identify: Identify) -> None:
        """Take a message into account."""
        self.looked_at += 1
        self.oldest_ms = min(self.oldest_ms or message.sent_at_ms, message.sent_at_ms)
        try:
            failure = read_failure(self.queue, message)
        except UnreadableMessageError:
            self.errors.setdefault(UNREADABLE, ErrorSummary()).add([message.id])
        else:
            summary = self.errors.setdefault(failure.error, ErrorSummary())
            ids: Sequence[str] = failure.transaction_ids
            if not ids and len(summary.ids) < MAX_IDS:
                ids = identify(self.queue, message)
            summary.add(ids)


def survey_queue(
    sqs: "SQSClient", queue: Queue, identify: Identify = lambda _queue, _message: ()
) -> QueueSurvey:
    """Look at up to MAX_LOOK messages and give them back, also after Ctrl-C. Raises UserError.

    `identify` finds the ids of transactions that a message does not name.
    """
    survey = QueueSurvey(queue.name, depth(sqs, queue))
    reader = QueueReader(sqs, queue.url, VISIBILITY_SECONDS)
    try:
        for batch in reader.batches(MAX_LOOK):
            for message in batch:
                survey.add(message, identify)
    finally:
        reader.release()
    # The number from AWS is approximate.
    survey.count = max(survey.count, survey.looked_at)
    return survey


def survey_queues(sqs: "SQSClient", queues: Sequence[Queue], identify: Identify) -> list[QueueSurvey]:
    """Look at all queues at the same time. Raises UserError."""
    with ThreadPoolExecutor(max(1, len(queues))) as threads:
        return list(threads.map(lambda queue: survey_queue(sqs, queue, identify), queues))
