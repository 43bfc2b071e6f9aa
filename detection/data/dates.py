"""Times as people write them, dates or days of a file; inside, all are epoch milliseconds."""

import re
from datetime import UTC, datetime, timedelta

from detection.errors import DetectionError

DAY_MS = 86_400_000


def readable_time(time_ms: int) -> str:
    """A time in UTC, as 2018-08-08 14:05:59."""
    return _utc(time_ms).strftime("%Y-%m-%d %H:%M:%S")


def readable_day(day: int) -> str:
    """A day since 1970 in UTC, as 2018-08-08."""
    return _utc(day * DAY_MS).strftime("%Y-%m-%d")


def iso_time(time_ms: int) -> str:
    """A time in UTC, as 2018-08-08T14:05:59Z, with milliseconds if there are any."""
    return _utc(time_ms).isoformat(timespec="milliseconds" if time_ms % 1000 else "seconds")[:-6] + "Z"


def begin_ms(option: str, text: str, first_ms: int) -> int:
    """Where a period begins: a date, a time, or a day counted from 0, that of `first_ms`; in UTC."""
    return _moment(option, text, first_ms)[0]


def end_ms(option: str, text: str, first_ms: int) -> int:
    """Where a period ends, itself not in it: a time, or the end of a date or day, which belongs to it."""
    time_ms, is_day = _moment(option, text, first_ms)
    return time_ms + DAY_MS if is_day else time_ms


def _moment(option: str, text: str, first_ms: int) -> tuple[int, bool]:
    """The time, and whether it is the beginning of a whole day."""
    if re.fullmatch(r"\d{1,6}", text):
        return (first_ms // DAY_MS + int(text)) * DAY_MS, True
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise DetectionError(
            f"{option} {text} is no date.",
            "Give 2018-08-08, 2018-08-08T12:00, or a number: a day of the file, from 0.",
        ) from None
    time_ms = int(time.replace(tzinfo=time.tzinfo or UTC).timestamp() * 1000)
    return time_ms, re.fullmatch(r"\d{4}-?\d\d-?\d\d", text) is not None


def _utc(time_ms: int) -> datetime:
    # Not from a timestamp, which is a float and would be rounded.
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=time_ms)
