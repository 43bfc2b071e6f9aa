"""The option `--label-delay` of tasks that assume it for features."""

from functions.common.domain.time_buckets import DAY_MS
from functions.fraud.scoring.model import MAX_LABEL_DELAY_DAYS, MIN_LABEL_DELAY_DAYS
from terminal.durations import parse_duration_ms
from terminal.errors import UserError


def parse_label_delay_days(text: str) -> int:
    """Parse the option. Raises UserError unless it is a whole number of days that a model accepts."""
    delay_ms = parse_duration_ms("--label-delay", text)
    if delay_ms % DAY_MS or not MIN_LABEL_DELAY_DAYS <= delay_ms // DAY_MS <= MAX_LABEL_DELAY_DAYS:
        raise UserError(
            f"--label-delay: '{text}' is not a whole number of days from {MIN_LABEL_DELAY_DAYS} to"
            f" {MAX_LABEL_DELAY_DAYS}.",
            "Use a duration such as 7d.",
        )
    return delay_ms // DAY_MS
