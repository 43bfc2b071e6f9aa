"""Dates and times in options and messages. All values are epoch milliseconds, and all dates are in UTC."""

import re
from datetime import UTC, datetime, timedelta

from detection.errors import DetectionError
from functions.common.domain.time_buckets import DAY_MS

# The years 1 to 9999, which `datetime` can represent.
_FIRST_MS = -62_135_596_800_000
_LAST_MS = 253_402_300_799_999


def format_timestamp(time_ms: int) -> str:
    """A time, as 2018-08-08 14:05:59."""
    return _utc_datetime(time_ms).strftime("%Y-%m-%d %H:%M:%S")


def format_day(day: int) -> str:
    """A day, given as the number of days since 1970, as 2018-08-08."""
    return _utc_datetime(day * DAY_MS).strftime("%Y-%m-%d")


def format_iso_time(time_ms: int) -> str:
    """A time, as 2018-08-08T14:05:59Z, with milliseconds unless they are 0."""
    timespec = "milliseconds" if time_ms % 1000 else "seconds"
    return _utc_datetime(time_ms).isoformat(timespec=timespec)[:-6] + "Z"


def parse_period_begin_ms(option: str, text: str, first_ms: int) -> int:
    """The start of a period: a date, a time, or a number of days after the day of `first_ms`.

    Raises DetectionError, which names the option.
    """
    return _parse_time(option, text, first_ms)[0]


def parse_period_end_ms(option: str, text: str, first_ms: int) -> int:
    """The exclusive end of a period. The period includes a date or a numbered day.

    Raises DetectionError, which names the option.
    """
    time_ms, is_day = _parse_time(option, text, first_ms)
    return time_ms + DAY_MS if is_day else time_ms


def _parse_time(option: str, text: str, first_ms: int) -> tuple[int, bool]:
    """The time, and whether it is the start of a whole day."""
    if re.fullmatch(r"\d{1,6}", text):
        return (first_ms // DAY_MS + int(text)) * DAY_MS, True
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise DetectionError(
            f"{option}: '{text}' is not a date.",
            "Use a date such as 2018-08-08, a time such as 2018-08-08T12:00, or a day of the file, from 0.",
        ) from None
    time_ms = int(time.replace(tzinfo=time.tzinfo or UTC).timestamp() * 1000)
    return time_ms, re.fullmatch(r"\d{4}-?\d\d-?\d\d", text) is not None


def _utc_datetime(time_ms: int) -> datetime:
    # datetime.fromtimestamp takes a float, which is inexact.
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=min(max(time_ms, _FIRST_MS), _LAST_MS))
