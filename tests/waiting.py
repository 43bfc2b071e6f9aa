"""Waits for a condition with a deadline, for tests of other processes."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
# Polls become less frequent, because a condition can consist of dozens of requests.
FIRST_STEP_SECONDS = 0.02
MAX_STEP_SECONDS = 0.25


def wait_for(condition: Callable[[], T], *, seconds: float = 15.0, what: str = "") -> T:
    """The first true result of `condition`. Raises AssertionError after the deadline."""
    deadline, step = time.monotonic() + seconds, FIRST_STEP_SECONDS
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            raise AssertionError(f"Timeout after {seconds:.0f} s while waiting for: {what or condition}")
        time.sleep(step)
        step = min(step * 1.3, MAX_STEP_SECONDS)
