"""The time, as everything here counts it."""

import random
import time
from collections.abc import Callable

_PAUSE_SECONDS = 0.01
_LONGEST_SECONDS = 0.25

Sleep = Callable[[float], None]


def pause(attempt: int, sleep: Sleep = time.sleep) -> None:
    """Wait before the attempt of this number: a random time, so that those who met do not meet again."""
    sleep(random.uniform(0, min(_PAUSE_SECONDS * 2**attempt, _LONGEST_SECONDS)))  # noqa: S311  # no secret


Clock = Callable[[], int]
"""Gives the time in epoch milliseconds."""


def now_ms() -> int:
    """Now, in epoch milliseconds."""
    return time.time_ns() // 1_000_000
