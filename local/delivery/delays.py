"""How long the hops wait before they try again: AWS's waits, shortened so that one sees the outcome."""

import random
from collections.abc import Callable
from dataclasses import dataclass

# The variable that tells the daemon how much of AWS's waits to wait.
DELAY_SCALE = "FRAUD_LOCAL_DELAY_SCALE"
# A minute becomes a second.
DEFAULT_SCALE = 1 / 60

# Lambda waits one minute before the first retry of a failed asynchronous event and two before the second.
# https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
FUNCTION_ERROR_SECONDS = 60.0
# A throttled event is tried again after 1 second at first and 5 minutes at most.
THROTTLE_FIRST_SECONDS = 1.0
# AWS does not say how a pipe waits; a second at first, doubled each time, is what is seen.
PIPE_FIRST_SECONDS = 1.0
LONGEST_SECONDS = 300.0
# Beyond this a power of two says nothing more.
MOST_DOUBLINGS = 12


@dataclass(frozen=True)
class Delays:
    """AWS's waits times `scale`. All results are seconds; attempts are counted from 1.

    `chance` gives numbers from 0 to 1.
    """

    scale: float
    chance: Callable[[], float] = random.random

    def function_error(self, attempt: int) -> float:
        return FUNCTION_ERROR_SECONDS * attempt * self.scale

    def throttle(self, attempt: int) -> float:
        # Events that are throttled together would come back together, and all but one be throttled again.
        return self._doubled(THROTTLE_FIRST_SECONDS, attempt) * self.chance()

    def pipe(self, attempt: int) -> float:
        return self._doubled(PIPE_FIRST_SECONDS, attempt)

    def visibility(self, timeout_seconds: float) -> float:
        return timeout_seconds * self.scale

    def _doubled(self, first: float, attempt: int) -> float:
        return min(first * 2.0 ** min(attempt - 1, MOST_DOUBLINGS), LONGEST_SECONDS) * self.scale
