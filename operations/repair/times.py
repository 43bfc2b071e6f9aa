"""Times in the past, as options take them."""

from datetime import UTC, datetime

from operations.repair.undecided import Period
from terminal import durations
from terminal.errors import UserError


def read_period(since: str, until: str, now_ms: int) -> Period:
    """From `--since` and `--until` (empty: now). Raises UserError."""
    if not since:
        raise UserError("--since is missing.", "Use a duration or a time in UTC: 2h, 2026-01-31T18:00.")
    period = Period(
        _past_ms("--since", since, now_ms), _past_ms("--until", until, now_ms) if until else now_ms
    )
    if period.since_ms >= period.until_ms:
        raise UserError("--since is not before --until.", "Swap them, or leave --until out: it is now.")
    return period


def _past_ms(option: str, typed: str, now_ms: int) -> int:
    """Epoch milliseconds of a time, or of the beginning of a duration that ends now."""
    try:
        instant = datetime.fromisoformat(typed)
    except ValueError:
        if not durations.is_length(typed):
            raise UserError(
                f"{option}: '{typed}' is neither a duration nor a time.",
                "Use a number and s, m, h, d or w, or a time in UTC: 90s, 2h, 2026-01-31T18:00.",
            ) from None
        return max(0, now_ms - durations.milliseconds(option, typed))
    utc = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
    time_ms = int(utc.timestamp() * 1000)
    if time_ms > now_ms:
        raise UserError(f"{option}: '{typed}' is in the future.", "Use a time in the past.")
    return time_ms
