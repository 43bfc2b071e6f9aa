from datetime import UTC, datetime

import pytest

from detection.data.dates import format_timestamp, parse_period_begin_ms, parse_period_end_ms
from detection.errors import DetectionError
from functions.common.domain.time_buckets import DAY_MS

FIRST_MS = int(datetime(2018, 4, 1, 7, tzinfo=UTC).timestamp() * 1000)


def utc(*parts: int) -> int:
    return int(datetime(*parts, tzinfo=UTC).timestamp() * 1000)  # type: ignore[arg-type, misc]


def test_period_includes_its_last_day() -> None:
    assert parse_period_begin_ms("--from", "2018-08-08", FIRST_MS) == utc(2018, 8, 8)
    assert parse_period_end_ms("--to", "2018-08-08", FIRST_MS) == utc(2018, 8, 9)


def test_number_is_a_day_of_the_file_counted_from_0() -> None:
    assert parse_period_begin_ms("--from", "0", FIRST_MS) == utc(2018, 4, 1)
    assert parse_period_end_ms("--to", "129", FIRST_MS) == utc(2018, 4, 1) + 130 * DAY_MS


def test_time_is_in_utc_unless_it_has_an_offset() -> None:
    assert parse_period_end_ms("--to", "2018-08-08T12:30", FIRST_MS) == utc(2018, 8, 8, 12, 30)
    assert parse_period_begin_ms("--from", "2018-08-08T12:30+02:00", FIRST_MS) == utc(2018, 8, 8, 10, 30)


@pytest.mark.parametrize("text", ["yesterday", "2018-13-01", "-3", "", "12345678"])
def test_invalid_date_is_rejected_with_the_name_of_the_option(text: str) -> None:
    with pytest.raises(DetectionError, match=r"^--from:"):
        parse_period_begin_ms("--from", text, FIRST_MS)


def test_timestamp_is_formatted_in_utc() -> None:
    assert format_timestamp(FIRST_MS + 999) == "2018-04-01 07:00:00"


@pytest.mark.parametrize(("time_ms", "year"), [(utc(9999, 12, 31) + DAY_MS, "9999"), (-(10**15), "0001")])
def test_time_outside_the_calendar_is_formatted_as_its_end(time_ms: int, year: str) -> None:
    assert format_timestamp(time_ms).lstrip("0").startswith(year.lstrip("0"))
