"""The report of a load test: problems, exit status, limit and JSON."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from rich.console import Console

from operations.load.decisions import DecisionStatistics
from operations.load.locust_process import PostedRequest
from operations.load.post_statistics import PostStatistics
from operations.load.report import LOST, LoadReport, build_table
from operations.load.traffic import Traffic
from terminal.errors import INTERRUPTED

NO_FAILURES = {"pipe-failures": (0, 0), "fraud-failures": (2, 2)}


def post_statistics(*statuses: int, not_posted: int = 0, late: float = 0.0) -> PostStatistics:
    statistics = PostStatistics(scheduled=len(statuses) + not_posted)
    for status in statuses:
        statistics.add(PostedRequest(1, status, late, 0.02), "slow down")
    statistics.seconds = 2.0
    return statistics


def report(
    posts: PostStatistics | None = None,
    decisions: DecisionStatistics | None = None,
    *,
    queues: Mapping[str, tuple[int, int]] = NO_FAILURES,
    throttles: Mapping[str, int] | None = None,
    interrupted: bool = False,
) -> LoadReport:
    return LoadReport(
        environment="dev",
        traffic=Traffic(rate=10, minutes=1),
        posts=posts or post_statistics(201, 201),
        decisions=decisions or DecisionStatistics(2, 2, [0.04, 0.05]),
        throttles=throttles,
        queues=queues,
        interrupted=interrupted,
    )


def render(result: LoadReport) -> str:
    console = Console(width=200)
    with console.capture() as capture:
        console.print(build_table(result))
    return capture.get()


def test_run_without_losses_succeeds() -> None:
    assert (report().status, list(report().find_problems())) == (0, [])


@pytest.mark.parametrize("status", [0, 400, 429, 500, 503])
def test_transaction_that_is_not_stored_is_a_loss(status: int) -> None:
    assert report(post_statistics(201, status)).status == LOST


def test_replayed_transaction_is_no_loss() -> None:
    assert report(post_statistics(201, 200)).status == 0


def test_undecided_transaction_is_a_loss() -> None:
    assert report(decisions=DecisionStatistics(2, 2, [0.04])).status == LOST


def test_growing_failure_queue_is_a_loss_and_a_filled_one_is_not() -> None:
    result = report(queues={"pipe-failures": (1, 1), "fraud-failures": (2, 5)})
    assert result.status == LOST
    (problem,) = result.find_problems()
    assert "fraud-failures: 3" in problem
    assert "pipe-failures" not in problem


def test_run_that_posted_nothing_is_no_success() -> None:
    assert report(post_statistics(), DecisionStatistics(0, 0)).status == LOST


def test_interrupted_run_has_its_own_status_and_waits_for_no_decision() -> None:
    result = report(decisions=DecisionStatistics(2, 2, [0.04]), interrupted=True)
    assert result.status == INTERRUPTED
    assert list(result.find_problems()) == []
    assert result.describe_limit() == ""


def test_rate_that_is_not_reached_is_named_and_no_loss() -> None:
    result = report(post_statistics(201, 201, not_posted=18))
    assert "1.0 of 10 transactions a second" in result.describe_limit()
    assert result.status == 0
    assert result.to_json()["rate_reached"] is False
    assert "with delays" in report(post_statistics(201, late=3.0)).describe_limit()
    assert report().describe_limit() == ""


def test_json_has_counts_and_milliseconds() -> None:
    result: dict[str, Any] = json.loads(json.dumps(report(throttles={"function api": 3}).to_json()))
    assert (result["posted"], result["accepted"], result["decided"], result["undecided"]) == (2, 2, 2, 0)
    assert result["post_ms"] == {"p50": 20.0, "p95": 20.0, "p99": 20.0}
    assert result["decision_ms"]["p99"] == 50.0
    assert result["throttles"] == {"function api": 3}
    assert result["failure_queues"]["fraud-failures"] == {"before": 2, "after": 2}


def test_table_names_sample_reasons_and_throttles() -> None:
    text = render(
        report(
            post_statistics(201, 429, not_posted=1),
            DecisionStatistics(500, 1, [0.04]),
            throttles={"function api": 3, "function fraud": 0},
        )
    )
    assert "in a random sample of 500" in text
    assert "429: slow down" in text
    assert "function api: 3" in text
    assert "function fraud" not in text
    assert "not posted" in text


def test_table_shows_unknown_throttles() -> None:
    assert "unknown" in render(report(throttles=None))
