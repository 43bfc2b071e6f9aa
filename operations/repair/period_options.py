"""Parser of the options `--since` and `--until`."""

from datetime import UTC, datetime

from operations.repair.transaction_reader import Period
from terminal import durations
from terminal.errors import UserError


def read_period(since: str, until: str, now_ms: int) -> Period:
    """Return the period from `since` to `until`; an empty `until` is now. Raises UserError."""
    if not since:
        raise UserError("--since is missing.", "Use a duration or a time in UTC: 2h, 2026-01-31T18:00.")
    period = Period(
        _parse_past_ms("--since", since, now_ms),
        _parse_past_ms("--until", until, now_ms) if until else now_ms,
    )
    if period.since_ms >= period.until_ms:
        raise UserError(
            "--since is not before --until.", "Use an earlier --since, or omit --until, which then is now."
        )
    return period


def _parse_past_ms(option: str, typed: str, now_ms: int) -> int:
    """Return the epoch milliseconds of a time, or of the start of a duration that ends now."""
    try:
        instant = datetime.fromisoformat(typed)
    except ValueError:
        if not durations.is_duration(typed):
            raise UserError(
                f"{option}: '{typed}' is neither a duration nor a time.",
                "Use a number and s, m, h, d or w, or a time in UTC: 90s, 2h, 2026-01-31T18:00.",
            ) from None
        return max(0, now_ms - durations.parse_duration_ms(option, typed))
    utc = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
    time_ms = int(utc.timestamp() * 1000)
    if time_ms > now_ms:
        raise UserError(f"{option}: '{typed}' is in the future.", "Use a time in the past.")
    return time_ms
