from datetime import UTC, datetime

import pytest

from detection.data.dates import DAY_MS, begin_ms, end_ms, readable_time
from detection.errors import DetectionError

FIRST_MS = int(datetime(2018, 4, 1, 7, tzinfo=UTC).timestamp() * 1000)


def utc(*parts: int) -> int:
    return int(datetime(*parts, tzinfo=UTC).timestamp() * 1000)  # type: ignore[arg-type, misc]


def test_a_period_of_dates_holds_its_last_day() -> None:
    assert begin_ms("--from", "2018-08-08", FIRST_MS) == utc(2018, 8, 8)
    assert end_ms("--to", "2018-08-08", FIRST_MS) == utc(2018, 8, 9)


def test_a_number_is_a_day_of_the_file_from_0() -> None:
    assert begin_ms("--from", "0", FIRST_MS) == utc(2018, 4, 1)
    assert end_ms("--to", "129", FIRST_MS) == utc(2018, 4, 1) + 130 * DAY_MS


def test_a_time_is_taken_to_the_second_in_utc_unless_said() -> None:
    assert end_ms("--to", "2018-08-08T12:30", FIRST_MS) == utc(2018, 8, 8, 12, 30)
    assert begin_ms("--from", "2018-08-08T12:30+02:00", FIRST_MS) == utc(2018, 8, 8, 10, 30)


@pytest.mark.parametrize("text", ["yesterday", "2018-13-01", "-3", "", "12345678"])
def test_what_is_no_date_is_refused_with_the_options_name(text: str) -> None:
    with pytest.raises(DetectionError, match=f"^--from {text} is no date"):
        begin_ms("--from", text, FIRST_MS)


def test_a_time_is_told_in_utc() -> None:
    assert readable_time(FIRST_MS + 999) == "2018-04-01 07:00:00"
