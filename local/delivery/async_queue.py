"""Lambda's queue of asynchronous events: retries, expiry, and a bounded number of threads.

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
    """The rule that an event came through, and where EventBridge puts what the function's service refuses."""

    rule_arn: str
    dead_letter_arn: str | None


@dataclass
class AsyncEvent:
    """An event on its way to a function. `payload` is JSON text, times are epoch seconds."""

    function_arn: str
    payload: str
    received: float
    rule: RuleTarget | None = None
    request_id: str = field(default_factory=lambda: str(uuid4()))
    failures: int = 0
    throttles: int = 0


@dataclass(frozen=True)
class Policy:
    """How long and how often a function's events are tried."""

    maximum_retries: int
    maximum_age_seconds: float


@dataclass(frozen=True)
class Outcome:
    """What came of one invocation; `response` is what the function or its failure answered."""

    result: Literal["ok", "error", "throttled"]
    response: Any = None


class Refused(Exception):  # noqa: N818 (a decision, not a fault)
    """The function is missing or may not be invoked by this caller; not tried again."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Functions(Protocol):
    """The functions of the emulator."""

    def accept(self, event: AsyncEvent) -> Policy:
        """The function's policy. Raises Refused if it is missing or the rule may not invoke it."""

    def invoke(self, event: AsyncEvent) -> Outcome:
        """Run the function once. Raises Refused if it is gone."""

    def give_up(self, event: AsyncEvent, condition: str, outcome: Outcome | None) -> None:
        """Send the event to where the function's owner wants what could not be processed."""

    def refuse(self, event: AsyncEvent, reason: Refused) -> None:
        """Send the event to where the rule's owner wants what could not be delivered."""


class AsyncQueue:
    """Events waiting for their function. `clock` gives epoch seconds."""

    def __init__(
        self, functions: Functions, delays: Delays, *, threads: int, clock: Callable[[], float] = time.time
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
        """Take an event; returns at once."""
        self._put(AsyncEvent(function_arn, payload, self._clock(), rule), 0.0)

    def stop(self, timeout_seconds: float) -> list[AsyncEvent]:
        """End the threads; returns the events that are not done with, those still running included."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: not self._running, timeout_seconds)
            return [*self._running.values(), *(event for _, _, event in sorted(self._waiting))]

    def step(self) -> bool:
        """Handle one event that is due; False if there is none. What each thread repeats."""
        with self._changed:
            if not self._waiting or self._waiting[0][0] > self._clock():
                return False
            _, _, event = heapq.heappop(self._waiting)
            self._running[event.request_id] = event
        try:
            again = self._handle(event)
        except Exception:
            logger.exception("an event for %s is lost", event.function_arn)
            again = None
        with self._changed:
            if again is not None:
                self._push(event, again)
            del self._running[event.request_id]
            self._changed.notify_all()
        return True

    def _work(self) -> None:
        while True:
            with self._changed:
                if self._stopped:
                    return
                due = self._waiting[0][0] - self._clock() if self._waiting else None
                if due is None or due > 0:
                    self._changed.wait(due)
                    continue
            self.step()

    def _handle(self, event: AsyncEvent) -> float | None:
        """Try the event once; returns after how many seconds to try again, or None if it is done with."""
        try:
            policy = self._functions.accept(event)
            outcome = self._functions.invoke(event)
        except Refused as reason:
            self._functions.refuse(event, reason)
            return None
        if outcome.result == "ok":
            return None
        if outcome.result == "throttled":
            event.throttles += 1
            delay = self._delays.throttle(event.throttles)
        else:
            event.failures += 1
            if event.failures > policy.maximum_retries:
                self._functions.give_up(event, RETRIES_EXHAUSTED, outcome)
                return None
            delay = self._delays.function_error(event.failures)
        if self._clock() + delay > event.received + policy.maximum_age_seconds:
            self._functions.give_up(event, AGE_EXCEEDED, outcome)
            return None
        return delay

    def _put(self, event: AsyncEvent, delay: float) -> None:
        with self._changed:
            self._push(event, delay)
            self._changed.notify()

    def _push(self, event: AsyncEvent, delay: float) -> None:
        heapq.heappush(self._waiting, (self._clock() + delay, next(self._order), event))

    def restore(self, path: Path) -> None:
        """Take up what an earlier run left behind."""
        try:
            kept = json.loads(path.read_text())
        except (OSError, ValueError):
            return
        path.unlink()
        for fields in kept:
            rule = RuleTarget(**fields["rule"]) if fields["rule"] else None
            self._put(AsyncEvent(**{**fields, "rule": rule}), 0.0)


def save(path: Path, events: list[AsyncEvent]) -> None:
    """Keep events for the next run."""
    write_atomically(path, json.dumps([asdict(event) for event in events]))
