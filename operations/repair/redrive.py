"""Sends the messages of a failure queue to their destination, then deletes them: a crash loses none."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from operations.monitoring.failures import UnreadableMessageError, read_failure
from operations.monitoring.queues import Queue
from operations.monitoring.reader import BATCH_SIZE, Message, QueueReader
from operations.repair.routes import Route

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

# As for the queues of the pipeline. Longer than a batch takes, except for a scan of a large table.
VISIBILITY_SECONDS = 360
MAX_REASONS = 20
# SQS delivers roughly in order: after this many batches of later messages, no earlier one is left. Without
# this limit, a queue that fills during the redrive would never end it.
MAX_LATE_BATCHES = 50


@dataclass
class RedriveResult:
    """The result for one queue. `reasons` tells why the first messages stay, by message id."""

    queue: str
    sent: int = 0
    unreadable: int = 0
    refused: int = 0
    reasons: dict[str, str] = field(default_factory=dict)

    @property
    def remaining(self) -> int:
        """The number of messages that stay in the queue."""
        return self.unreadable + self.refused

    def add_reason(self, message: Message, reason: str) -> None:
        """Record why a message stays."""
        if len(self.reasons) < MAX_REASONS:
            self.reasons[message.id] = reason


class QueueRedrive:
    """Redrives one queue. `progress` gets the number of sent messages."""

    def __init__(
        self, sqs: "SQSClient", queue: Queue, route: Route, progress: Callable[[int], None] = lambda _: None
    ) -> None:
        self._queue = queue
        self._route = route
        self._progress = progress
        self._reader = QueueReader(sqs, queue.url, VISIBILITY_SECONDS)
        self.result = RedriveResult(queue.name)

    def run(self, started_ms: int, limit: int | None = None) -> RedriveResult:
        """Send up to `limit` messages that arrived in the queue by `started_ms`, each once.

        A later message may have failed again after this run sent it. Messages that stay are visible again at
        the end, also after Ctrl-C. Raises UserError.
        """
        tried = late_batches = 0
        try:
            while (limit is None or tried < limit) and late_batches < MAX_LATE_BATCHES:
                batch = self._reader.receive(BATCH_SIZE if limit is None else limit - tried)
                if batch is None:
                    break
                ready = [message for message in batch if self._is_ready(message, started_ms)]
                tried += len(ready)
                is_late = all(message.sent_at_ms > started_ms for message in batch)
                late_batches = late_batches + 1 if is_late else 0
                self._send(ready)
                self._progress(self.result.sent)
        finally:
            self._reader.release()
        return self.result

    def _is_ready(self, message: Message, started_ms: int) -> bool:
        if message.sent_at_ms > started_ms:
            return False
        try:
            read_failure(self._queue.name, message)
        except UnreadableMessageError as error:
            self.result.unreadable += 1
            self.result.add_reason(message, str(error))
            return False
        return True

    def _send(self, messages: list[Message]) -> None:
        errors = dict(zip([message.id for message in messages], self._route.send(messages), strict=True))
        self._reader.delete([message for message in messages if not errors[message.id]])
        for message in messages:
            if errors[message.id]:
                self.result.refused += 1
                self.result.add_reason(message, errors[message.id])
            elif self._reader.holds(message):
                self.result.refused += 1
                self.result.add_reason(message, "sent but not deleted: the next redrive sends it again")
            else:
                self.result.sent += 1


def redrive_queues(
    sqs: "SQSClient",
    routes: Mapping[Queue, Route],
    *,
    started_ms: int,
    limit: int | None,
    results: list[RedriveResult],
    progress: Callable[[str, int], None],
) -> None:
    """Redrive the queues in order; `limit` counts the messages of all queues.

    Each result is added to `results` before its queue starts, so that it is available after Ctrl-C. Raises
    UserError.
    """
    for queue, route in routes.items():
        redrive = QueueRedrive(sqs, queue, route, lambda count, name=queue.name: progress(name, count))  # type: ignore[misc]
        results.append(redrive.result)
        processed = sum(result.sent + result.refused for result in results)
        redrive.run(started_ms, None if limit is None else limit - processed)
