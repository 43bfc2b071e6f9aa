"""Times as people type them, and as they are told."""

import pytest

from terminal.durations import end_ms, from_now, in_words, milliseconds, until
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
def test_an_end_is_a_length_a_day_or_a_time(text: str, end: str) -> None:
    assert until(end_ms("--until", text, NOW)) == end


@pytest.mark.parametrize("text", ["2h", "90d"])
def test_the_same_length_again_within_a_minute_is_the_same_end(text: str) -> None:
    assert end_ms("--until", text, NOW) == end_ms("--until", text, NOW + MINUTE_MS - 1)


def test_an_end_is_never_earlier_than_the_length_that_was_said() -> None:
    assert end_ms("--until", "1d", NOW) - NOW >= DAY_MS


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "--until is missing"),
        ("tomorrow", "is no time"),
        ("2026-02-30", "is no time"),
        ("90", "is no time"),
        ("0d", "is over already"),
        ("2026-01-04", "is over already"),
        ("2026-01-05T12:00", "is over already"),
        ("999999w", "is too far away"),
        ("9999-12-31", "is too far away"),
    ],
)
def test_what_is_no_end_is_said_in_one_line(text: str, said: str) -> None:
    with pytest.raises(UserError, match=said) as error:
        end_ms("--until", text, NOW)
    assert error.value.hint


def test_today_is_still_to_come() -> None:
    assert until(end_ms("--until", "2026-01-05", NOW)) == "the end of 2026-01-05"


def test_lengths_are_told_in_the_unit_that_has_two_of_it() -> None:
    assert [in_words(seconds) for seconds in (0, 119, 120, 7_199, 7_200, 172_799, 172_800)] == [
        "0 s", "119 s", "2 min", "119 min", "2 h", "47 h", "2 days",
    ]  # fmt: skip


def test_times_are_told_from_now() -> None:
    assert from_now(NOW + 3 * DAY_MS, NOW) == "in 3 days"
    assert from_now(NOW - 3 * DAY_MS, NOW) == "3 days ago"


def test_a_length_is_a_number_and_a_unit() -> None:
    assert milliseconds("--since", "90s") == 90_000
    with pytest.raises(UserError, match="--since 1y is no length"):
        milliseconds("--since", "1y")
