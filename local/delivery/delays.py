"""Delays before retries: AWS's delays, scaled down for local work."""

import random
from collections.abc import Callable
from dataclasses import dataclass

# Environment variable of the daemon: the factor by which AWS's delays are multiplied.
DELAY_SCALE = "FRAUD_LOCAL_DELAY_SCALE"
# A minute becomes a second.
DEFAULT_SCALE = 1 / 60

# Lambda waits one minute before the first retry of a failed asynchronous event and two before the second.
# https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
FUNCTION_ERROR_SECONDS = 60.0
# Lambda retries a throttled event after 1 second at first and 5 minutes at most.
THROTTLE_FIRST_SECONDS = 1.0
# AWS does not document the delays of pipes and event source mappings. Observed of pipes: one second at first,
# doubled each time.
STREAM_FIRST_SECONDS = 1.0
MAXIMUM_SECONDS = 300.0
# Prevents an overflow; MAXIMUM_SECONDS is reached after fewer doublings.
MAXIMUM_DOUBLINGS = 12


@dataclass(frozen=True)
class Delays:
    """AWS's delays multiplied by `scale`. All results are in seconds; attempts are counted from 1.

    `chance` returns random numbers from 0 to 1.
    """

    scale: float
    chance: Callable[[], float] = random.random

    def function_error(self, attempt: int) -> float:
        return FUNCTION_ERROR_SECONDS * attempt * self.scale

    def throttle(self, attempt: int) -> float:
        # Random, so that events which are throttled together are not retried together.
        return self._doubled(THROTTLE_FIRST_SECONDS, attempt) * self.chance()

    def stream(self, attempt: int) -> float:
        return self._doubled(STREAM_FIRST_SECONDS, attempt)

    def visibility(self, timeout_seconds: float) -> float:
        return timeout_seconds * self.scale

    def _doubled(self, first: float, attempt: int) -> float:
        return min(first * 2.0 ** min(attempt - 1, MAXIMUM_DOUBLINGS), MAXIMUM_SECONDS) * self.scale
