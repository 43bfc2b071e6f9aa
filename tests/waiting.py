"""Waiting for what happens in another process: on a condition with a deadline, never for a length of time."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
STEP_SECONDS = 0.02


def wait_for(condition: Callable[[], T], *, seconds: float = 15.0, what: str = "") -> T:
    """The first true result of `condition`; fails the test if there is none in time."""
    deadline = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            raise AssertionError(f"not in {seconds:.0f} s: {what or condition}")
        time.sleep(STEP_SECONDS)
