"""Lambda's queue of asynchronous events, with a clock that the test sets."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from local.delivery.async_queue import (
    AsyncEvent,
    AsyncQueue,
    InvocationRefusedError,
    InvocationResult,
    RetryPolicy,
    RuleTarget,
    save_events,
)
from local.delivery.delays import Delays

OK, ERROR, THROTTLED = (
    InvocationResult("ok"),
    InvocationResult("error", {"errorMessage": "no"}),
    InvocationResult("throttled"),
)
SCALE = 1 / 60


@dataclass
class FakeFunctions:
    """Returns the next of `results` for each invocation, and the last one repeatedly."""

    results: Sequence[InvocationResult] = (OK,)
    policy: RetryPolicy = field(
        default_factory=lambda: RetryPolicy(maximum_retries=2, maximum_age_seconds=60)
    )
    refusal: InvocationRefusedError | None = None
    invoked: list[str] = field(default_factory=list)
    failures: list[tuple[str, str]] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)

    def retry_policy(self, event: AsyncEvent) -> RetryPolicy:
        if self.refusal:
            raise self.refusal
        return self.policy

    def invoke(self, event: AsyncEvent) -> InvocationResult:
        self.invoked.append(event.payload)
        return self.results[min(len(self.invoked), len(self.results)) - 1]

    def report_failure(self, event: AsyncEvent, condition: str, result: InvocationResult | None) -> None:
        self.failures.append((event.payload, condition))

    def report_refusal(self, event: AsyncEvent, error: InvocationRefusedError) -> None:
        self.refusals.append(error.code)


class ManualQueue:
    """A queue that processes events only when the test advances its clock."""

    def __init__(self, functions: FakeFunctions) -> None:
        self.now = 1000.0
        self.queue = AsyncQueue(
            functions, Delays(SCALE, chance=lambda: 1.0), threads=0, clock=lambda: self.now
        )

    def advance(self, seconds: float) -> int:
        """Advance the clock and process the due events; returns their number."""
        self.now += seconds
        processed = 0
        while self.queue.process_next():
            processed += 1
        return processed


def test_event_is_invoked_once_when_it_succeeds() -> None:
    functions = FakeFunctions()
    manual = ManualQueue(functions)
    manual.queue.submit("f", "1")
    assert [manual.advance(0), manual.advance(3600)] == [1, 0]
    assert functions.invoked == ["1"]


def test_failed_event_is_retried_after_one_and_two_minutes_and_then_reported() -> None:
    functions = FakeFunctions([ERROR])
    manual = ManualQueue(functions)
    manual.queue.submit("f", "1")
    minute = 60 * SCALE
    assert [manual.advance(0), manual.advance(0.9 * minute), manual.advance(0.1 * minute)] == [1, 0, 1]
    assert [manual.advance(1.9 * minute), manual.advance(0.2 * minute)] == [0, 1]
    assert functions.failures == [("1", "RetriesExhausted")]
    assert manual.advance(3600) == 0


def test_throttles_do_not_count_as_retries() -> None:
    functions = FakeFunctions([THROTTLED] * 8 + [ERROR, ERROR, OK])
    manual = ManualQueue(functions)
    manual.queue.submit("f", "1")
    for _ in range(40):
        manual.advance(0.5)
    assert len(functions.invoked) == 11
    assert functions.failures == []


def test_event_that_stays_throttled_expires() -> None:
    functions = FakeFunctions([THROTTLED], policy=RetryPolicy(maximum_retries=2, maximum_age_seconds=60))
    manual = ManualQueue(functions)
    manual.queue.submit("f", "1")
    for _ in range(70):
        manual.advance(1)
    assert functions.failures == [("1", "EventAgeExceeded")]


def test_refused_event_is_not_retried() -> None:
    functions = FakeFunctions(refusal=InvocationRefusedError("NO_PERMISSIONS", "no"))
    manual = ManualQueue(functions)
    manual.queue.submit("f", "1")
    manual.advance(3600)
    assert functions.refusals == ["NO_PERMISSIONS"]
    assert functions.invoked == []


def test_waiting_event_does_not_delay_another_event() -> None:
    functions = FakeFunctions([ERROR, OK])
    manual = ManualQueue(functions)
    manual.queue.submit("f", "first")
    manual.advance(0)
    manual.queue.submit("f", "second")
    manual.advance(0)
    assert functions.invoked == ["first", "second"]


def test_unfinished_events_are_restored_by_the_next_run(tmp_path: Path) -> None:
    first_run, saved_events = ManualQueue(FakeFunctions([ERROR])), tmp_path / "events.json"
    first_run.queue.submit("f", "attempted", RuleTarget("rule", None))
    first_run.advance(0)
    first_run.queue.submit("f", "new")
    save_events(saved_events, first_run.queue.stop(0))
    functions = FakeFunctions([OK])
    second_run = ManualQueue(functions)
    second_run.queue.restore(saved_events)
    second_run.advance(0)
    assert sorted(functions.invoked) == ["attempted", "new"]
    assert not saved_events.exists()
