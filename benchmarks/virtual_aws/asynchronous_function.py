"""A Lambda function that is invoked asynchronously, with its retries and its retry queue, in virtual time.

Environments are warm. Lambda reads the retry queue with several pollers. Each poller gathers its own batch.
https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
"""

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec

from benchmarks.virtual_aws.virtual_time import VirtualTime

RETRY_SECONDS = (60.0, 120.0)
FIRST_BACK_OFF_SECONDS, MAX_BACK_OFF_SECONDS = 1.0, 300.0
MAX_AGE_SECONDS = 6 * 3600.0
VISIBILITY_SECONDS = 360.0
TIMEOUT_MS = 60_000
POLLERS = 5
THROTTLED_EVENTS, RETRY_QUEUE, FAILURE_QUEUE = "throttled events", "retry queue", "failure queue"
FAILED_ATTEMPTS = "failed attempts"

Event = dict[str, Any]
Environment = Callable[[Event, Callable[[], int]], dict[str, Any] | None]
"""An execution environment: called with an event and a function that returns the milliseconds left."""


class FunctionLimits(NamedTuple):
    """Concurrency, attempts before an event moves to the next queue, and batches of the retry queue."""

    reserved_concurrency: int
    retries: int
    retry_concurrency: int
    retry_receives: int
    retry_batch_size: int
    retry_window_seconds: float


@dataclass
class _Invocation:
    event: Event
    invoked_at: float
    failures: int = 0
    throttles: int = 0


@dataclass
class _Message:
    message_id: str
    body: str
    receives: int = 0


class AsynchronousFunction:
    """The function and its queues.

    `create_environment` is called for each concurrent invocation. `counts` counts events by THROTTLED_EVENTS,
    RETRY_QUEUE and FAILURE_QUEUE, and failed attempts by their error.
    """

    def __init__(
        self, time: VirtualTime, limits: FunctionLimits, create_environment: Callable[[], Environment]
    ) -> None:
        self.counts: Counter[str] = Counter()
        self._time = time
        self._limits = limits
        self._create_environment = create_environment
        self._idle: list[Environment] = []
        self._running = 0
        self._running_batches = 0
        self._pollers: list[list[_Message]] = [[] for _ in range(POLLERS)]
        self._batches: deque[list[_Message]] = deque()

    def invoke(self, event: Event) -> None:
        """Accept an event."""
        self._attempt(_Invocation(event, self._time.now))

    def _attempt(self, invocation: _Invocation) -> None:
        if self._running >= self._limits.reserved_concurrency:
            self._back_off(invocation)
        else:
            self._running += 1
            self._time.start(lambda: self._run(invocation))

    def _back_off(self, invocation: _Invocation) -> None:
        seconds = min(FIRST_BACK_OFF_SECONDS * 2**invocation.throttles, MAX_BACK_OFF_SECONDS)
        self.counts[THROTTLED_EVENTS] += invocation.throttles == 0
        invocation.throttles += 1
        self._retry(invocation, seconds)

    def _run(self, invocation: _Invocation) -> None:
        try:
            self._execute(invocation.event)
        except Exception as error:
            self.counts[f"{FAILED_ATTEMPTS}: {error}"] += 1
            invocation.failures += 1
            if invocation.failures > self._limits.retries:
                self._give_up(invocation)
            else:
                self._retry(invocation, RETRY_SECONDS[invocation.failures - 1])
        finally:
            self._running -= 1
        self._poll()

    def _retry(self, invocation: _Invocation, seconds: float) -> None:
        if self._time.now + seconds - invocation.invoked_at > MAX_AGE_SECONDS:
            self._give_up(invocation)
        else:
            self._time.call_later(seconds, lambda: self._attempt(invocation))

    def _give_up(self, invocation: _Invocation) -> None:
        self.send_retry(msgspec.json.encode({"requestPayload": invocation.event}).decode())

    def send_retry(self, body: str) -> None:
        """Send a message to the retry queue."""
        self.counts[RETRY_QUEUE] += 1
        self._receive(_Message(str(self.counts[RETRY_QUEUE]), body))

    def _receive(self, message: _Message) -> None:
        """Add a message to the batch of a poller. The end of its window or its size completes the batch."""
        poller = self._pollers[(int(message.message_id) + message.receives) % POLLERS]
        poller.append(message)
        if len(poller) == 1:
            self._time.call_later(
                self._limits.retry_window_seconds, lambda: self._end_window(poller, message)
            )
        if len(poller) == self._limits.retry_batch_size:
            self._complete(poller)

    def _end_window(self, poller: list[_Message], first: _Message) -> None:
        if poller and poller[0] is first:
            self._complete(poller)

    def _complete(self, poller: list[_Message]) -> None:
        self._batches.append(list(poller))
        poller.clear()
        self._poll()

    def _poll(self) -> None:
        """Start a batch of the retry queue, if there is one and concurrency."""
        if (
            self._batches
            and self._running < self._limits.reserved_concurrency
            and self._running_batches < self._limits.retry_concurrency
        ):
            batch = self._batches.popleft()
            self._running += 1
            self._running_batches += 1
            self._time.start(lambda: self._run_batch(batch))

    def _run_batch(self, batch: list[_Message]) -> None:
        received_at = self._time.now
        records = [{"messageId": message.message_id, "body": message.body} for message in batch]
        try:
            response = self._execute({"Records": records}) or {}
            failed = {failure["itemIdentifier"] for failure in response["batchItemFailures"]}
        except Exception:
            # All messages are delivered again.
            failed = {message.message_id for message in batch}
        finally:
            self._running -= 1
            self._running_batches -= 1
        visible_in = received_at + VISIBILITY_SECONDS - self._time.now
        for message in batch:
            if message.message_id in failed:
                self._deliver_again(message, visible_in)
        self._poll()

    def _deliver_again(self, message: _Message, seconds: float) -> None:
        message.receives += 1
        if message.receives >= self._limits.retry_receives:
            self.counts[FAILURE_QUEUE] += 1
        else:
            self._time.call_later(seconds, lambda: self._receive(message))

    def _execute(self, event: Event) -> dict[str, Any] | None:
        ends_at = self._time.now + TIMEOUT_MS / 1000
        environment = self._idle.pop() if self._idle else self._create_environment()
        try:
            return environment(event, lambda: int((ends_at - self._time.now) * 1000))
        finally:
            self._idle.append(environment)
