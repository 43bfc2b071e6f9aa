import time
from datetime import UTC, datetime

import pytest

from detection.data.formats.time_formats import find_formats, find_usual_formats


@pytest.mark.parametrize(
    "text",
    [
        "1/31/2019 12:05 AM",
        "1/31/2019, 12:05:00 AM",
        "2019-01-31 12:05 am",
        "2019-1-31 0:05",
        "2019 1 31 00:05:00",
        "31.01.19 00:05",
        "31-JAN-19 12.05.00.000000 AM",
        "January 31, 2019 00:05",
        "Thu Jan 31 00:05:00 2019",
        "Thu, 31 Jan 2019 00:05:00 +0000",
        "31/Jan/2019:00:05:00 +0000",
    ],
)
def test_common_time_has_one_format_that_reads_it(text: str) -> None:
    [text_format] = find_formats([text])
    assert datetime.strptime(text, text_format).replace(tzinfo=UTC) == datetime(2019, 1, 31, 0, 5, tzinfo=UTC)


def test_day_that_may_be_the_month_has_both_formats() -> None:
    assert find_formats(["4/1/2018 0:00"]) == ["%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M"]
    assert find_formats(["4/1/2018 0:00", "4/13/2018 0:02"]) == ["%m/%d/%Y %H:%M"]


def test_single_bad_times_do_not_hide_the_format() -> None:
    texts = ["31.01.2019"] * 19 + ["soon"]
    assert find_usual_formats(texts, 0.9) == ["%d.%m.%Y"]
    assert find_usual_formats(["31.01.2019", "soon"], 0.9) == []


def test_few_times_decide_whether_the_day_is_first() -> None:
    texts = [f"5/{day}/2019" for day in range(1, 13)] * 3 + ["5/13/2019"]
    assert find_usual_formats(texts, 0.9) == ["%m/%d/%Y"]


def test_formats_of_many_times_are_found_quickly() -> None:
    # A rejected file can have a bad time in each row.
    find_formats(["warm-up"])
    begin = time.process_time()
    for number in range(1000):
        find_formats([f"no time {number}"])
    assert time.process_time() - begin < 5
