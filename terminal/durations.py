"""Durations and times, as options and as text."""

import re
from datetime import UTC, datetime, timedelta

from terminal.errors import UserError

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DURATION = re.compile(r"(\d{1,6})([smhdw])")
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400


def parse_duration_ms(option: str, text: str) -> int:
    """Parse a duration such as 90s, 10m or 7d. Raises UserError, which names the option."""
    match = _DURATION.fullmatch(text)
    if not match:
        raise UserError(
            f"{option}: '{text}' is not a duration.", "Use a number and a unit (s, m, h, d, w), such as 10m."
        )
    return int(_to_timedelta(match).total_seconds() * 1000)


def is_duration(text: str) -> bool:
    """Return whether `parse_duration_ms` accepts the text."""
    return _DURATION.fullmatch(text) is not None


def parse_end_ms(option: str, text: str, now_ms: int) -> int:
    """Parse an end, in epoch milliseconds: a duration from now, a day such as 2026-12-31, or a time (UTC).

    An end in days or weeks is rounded up to a full day, any other duration to a full minute. Repeating a
    command within that time therefore gives the same end. Raises UserError for other text or a past end.
    """
    if not text:
        raise UserError(f"{option} is missing.", f"Set a duration or the last day: {option} 90d")
    try:
        end = _parse_end(text, _to_datetime(now_ms))
    except OverflowError:
        raise UserError(f"{option}: '{text}' is out of range.", "Use a year before 9999.") from None
    except ValueError:
        raise UserError(
            f"{option}: '{text}' is not a duration, day or time.",
            "Use 2h, 90d, 2026-12-31 or 2026-12-31T18:00 (UTC).",
        ) from None
    end_at = int(end.timestamp()) * 1000
    if end_at <= now_ms:
        raise UserError(f"{option}: '{text}' is in the past.", "Use a future time, such as 2h or 90d.")
    return end_at


def _parse_end(text: str, now: datetime) -> datetime:
    if match := _DURATION.fullmatch(text):
        if int(match[1]) == 0:
            return now
        end = now + _to_timedelta(match)
        return _round_up_to_day(end) if match[2] in "dw" else _round_up_to_minute(end)
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        return _round_up_to_day(datetime.fromisoformat(text).replace(tzinfo=UTC))
    end = datetime.fromisoformat(text)
    return end.astimezone(UTC) if end.tzinfo else end.replace(tzinfo=UTC)


def _to_timedelta(match: re.Match[str]) -> timedelta:
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def _round_up_to_day(time: datetime) -> datetime:
    return time.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def _round_up_to_minute(time: datetime) -> datetime:
    return time.replace(second=0, microsecond=0) + timedelta(minutes=1)


def format_time(time_ms: int) -> str:
    """Format a time to the second, in UTC."""
    return _to_datetime(time_ms).strftime("%Y-%m-%d %H:%M:%S UTC")


def format_end(end_at_ms: int) -> str:
    """Format an end, in UTC: 'the end of 2026-12-31' or '2026-12-31 18:00 UTC'."""
    end = _to_datetime(end_at_ms)
    if end == end.replace(hour=0, minute=0, second=0, microsecond=0):
        return f"the end of {end - timedelta(days=1):%Y-%m-%d}"
    return end.strftime("%Y-%m-%d %H:%M UTC")


def format_relative_time(time_ms: int, now_ms: int) -> str:
    """Format a time as its distance from now: 'in 12 days' or '3 h ago'."""
    duration = format_duration(abs(time_ms - now_ms) / 1000)
    return f"in {duration}" if time_ms > now_ms else f"{duration} ago"


def format_duration(seconds: float) -> str:
    """Format a duration, rounded down, in the largest unit of which it has at least two."""
    for size, unit in ((_DAY, "days"), (_HOUR, "h"), (_MINUTE, "min")):
        if seconds >= 2 * size:
            return f"{int(seconds // size)} {unit}"
    return f"{int(seconds)} s"


def _to_datetime(time_ms: int) -> datetime:
    return datetime.fromtimestamp(time_ms / 1000, UTC)
