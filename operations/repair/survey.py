"""Content of the failure queues, read without changing them."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from operations.monitoring.failures import UnreadableMessageError, read_failure
from operations.monitoring.queues import Queue, count_queue_messages
from operations.monitoring.reader import Message, peek_messages

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

MAX_IDS = 5

UNREADABLE = "not readable"

Identify = Callable[[str, Message], Sequence[str]]
"""Returns the transaction ids for a queue's short name and a message that does not contain them."""


@dataclass
class ErrorSummary:
    """The message count of one error, and some transaction ids; message ids if they are unreadable."""

    count: int = 0
    ids: list[str] = field(default_factory=list)

    def add(self, ids: Sequence[str]) -> None:
        """Count one message."""
        self.count += 1
        self.ids += list(ids)[: MAX_IDS - len(self.ids)]


@dataclass
class QueueSurvey:
    """The content of a queue: its message count, the number of `read` messages, and their errors."""

    queue: str
    count: int = 0
    read: int = 0
    oldest_ms: int | None = None
    errors: dict[str, ErrorSummary] = field(default_factory=dict)

    @property
    def by_count(self) -> list[tuple[str, ErrorSummary]]:
        """The errors, the most frequent first."""
        return sorted(self.errors.items(), key=lambda entry: -entry[1].count)

    def add(self, message: Message, identify: Identify) -> None:
        """Count a message."""
        self.read += 1
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
    """Peek at the messages and make them visible again, also after Ctrl-C. Raises UserError.

    `identify` finds the transaction ids of messages that do not contain them.
    """
    survey = QueueSurvey(queue.name, count_queue_messages(sqs, queue))
    with closing(peek_messages(sqs, queue.url)) as messages:
        for message in messages:
            survey.add(message, identify)
    # The number from AWS is approximate.
    survey.count = max(survey.count, survey.read)
    return survey


def survey_queues(sqs: "SQSClient", queues: Sequence[Queue], identify: Identify) -> list[QueueSurvey]:
    """Survey the queues concurrently. Raises UserError."""
    with ThreadPoolExecutor(max(1, len(queues))) as threads:
        return list(threads.map(lambda queue: survey_queue(sqs, queue, identify), queues))
