"""Lambda's queue of asynchronous events: retries, expiry and a limited number of threads.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
"""

import heapq
import itertools
import json
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol
from uuid import uuid4

from local.delivery.delays import Delays
from shared.atomic_write import write_atomically

logger = logging.getLogger("local.async")

RETRIES_EXHAUSTED = "RetriesExhausted"
AGE_EXCEEDED = "EventAgeExceeded"


@dataclass(frozen=True)
class RuleTarget:
    """The rule of an event, and the dead-letter queue of the rule's target."""

    rule_arn: str
    dead_letter_arn: str | None


@dataclass
class AsyncEvent:
    """An event for a function. `payload` is JSON text; `received` is in epoch seconds."""

    function_arn: str
    payload: str
    received: float
    rule: RuleTarget | None = None
    request_id: str = field(default_factory=lambda: str(uuid4()))
    failures: int = 0
    throttles: int = 0


@dataclass(frozen=True)
class RetryPolicy:
    """Limits on the retries and the age of a function's events."""

    maximum_retries: int
    maximum_age_seconds: float


@dataclass(frozen=True)
class InvocationResult:
    """The result of one invocation; `response` is the payload of the function or of its error."""

    result: Literal["ok", "error", "throttled"]
    response: Any = None


class InvocationRefusedError(Exception):
    """The function is missing or does not permit the invocation. The event is not retried."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class FunctionRuntime(Protocol):
    """The functions that the queue invokes; EmulatedFunctions in the daemon, a fake in unit tests."""

    def retry_policy(self, event: AsyncEvent) -> RetryPolicy:
        """Raises InvocationRefusedError if the function is missing or does not permit the rule."""

    def invoke(self, event: AsyncEvent) -> InvocationResult:
        """Invoke the function once. Raises InvocationRefusedError if it is missing."""

    def report_failure(self, event: AsyncEvent, condition: str, result: InvocationResult | None) -> None:
        """Send the event to the on-failure destination and the dead-letter queue of the function."""

    def report_refusal(self, event: AsyncEvent, error: InvocationRefusedError) -> None:
        """Send the event to the dead-letter queue of the rule's target."""


class AsyncQueue:
    """Pending events of all functions. `clock` returns epoch seconds."""

    def __init__(
        self,
        functions: FunctionRuntime,
        delays: Delays,
        *,
        threads: int,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._functions = functions
        self._delays = delays
        self._clock = clock
        self._changed = threading.Condition()
        self._waiting: list[tuple[float, int, AsyncEvent]] = []
        self._order = itertools.count()
        self._running: dict[str, AsyncEvent] = {}
        self._stopped = False
        self._threads = [
            threading.Thread(target=self._work, name=f"async-{n}", daemon=True) for n in range(threads)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def submit(self, function_arn: str, payload: str, rule: RuleTarget | None = None) -> None:
        """Add an event; returns immediately."""
        self._put(AsyncEvent(function_arn, payload, self._clock(), rule), 0.0)

    def stop(self, timeout_seconds: float) -> list[AsyncEvent]:
        """Stop the threads; returns the unfinished events, including those that still run."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: not self._running, timeout_seconds)
            return [*self._running.values(), *(event for _, _, event in sorted(self._waiting))]

    def process_next(self) -> bool:
        """Process one due event; False if no event is due. Each thread repeats this."""
        with self._changed:
            if not self._waiting or self._waiting[0][0] > self._clock():
                return False
            _, _, event = heapq.heappop(self._waiting)
            self._running[event.request_id] = event
        try:
            retry_after = self._attempt(event)
        except Exception:
            logger.exception("lost an event for %s", event.function_arn)
            retry_after = None
        with self._changed:
            if retry_after is not None:
                self._push(event, retry_after)
            del self._running[event.request_id]
            self._changed.notify_all()
        return True

    def restore(self, path: Path) -> None:
        """Add the events that an earlier run saved, and delete the file."""
        try:
            saved_events = json.loads(path.read_text())
        except (OSError, ValueError):
            return
        path.unlink()
        for fields in saved_events:
            rule = RuleTarget(**fields["rule"]) if fields["rule"] else None
            self._put(AsyncEvent(**{**fields, "rule": rule}), 0.0)

    def _work(self) -> None:
        while True:
            with self._changed:
                if self._stopped:
                    return
                due = self._waiting[0][0] - self._clock() if self._waiting else None
                if due is None or due > 0:
                    self._changed.wait(due)
                    continue
            self.process_next()

    def _attempt(self, event: AsyncEvent) -> float | None:
        """Invoke the function once; returns the seconds until the next attempt, None after the last one."""
        try:
            policy = self._functions.retry_policy(event)
            result = self._functions.invoke(event)
        except InvocationRefusedError as error:
            self._functions.report_refusal(event, error)
            return None
        if result.result == "ok":
            return None
        if result.result == "throttled":
            event.throttles += 1
            delay = self._delays.throttle(event.throttles)
        else:
            event.failures += 1
            if event.failures > policy.maximum_retries:
                self._functions.report_failure(event, RETRIES_EXHAUSTED, result)
                return None
            delay = self._delays.function_error(event.failures)
        if self._clock() + delay > event.received + policy.maximum_age_seconds:
            self._functions.report_failure(event, AGE_EXCEEDED, result)
            return None
        return delay

    def _put(self, event: AsyncEvent, delay: float) -> None:
        with self._changed:
            self._push(event, delay)
            self._changed.notify()

    def _push(self, event: AsyncEvent, delay: float) -> None:
        heapq.heappush(self._waiting, (self._clock() + delay, next(self._order), event))


def save_events(path: Path, events: list[AsyncEvent]) -> None:
    """Save events for the next run."""
    write_atomically(path, json.dumps([asdict(event) for event in events]))
