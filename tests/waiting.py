"""Waits for a condition with a deadline, for tests of other processes."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
STEP_SECONDS = 0.02


def wait_for(condition: Callable[[], T], *, seconds: float = 15.0, what: str = "") -> T:
    """The first true result of `condition`. Raises AssertionError after the deadline."""
    deadline = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            raise AssertionError(f"Timeout after {seconds:.0f} s while waiting for: {what or condition}")
        time.sleep(STEP_SECONDS)
