"""Sends the messages of a failure queue back: send, then delete, so that a crash loses nothing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from operations.monitoring.failures import UnreadableMessageError, read_failure
from operations.monitoring.queues import Queue
from operations.monitoring.reader import Message, QueueReader
from operations.repair.routes import Route

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

# What a queue of the pipeline has, too: longer than one batch takes, a scan of a large table left out.
VISIBILITY_SECONDS = 360
# As many messages that stay are named.
MAX_NAMED = 20
# SQS delivers about in order: after as many batches that are later than the start, none is before it.
# Without this bound, a queue that fills while it is redriven would keep the run going.
MAX_LATE_BATCHES = 50


@dataclass
class RedriveResult:
    """The result for one queue. `named` has reasons by message id, of the first messages that stay."""

    queue: str
    sent: int = 0
    unreadable: int = 0
    refused: int = 0
    named: dict[str, str] = field(default_factory=dict)

    @property
    def left(self) -> int:
        """How many messages could not be sent."""
        return self.unreadable + self.refused

    def name(self, message: Message, reason: str) -> None:
        """Remember why a message stays."""
        if len(self.named) < MAX_NAMED:
            self.named[message.id] = reason


class QueueRedrive:
    """Redrives one queue. `progress` gets the number of messages that are sent."""

    def __init__(
        self, sqs: "SQSClient", queue: Queue, route: Route, progress: Callable[[int], None] = lambda _: None
    ) -> None:
        self._queue = queue
        self._route = route
        self._progress = progress
        self._reader = QueueReader(sqs, queue.url, VISIBILITY_SECONDS)
        self.result = RedriveResult(queue.name)

    def run(self, started_ms: int, limit: int | None = None) -> RedriveResult:
        """Send up to `limit` messages that were sent to the queue until `started_ms`, each once.

        A later message may be one that this run sent and that failed again. The messages that stay are
        visible again at the end, also after Ctrl-C. Raises UserError.
        """
        tried = late_batches = 0
        try:
            while (limit is None or tried < limit) and late_batches < MAX_LATE_BATCHES:
                batch = self._reader.receive(10 if limit is None else limit - tried)
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
            self.result.name(message, str(error))
            return False
        return True

    def _send(self, messages: list[Message]) -> None:
        errors = dict(zip([message.id for message in messages], self._route.send(messages), strict=True))
        sent = [message for message in messages if not errors[message.id]]
        self._reader.delete(sent)
        for message in messages:
            if errors[message.id]:
                self.result.refused += 1
                self.result.name(message, errors[message.id])
            elif self._reader.holds(message):
                self.result.refused += 1
                self.result.name(message, "sent, but not deleted: the next redrive sends it again")
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
    """Redrive queue after queue; `limit` counts the messages of all. `results` gets each result at its start,
    so that it is known after Ctrl-C, too. Raises UserError.
    """
    for queue, route in routes.items():
        redrive = QueueRedrive(sqs, queue, route, lambda sent, name=queue.name: progress(name, sent))  # type: ignore[misc]
        results.append(redrive.result)
        sent_before = sum(result.sent + result.refused for result in results)
        redrive.run(started_ms, None if limit is None else limit - sent_before)
