"""Lambda's queue of asynchronous events, stepped by hand on a clock of its own."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from local.delivery.async_queue import AsyncEvent, AsyncQueue, Outcome, Policy, Refused, RuleTarget, save
from local.delivery.delays import Delays

OK, ERROR, THROTTLED = Outcome("ok"), Outcome("error", {"errorMessage": "no"}), Outcome("throttled")
SCALE = 1 / 60


@dataclass
class FakeFunctions:
    """Answers each invocation with the next of `outcomes`, the last one for ever."""

    outcomes: Sequence[Outcome] = (OK,)
    policy: Policy = field(default_factory=lambda: Policy(maximum_retries=2, maximum_age_seconds=60))
    refusal: Refused | None = None
    invoked: list[str] = field(default_factory=list)
    given_up: list[tuple[str, str]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def accept(self, event: AsyncEvent) -> Policy:
        if self.refusal:
            raise self.refusal
        return self.policy

    def invoke(self, event: AsyncEvent) -> Outcome:
        self.invoked.append(event.payload)
        return self.outcomes[min(len(self.invoked), len(self.outcomes)) - 1]

    def give_up(self, event: AsyncEvent, condition: str, outcome: Outcome | None) -> None:
        self.given_up.append((event.payload, condition))

    def refuse(self, event: AsyncEvent, reason: Refused) -> None:
        self.refused.append(reason.code)


class Stepped:
    """A queue whose time goes on as far as the test says."""

    def __init__(self, functions: FakeFunctions) -> None:
        self.now = 1000.0
        self.queue = AsyncQueue(
            functions, Delays(SCALE, chance=lambda: 1.0), threads=0, clock=lambda: self.now
        )

    def after(self, seconds: float) -> int:
        """Let time go by; returns how many events were handled."""
        self.now += seconds
        handled = 0
        while self.queue.step():
            handled += 1
        return handled


def test_event_is_invoked_once_when_it_succeeds() -> None:
    functions = FakeFunctions()
    stepped = Stepped(functions)
    stepped.queue.submit("f", "1")
    assert [stepped.after(0), stepped.after(3600)] == [1, 0]
    assert functions.invoked == ["1"]


def test_failed_event_is_tried_after_one_and_after_two_more_minutes_and_then_given_up() -> None:
    functions = FakeFunctions([ERROR])
    stepped = Stepped(functions)
    stepped.queue.submit("f", "1")
    minute = 60 * SCALE
    assert [stepped.after(0), stepped.after(0.9 * minute), stepped.after(0.1 * minute)] == [1, 0, 1]
    assert [stepped.after(1.9 * minute), stepped.after(0.2 * minute)] == [0, 1]
    assert functions.given_up == [("1", "RetriesExhausted")]
    assert stepped.after(3600) == 0


def test_throttling_does_not_use_up_the_retries() -> None:
    functions = FakeFunctions([THROTTLED] * 8 + [ERROR, ERROR, OK])
    stepped = Stepped(functions)
    stepped.queue.submit("f", "1")
    for _ in range(40):
        stepped.after(0.5)
    assert len(functions.invoked) == 11
    assert functions.given_up == []


def test_event_that_stays_throttled_expires() -> None:
    functions = FakeFunctions([THROTTLED], policy=Policy(maximum_retries=2, maximum_age_seconds=60))
    stepped = Stepped(functions)
    stepped.queue.submit("f", "1")
    for _ in range(70):
        stepped.after(1)
    assert functions.given_up == [("1", "EventAgeExceeded")]


def test_refused_event_is_not_tried_again() -> None:
    functions = FakeFunctions(refusal=Refused("NO_PERMISSIONS", "no"))
    stepped = Stepped(functions)
    stepped.queue.submit("f", "1")
    stepped.after(3600)
    assert functions.refused == ["NO_PERMISSIONS"]
    assert functions.invoked == []


def test_waiting_event_does_not_hold_back_another() -> None:
    functions = FakeFunctions([ERROR, OK])
    stepped = Stepped(functions)
    stepped.queue.submit("f", "first")
    stepped.after(0)
    stepped.queue.submit("f", "second")
    stepped.after(0)
    assert functions.invoked == ["first", "second"]


def test_events_that_are_left_are_taken_up_by_the_next_run(tmp_path: Path) -> None:
    before, kept = Stepped(FakeFunctions([ERROR])), tmp_path / "events.json"
    before.queue.submit("f", "tried", RuleTarget("rule", None))
    before.after(0)
    before.queue.submit("f", "new")
    save(kept, before.queue.stop(0))
    functions = FakeFunctions([OK])
    after = Stepped(functions)
    after.queue.restore(kept)
    after.after(0)
    assert sorted(functions.invoked) == ["new", "tried"]
    assert not kept.exists()
