"""Formats of times that are common in files."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache

_DAYS = (
    "%Y-%m-%d",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d.%m.%Y",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%Y %m %d",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%d/%m/%y",
    "%m/%d/%y",
    "%d.%m.%y",
    "%d-%m-%y",
    "%m-%d-%y",
    "%Y%m%d",
    "%d-%b-%Y",
    "%d-%b-%y",
    "%d/%b/%Y",
    "%d %b %Y",
    "%d%b%Y",
    "%b %d, %Y",
    "%b %d %Y",
    "%d %B %Y",
    "%B %d, %Y",
    "%a, %d %b %Y",
)
_CLOCKS = (
    *(" %H:%M:%S", " %H:%M", "", " %H:%M:%S.%f", ":%H:%M:%S", "T%H:%M:%S", "T%H:%M"),
    *(" %I:%M:%S %p", " %I:%M %p", " %I:%M:%S%p", " %I:%M%p", ", %I:%M:%S %p", ", %I:%M %p"),
    *(", %H:%M:%S", ", %H:%M", " %H.%M.%S", " %H.%M", " %I.%M.%S %p", " %I.%M.%S.%f %p"),
    *(" %H:%M:%S %z", ":%H:%M:%S %z", " %H%M%S"),
)
_WHOLE = ("%a %b %d %H:%M:%S %Y", "%a %b %d %H:%M:%S %z %Y")


_DIRECTIVES = {
    "%Y": r"\d{4}",
    "%b": r"[A-Za-z]{3}",
    "%B": r"[A-Za-z]{3,9}",
    "%a": r"[A-Za-z]{3}",
    "%p": r"[AaPp][Mm]",
    "%f": r"\d{1,6}",
    "%z": r"(?:Z|[+-]\d\d:?\d\d)",
    "%H%M%S": r"\d{6}",
    " ": " +",
}
# Formats are searched in these texts of a column.
_SAMPLES = 5


def find_formats(texts: Iterable[str]) -> list[str]:
    """The formats that all texts have. There are several if the day may be the month.

    >>> find_formats(["1/31/2019 12:05 AM"])
    ['%m/%d/%Y %I:%M %p']
    """
    formats = list(_compile_formats())
    for text in texts:
        formats = [text_format for text_format in formats if _matches(text, text_format)]
    return formats


def find_usual_formats(texts: Sequence[str], least_share: float) -> list[str]:
    """The formats that most texts have, at least this share of them: a file can have single bad times."""
    samples = texts[:: max(len(texts) // _SAMPLES, 1)]
    candidates = dict.fromkeys(text_format for text in samples for text_format in find_formats([text]))
    counts = {text_format: sum(_matches(text, text_format) for text in texts) for text_format in candidates}
    most = max(counts.values(), default=0)
    return [name for name, count in counts.items() if count == most and count >= least_share * len(texts)]


def _matches(text: str, text_format: str) -> bool:
    if not _compile_formats()[text_format].fullmatch(text):
        return False
    try:
        datetime.strptime(text, text_format)
    except ValueError:
        return False
    return True


@cache
def _compile_formats() -> Mapping[str, re.Pattern[str]]:
    """The formats, each with a pattern that excludes most other texts. strptime takes much longer."""
    formats = [*(day + clock for day in _DAYS for clock in _CLOCKS), *_WHOLE]
    return {text_format: re.compile(_to_pattern(text_format)) for text_format in formats}


def _to_pattern(text_format: str) -> str:
    # With fewer digits, it is not clear where the hour ends.
    parts = re.findall("%H%M%S|%.|.", text_format)
    return "".join(
        _DIRECTIVES.get(part, r"\d{1,2}" if part.startswith("%") else re.escape(part)) for part in parts
    )
