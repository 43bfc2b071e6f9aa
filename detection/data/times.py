"""Conversion of a column of times to epoch milliseconds."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow
from numpy.typing import NDArray
from pyarrow import compute

from detection.data.column_map import TimeFormat, TimeUnit
from functions.common.domain.time_units import UNIT_MINIMUMS

UNIT_NAMES: dict[TimeUnit, str] = {
    "s": "seconds",
    "ms": "milliseconds",
    "us": "microseconds",
    "ns": "nanoseconds",
    "hours": "hours",
    "days": "days",
}
END_MS = 10**14
"""Times are before it, in the year 5138."""

# Milliseconds are a number of units times the first number, divided by the second one.
_FACTORS: dict[TimeUnit, tuple[int, int]] = {
    "s": (1000, 1),
    "ms": (1, 1),
    "us": (1, 1000),
    "ns": (1, 1_000_000),
    "hours": (3_600_000, 1),
    "days": (86_400_000, 1),
}
# The unit of any time from March 1973 to the year 5138 is unambiguous.
_MIN_NUMBERS: dict[TimeUnit, int] = {
    unit: UNIT_MINIMUMS[name] for unit, name in UNIT_NAMES.items() if name in UNIT_MINIMUMS
}
# Directives that pyarrow and Python read alike.
_PLAIN_DIRECTIVES = frozenset("YmdHMS")
_HOUR_DIRECTIVES = frozenset("HIcX")
# Spreadsheets write numbers of 12 digits and more with an E, and drop digits. R writes 100000 as 1e+05.
_MIN_ROUNDED = 10**11
# Dates of the years 1900 to 2099 as digits, to the day, minute, second or millisecond.
_DIGITS = re.compile(r"(?:19|20)\d{6}(?:\d{4}(?:\d\d(?:\d{3})?)?)?")
_DIGIT_FORMATS = {8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S", 17: "%Y%m%d%H%M%S%f"}
# February 31 is read as March 3.
_MAX_EXCESS_DAYS = 3
_UTC_SUFFIXES = (" UTC", " GMT", "z")
_END_OF_DAY = re.compile(r"(\d{4}-\d\d-\d\d[T ])24(:00(?::00(?:[.,]0+)?)?(?:Z|[+-].*)?)")
# A column of dates whose type has a time of the day, joined with a column of times.
_MIDNIGHT_AND_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[T ]00:00(?::00(?:[.,]0+)?)? +(\d\d:\d\d.*)")
_LEAP_SECOND = re.compile(r"(\d{4}-\d\d-\d\d[T ]\d\d:59:)60(.*)")


class ConvertedTimes(NamedTuple):
    """Epoch milliseconds, and which of them are valid."""

    times_ms: NDArray[np.int64]
    is_valid: NDArray[np.bool_]


@dataclass(frozen=True)
class TimeKind:
    """The kind of times in a column: numbers of `unit`, or texts if it is None.

    `is_inferred`: whether the unit was inferred from the first time, or that its digits are a date.
    """

    declared: TimeFormat
    unit: TimeUnit | None
    is_inferred: bool

    @classmethod
    def detect(cls, declared: TimeFormat, texts: Iterable[str]) -> "TimeKind":
        """The declared kind, or the kind of the first text that is a number or a time in ISO 8601."""
        if declared.unit or declared.format:
            return cls(declared, declared.unit, is_inferred=False)
        first = next((text for text in texts if _to_decimal(text) is not None or is_iso_time(text)), "")
        number = _to_decimal(first)
        if number is None:
            return cls(declared, None, is_inferred=False)
        if find_digit_format(first):
            # Only the form with a day is ISO 8601. The others are errors, which name their format.
            return cls(declared, None, is_inferred=is_iso_time(first))
        return cls(declared, _find_unit(number) or "s", is_inferred=True)

    def is_day(self, text: str) -> bool:
        """Whether a valid time is a day without a time of the day."""
        if self.unit is not None:
            return False
        if self.declared.format:
            return not _HOUR_DIRECTIVES & _find_directives(self.declared.format)
        try:
            date.fromisoformat(text.strip())
        except ValueError:
            return False
        return True

    def describe_error(self, text: str) -> str:
        """The reason why a text is not a valid time."""
        if not text:
            return "is empty"
        if self.unit is None:
            expected = f"in the format {self.declared.format}" if self.declared.format else "in ISO 8601"
            return f"is not a time {expected} from 1970 to 5138"
        number = _to_decimal(text)
        if number is None:
            return "is not a number"
        if is_rounded_number(text):
            return "is a rounded number, as spreadsheets write it"
        return "is negative" if number < 0 else self._describe_magnitude(number, self.unit)

    def _describe_magnitude(self, number: Decimal, unit: TimeUnit) -> str:
        actual = _find_unit(number)
        if actual and actual != unit and unit in _MIN_NUMBERS:
            other = "the first timestamp is in" if self.is_inferred else "the declared unit is"
            return f"is in {UNIT_NAMES[actual]}, but {other} {UNIT_NAMES[unit]}"
        return "is after the year 5000"

    def suggest_unit(self, text: str) -> str:
        """The hint for a number that does not fit the unit. Empty for other texts, and without a unit."""
        if self.unit is None or not text.replace(".", "", 1).isdecimal():
            return ""
        actual = _find_unit(Decimal(text))
        return f"Use --unit {actual}." if actual and not self.is_inferred else "Declare the unit with --unit."


class TimeConverter:
    """Converts the batches of a column in their order. `has_naive` is set by times without a zone.

    `ambiguous` counts the times of the clock that occur twice in the zone, `skipped` those that do not occur.
    """

    def __init__(self, kind: TimeKind) -> None:
        self.kind = kind
        self.has_naive = False
        self.ambiguous = self.skipped = 0
        self._zone = kind.declared.timezone or "UTC"
        self._latest_us = -(1 << 62)

    def convert(self, texts: pyarrow.StringArray) -> ConvertedTimes:
        """The times of a batch."""
        if self.kind.unit is not None:
            return self._convert_numbers(texts, self.kind.unit)
        if self.kind.declared.format:
            return self._convert_formatted(texts, self.kind.declared.format)
        return self._convert_iso(texts)

    def _convert_numbers(self, texts: pyarrow.StringArray, unit: TimeUnit) -> ConvertedTimes:
        multiplier, divisor = _FACTORS[unit]
        least = _MIN_NUMBERS[unit] if self.kind.is_inferred else 0
        start_ms = self.kind.declared.start_ms or 0
        try:
            numbers = texts.cast(pyarrow.int64()).to_numpy()
        except pyarrow.ArrowInvalid:
            return self._convert_decimals(texts, least, multiplier, divisor)
        is_valid = (numbers >= least) & (numbers <= min(END_MS * divisor // multiplier, (1 << 63) - 1))
        times = np.where(is_valid, numbers, 0) * multiplier // divisor + start_ms
        return ConvertedTimes(times, is_valid & (times >= 0) & (times < END_MS))

    def _convert_decimals(
        self, texts: pyarrow.StringArray, least: int, multiplier: int, divisor: int
    ) -> ConvertedTimes:
        start_ms = self.kind.declared.start_ms or 0
        times = np.full(len(texts), -1, np.int64)
        for index, text in enumerate(texts.to_pylist()):
            number = _to_decimal(text)
            if number is None or not least <= number <= END_MS * divisor or is_rounded_number(text):
                continue
            time_ms = int(number * multiplier // divisor) + start_ms
            if 0 <= time_ms < END_MS:
                times[index] = time_ms
        return ConvertedTimes(times, times >= 0)

    def _convert_iso(self, texts: pyarrow.StringArray) -> ConvertedTimes:
        try:
            times = texts.cast(pyarrow.timestamp("us", "UTC")).cast(pyarrow.int64()).to_numpy() // 1000
        except pyarrow.ArrowInvalid:
            pass
        else:
            return _check_range(times)
        try:
            return self._convert_naive(texts.cast(pyarrow.timestamp("us")))
        except pyarrow.ArrowInvalid:
            return self._convert_each(texts, _parse_iso)

    def _convert_formatted(self, texts: pyarrow.StringArray, text_format: str) -> ConvertedTimes:
        def parse(text: str) -> datetime:
            return datetime.strptime(text, text_format)

        if _find_directives(text_format) <= _PLAIN_DIRECTIVES:
            times = compute.strptime(texts, format=text_format, unit="us", error_is_null=True)
            if not times.null_count and _has_valid_days(texts, times, parse):
                return self._convert_naive(times)
        return self._convert_each(texts, parse)

    def _convert_naive(self, times: pyarrow.TimestampArray) -> ConvertedTimes:
        """Times of the clock in the time zone. An hour that occurs twice is resolved by the order of rows.

        A time that does not occur, because clocks are set forward, is as long after the change as it says.
        """
        self.has_naive = True
        if self._zone == "UTC":
            return _check_range(times.cast(pyarrow.int64()).to_numpy() // 1000)
        first, second = (
            compute.assume_timezone(times, self._zone, ambiguous=choice, nonexistent="latest")
            .cast(pyarrow.int64())
            .to_numpy()
            for choice in ("earliest", "latest")
        )
        resolved = self._resolve(first, second)
        instants = pyarrow.array(resolved, pyarrow.timestamp("us", self._zone))
        clock = compute.local_timestamp(instants).cast(pyarrow.int64()).to_numpy()
        for index in np.flatnonzero(clock != times.cast(pyarrow.int64()).to_numpy()).tolist():
            resolved[index] = self._localize(times[index].as_py())
        return _check_range(resolved // 1000)

    def _resolve(self, first: NDArray[np.int64], second: NDArray[np.int64]) -> NDArray[np.int64]:
        resolved = first.copy()
        differing = np.flatnonzero(first != second)
        self.ambiguous += len(differing)
        begin = 0
        for index in differing.tolist():
            if index > begin:
                self._latest_us = max(self._latest_us, int(resolved[begin:index].max()))
            if first[index] < self._latest_us:
                resolved[index] = second[index]
            self._latest_us = max(self._latest_us, int(resolved[index]))
            begin = index + 1
        if begin < len(resolved):
            self._latest_us = max(self._latest_us, int(resolved[begin:].max()))
        return resolved

    def _convert_each(self, texts: pyarrow.StringArray, parse: Callable[[str], datetime]) -> ConvertedTimes:
        """The times, cell by cell: a batch with other forms or with errors."""
        times = np.full(len(texts), -1, np.int64)
        for index, text in enumerate(texts.to_pylist()):
            try:
                time = parse(text.strip())
            except ValueError:
                continue
            self.has_naive |= time.tzinfo is None
            microseconds = self._localize(time) if time.tzinfo is None else _to_microseconds(time)
            self._latest_us = max(self._latest_us, microseconds)
            times[index] = microseconds // 1000
        return _check_range(times)

    def _localize(self, time: datetime) -> int:
        """Microseconds since 1970 of a time of the clock in the time zone."""
        zone = ZoneInfo(self._zone)
        first, second = (_to_microseconds(time.replace(tzinfo=zone, fold=fold)) for fold in (0, 1))
        self.ambiguous += first < second
        self.skipped += first > second
        return second if first < second and first < self._latest_us else first


def _find_unit(number: Decimal) -> TimeUnit | None:
    """The unit in which the number is a time from 1973 on."""
    fitting = [unit for unit, least in _MIN_NUMBERS.items() if number >= least]
    return fitting[-1] if fitting else None


def _find_directives(text_format: str) -> set[str]:
    return {following for mark, following in pairwise(text_format) if mark == "%"}


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _to_microseconds(time: datetime) -> int:
    elapsed = time - _EPOCH
    return (elapsed.days * 86_400 + elapsed.seconds) * 1_000_000 + elapsed.microseconds


def is_iso_time(text: str) -> bool:
    """Whether the text is a date or a time in ISO 8601."""
    try:
        _parse_iso(text)
    except ValueError:
        return False
    return True


def is_rounded_number(text: str) -> bool:
    """Whether the text is a number with an exponent that is likely to have lost digits."""
    number = _to_decimal(text)
    if number is None or "e" not in text.lower():
        return False
    exponent = number.as_tuple().exponent
    assert isinstance(exponent, int)  # noqa: S101  # it is only a string for infinities and NaN
    # R writes an exponent only if it is shorter. Others drop digits.
    has_lost_digits = exponent > 0 and len(text) >= len(str(int(number)))
    return "E" in text or number >= _MIN_ROUNDED or has_lost_digits


def find_digit_format(text: str) -> str:
    """The format of a date of digits, such as %Y%m%d for 20260131; empty if the text is none."""
    if not _DIGITS.fullmatch(text):
        return ""
    text_format = _DIGIT_FORMATS[len(text)]
    try:
        datetime.strptime(text, text_format)
    except ValueError:
        return ""
    return text_format


def _parse_iso(text: str) -> datetime:
    """Raises ValueError."""
    for suffix in _UTC_SUFFIXES:
        if text.endswith(suffix):
            text = f"{text.removesuffix(suffix)}+00:00"
    if match := _MIDNIGHT_AND_TIME.fullmatch(text):
        text = f"{match[1]} {match[2]}"
    if match := _END_OF_DAY.fullmatch(text):
        return _add(datetime.fromisoformat(f"{match[1]}00{match[2]}"), timedelta(days=1))
    if match := _LEAP_SECOND.fullmatch(text):
        return _add(datetime.fromisoformat(f"{match[1]}59{match[2]}"), timedelta(seconds=1))
    return datetime.fromisoformat(text)


def _add(time: datetime, duration: timedelta) -> datetime:
    """Raises ValueError if the sum is outside the calendar."""
    try:
        return time + duration
    except OverflowError as error:
        raise ValueError(str(error)) from error


def _has_valid_days(
    texts: pyarrow.StringArray, times: pyarrow.TimestampArray, parse: Callable[[str], datetime]
) -> bool:
    """False if pyarrow has read a day such as February 31, which it takes for a day of the next month."""
    suspects = texts.filter(compute.less_equal(compute.day(times), _MAX_EXCESS_DAYS))
    try:
        for text in suspects.to_pylist():
            parse(text)
    except ValueError:
        return False
    return True


def _check_range(times: NDArray[np.int64]) -> ConvertedTimes:
    return ConvertedTimes(times, (times >= 0) & (times < END_MS))


def _to_decimal(text: str) -> Decimal | None:
    # Python also reads 1_000 and the digits of other scripts.
    if "_" in text or not text.isascii():
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
