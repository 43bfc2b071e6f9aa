"""Formats of times that are common in files."""

from collections.abc import Iterable
from datetime import datetime

_DAYS = (
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d.%m.%Y",
    "%Y/%m/%d",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%d/%m/%y",
    "%m/%d/%y",
    "%Y%m%d",
    "%d-%b-%Y",
    "%d-%b-%y",
    "%d %b %Y",
    "%d%b%Y",
    "%b %d, %Y",
)
_CLOCKS = (
    *(" %H:%M:%S", " %H:%M", "", " %H:%M:%S.%f", ":%H:%M:%S"),
    *(" %I:%M:%S %p", " %I:%M %p", " %I:%M:%S%p", " %I:%M%p"),
)


def find_formats(texts: Iterable[str]) -> list[str]:
    """The formats that all texts have. There are several if the day may be the month."""
    formats = [day + clock for day in _DAYS for clock in _CLOCKS]
    for text in texts:
        formats = [text_format for text_format in formats if _matches(text, text_format)]
    return formats


def _matches(text: str, text_format: str) -> bool:
    try:
        datetime.strptime(text, text_format)
    except ValueError:
        return False
    return True
