"""The time, as everything here counts it."""

import time
from collections.abc import Callable

Clock = Callable[[], int]
"""Gives the time in epoch milliseconds."""


def now_ms() -> int:
    """Now, in epoch milliseconds."""
    return time.time_ns() // 1_000_000
