"""Counts, percentiles and the schedule of a load test."""

import pytest

from operations.load.locust_process import PostedRequest
from operations.load.post_statistics import (
    MAX_REASONS,
    PostStatistics,
    classify_status,
    find_percentile,
    summarize_milliseconds,
)


def posted(status: int = 201, *, late: float = 0.0, seconds: float = 0.1) -> PostedRequest:
    return PostedRequest(1, status, late, seconds)


def collect(*requests: PostedRequest, scheduled: int | None = None) -> PostStatistics:
    statistics = PostStatistics(scheduled=len(requests) if scheduled is None else scheduled)
    for request in requests:
        statistics.add(request, "reason")
    return statistics


@pytest.mark.parametrize(
    ("status", "category"),
    [
        (201, "accepted"), (200, "replayed"), (409, "refused"), (429, "throttled"), (503, "unavailable"),
        (500, "errors"), (504, "errors"), (302, "errors"), (0, "errors"),
    ],
)  # fmt: skip
def test_status_has_a_category(status: int, category: str) -> None:
    assert classify_status(status) == category


def test_percentile_is_the_nearest_rank() -> None:
    values = [float(value) for value in range(1, 101)]
    assert [find_percentile(values, percent) for percent in (50, 95, 99, 100)] == [50, 95, 99, 100]
    assert find_percentile([7.0], 50) == find_percentile([7.0], 99) == 7.0
    assert find_percentile([], 50) is None


def test_summary_is_in_milliseconds_and_needs_no_order() -> None:
    assert summarize_milliseconds([0.3, 0.1, 0.2], (50, 99)) == {"p50": 200.0, "p99": 300.0}
    assert summarize_milliseconds([], (50,)) == {"p50": None}


def test_requests_are_counted_by_category() -> None:
    statistics = collect(posted(201), posted(200), posted(429), posted(0), scheduled=6)
    assert (statistics.posted, statistics.stored, statistics.failed, statistics.not_posted) == (4, 2, 2, 2)
    assert statistics.count_categories()["throttled"] == 1


def test_request_without_a_response_has_no_latency() -> None:
    statistics = collect(posted(201, seconds=0.5), posted(0, seconds=30))
    statistics.seconds = 2.0
    assert list(statistics.latencies) == [0.5]
    assert statistics.achieved_rate == 0.5


def test_schedule_is_kept_if_few_requests_are_late_and_all_are_posted() -> None:
    on_time = [posted()] * 99
    assert collect(*on_time, posted(late=1.5)).kept_schedule
    assert not collect(*on_time, posted(late=1.5), posted(late=1.5)).kept_schedule
    assert not collect(*on_time, scheduled=100).kept_schedule


def test_recent_latencies_are_taken_once() -> None:
    statistics = collect(posted(seconds=0.1))
    assert list(statistics.take_recent_latencies()) == [0.1]
    statistics.add(posted(seconds=0.2))
    assert list(statistics.take_recent_latencies()) == [0.2]
    assert len(statistics.latencies) == 2


def test_number_of_different_reasons_is_limited() -> None:
    statistics = PostStatistics()
    for number in range(20):
        statistics.add(posted(500), f"reason {number}")
    statistics.add(posted(500), "reason 0")
    assert len(statistics.reasons) == MAX_REASONS
    assert statistics.reasons["500: reason 0"] == 2
