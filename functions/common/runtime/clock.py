"""The clock in epoch milliseconds, and the back-off between attempts."""

import random
import time
from collections.abc import Callable

Clock = Callable[[], int]
"""Returns the time in epoch milliseconds."""

Sleep = Callable[[float], None]
"""Waits for a number of seconds."""

_BASE_DELAY_SECONDS = 0.01
_MAX_DELAY_SECONDS = 0.25


def now_ms() -> int:
    """The current time in epoch milliseconds."""
    return time.time_ns() // 1_000_000


def back_off(attempt: int, sleep: Sleep = time.sleep) -> None:
    """Wait before an attempt. The random delay (full jitter) spreads callers that conflicted."""
    sleep(random.uniform(0, min(_BASE_DELAY_SECONDS * 2**attempt, _MAX_DELAY_SECONDS)))  # noqa: S311  # no secret
