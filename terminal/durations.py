"""Lengths of time and times as people type them, and as they are told."""

import re
from datetime import UTC, datetime, timedelta

from terminal.errors import UserError

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_LENGTH = re.compile(r"(\d{1,6})([smhdw])")
_LENGTHS_IN_WORDS = "a number and s, m, h, d or w"
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400


def milliseconds(option: str, text: str) -> int:
    """A length of time such as 90s, 10m or 7d. Raises UserError, which names the option."""
    match = _LENGTH.fullmatch(text)
    if not match:
        raise UserError(f"{option} {text} is no length of time.", f"Give {_LENGTHS_IN_WORDS}: 90s, 10m.")
    return int(timedelta(**{UNITS[match[2]]: int(match[1])}).total_seconds() * 1000)


def is_length(text: str) -> bool:
    """Whether `milliseconds` takes it."""
    return _LENGTH.fullmatch(text) is not None


def end_ms(option: str, text: str, now_ms: int) -> int:
    """When something ends that lasts for a length of time, or to the end of a day (UTC) such as 2026-12-31.

    Days and weeks end with their last day, all else with a full minute: so saying the same again soon is
    the same end. Epoch milliseconds. Raises UserError for what is no such time, or is over.
    """
    if not text:
        raise UserError(f"{option} is missing.", f"Say {option} 2h, 90d, or the last day: 2026-12-31.")
    try:
        end = _end(text, _utc(now_ms))
    except OverflowError:
        raise UserError(f"{option} {text} is too far away.", "Give a year before 9999.") from None
    except ValueError:
        raise UserError(
            f"{option} {text} is no time.",
            f"Give {_LENGTHS_IN_WORDS}, a day, or a time in UTC: 2h, 90d, 2026-12-31, 2026-12-31T18:00.",
        ) from None
    end_at = int(end.timestamp()) * 1000
    if end_at <= now_ms:
        raise UserError(f"{option} {text} is over already.", "Give a time to come: 2h, 90d, 2026-12-31.")
    return end_at


def _end(text: str, now: datetime) -> datetime:
    if match := _LENGTH.fullmatch(text):
        if int(match[1]) == 0:
            return now
        end = now + timedelta(**{UNITS[match[2]]: int(match[1])})
        return _after_day(end) if match[2] in "dw" else _after_minute(end)
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        return _after_day(datetime.fromisoformat(text).replace(tzinfo=UTC))
    end = datetime.fromisoformat(text)
    return end.astimezone(UTC) if end.tzinfo else end.replace(tzinfo=UTC)


def _after_day(time: datetime) -> datetime:
    return time.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def _after_minute(time: datetime) -> datetime:
    return time.replace(second=0, microsecond=0) + timedelta(minutes=1)


def at(time_ms: int) -> str:
    """A time to the second, in UTC."""
    return _utc(time_ms).strftime("%Y-%m-%d %H:%M:%S UTC")


def until(end_at_ms: int) -> str:
    """The end of something, in UTC: 'the end of 2026-12-31', '2026-12-31 18:00 UTC'."""
    end = _utc(end_at_ms)
    if end == end.replace(hour=0, minute=0, second=0, microsecond=0):
        return f"the end of {end - timedelta(days=1):%Y-%m-%d}"
    return end.strftime("%Y-%m-%d %H:%M UTC")


def from_now(time_ms: int, now_ms: int) -> str:
    """How far away a time is: 'in 12 days', '3 h ago'."""
    length = in_words(abs(time_ms - now_ms) / 1000)
    return f"in {length}" if time_ms > now_ms else f"{length} ago"


def in_words(seconds: float) -> str:
    """A length of time in the unit that has at least two of it, what is less than one left out."""
    for size, unit in ((_DAY, "days"), (_HOUR, "h"), (_MINUTE, "min")):
        if seconds >= 2 * size:
            return f"{int(seconds // size)} {unit}"
    return f"{int(seconds)} s"


def _utc(time_ms: int) -> datetime:
    return datetime.fromtimestamp(time_ms / 1000, UTC)
