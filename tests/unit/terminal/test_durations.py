import pytest

from terminal.durations import (
    format_duration,
    format_end,
    format_relative_time,
    is_duration,
    parse_duration_ms,
    parse_end_ms,
)
from terminal.errors import UserError

NOW = 1_767_614_400_000  # 2026-01-05 12:00 UTC
MINUTE_MS, DAY_MS = 60_000, 86_400_000


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("90s", "2026-01-05 12:02 UTC"),
        ("2h", "2026-01-05 14:01 UTC"),
        ("1d", "the end of 2026-01-06"),
        ("2w", "the end of 2026-01-19"),
        ("2026-12-31", "the end of 2026-12-31"),
        ("2026-12-31T18:00", "2026-12-31 18:00 UTC"),
        ("2026-12-31T18:00+02:00", "2026-12-31 16:00 UTC"),
    ],
)
def test_end_is_a_duration_a_day_or_a_time(text: str, end: str) -> None:
    assert format_end(parse_end_ms("--until", text, NOW)) == end


@pytest.mark.parametrize("text", ["2h", "90d"])
def test_same_duration_within_a_minute_has_the_same_end(text: str) -> None:
    assert parse_end_ms("--until", text, NOW) == parse_end_ms("--until", text, NOW + MINUTE_MS - 1)


def test_end_is_never_earlier_than_the_duration() -> None:
    assert parse_end_ms("--until", "1d", NOW) - NOW >= DAY_MS


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tomorrow",
        "2026-02-30",
        "90",
        "0d",
        "2026-01-04",
        "2026-01-05T12:00",
        "999999w",
        "9999-12-31",
    ],
)
def test_invalid_or_past_end_is_an_error_that_names_option_and_value(text: str) -> None:
    with pytest.raises(UserError) as caught:
        parse_end_ms("--until", text, NOW)
    assert "--until" in caught.value.message
    assert text in caught.value.message
    assert caught.value.hint


def test_today_is_not_over_yet() -> None:
    assert format_end(parse_end_ms("--until", "2026-01-05", NOW)) == "the end of 2026-01-05"


def test_duration_is_formatted_in_the_largest_unit_with_at_least_two() -> None:
    assert [format_duration(seconds) for seconds in (0, 119, 120, 7_199, 7_200, 172_799, 172_800)] == [
        "0 s", "119 s", "2 min", "119 min", "2 h", "47 h", "2 days",
    ]  # fmt: skip


def test_relative_time_is_before_or_after_now() -> None:
    assert format_relative_time(NOW + 3 * DAY_MS, NOW) == "in 3 days"
    assert format_relative_time(NOW - 3 * DAY_MS, NOW) == "3 days ago"


@pytest.mark.parametrize(("text", "valid"), [("90s", True), ("1y", False), ("s", False), ("", False)])
def test_duration_is_a_number_and_a_unit(text: str, valid: bool) -> None:
    assert is_duration(text) is valid
    if valid:
        assert parse_duration_ms("--since", text) == 90_000
    else:
        with pytest.raises(UserError, match="--since"):
            parse_duration_ms("--since", text)
