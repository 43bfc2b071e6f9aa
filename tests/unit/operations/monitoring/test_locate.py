"""The place of an undecided transaction: the first with evidence, or nowhere."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from operations.monitoring import queues
from operations.monitoring.locate import DECISION_DELAY_MS, Location, Locator
from operations.monitoring.queues import Queue
from tests.unit.operations import messages
from tests.unit.operations.fake_sqs import FakeSqs

NOW_MS = messages.RECEIVED_MS + DECISION_DELAY_MS + 1000
URLS = {name: f"https://sqs/{name}" for name in (*queues.FAILURE_QUEUES, queues.RETRY)}


class FakeLogs:
    """The fraud function's log; a paginator with one page."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []

    def get_paginator(self, _: str) -> "FakeLogs":
        return self

    def paginate(self, *, filterPattern: str, **_: Any) -> list[dict[str, Any]]:  # noqa: N803
        texts = [json.dumps(line) for line in self.lines]
        return [{"events": [{"message": text} for text in texts if filterPattern.strip('"') in text]}]


class FakePipes:
    def __init__(self, state: str = "RUNNING", error: str = "") -> None:
        self.state = state
        self.error = error

    def describe_pipe(self, **_: Any) -> dict[str, Any]:
        if self.error:
            raise ClientError({"Error": {"Code": self.error}}, "DescribePipe")
        return {"CurrentState": self.state}


class FakeStream:
    """A stream with one record, or one whose records are trimmed."""

    def __init__(self, transaction_id: str = "") -> None:
        self._id = transaction_id

    def get_shard_iterator(self, **_: Any) -> dict[str, Any]:
        if not self._id:
            raise ClientError({"Error": {"Code": "TrimmedDataAccessException"}}, "GetShardIterator")
        return {"ShardIterator": "1"}

    def get_records(self, **_: Any) -> dict[str, Any]:
        image = messages.image(self._id)
        change = {"SequenceNumber": messages.sequence(1), "NewImage": image}
        return {"Records": [{"eventName": "INSERT", "dynamodb": change}]}


class FakePipeline:
    """A pipeline in memory, whose resources a test breaks."""

    def __init__(self) -> None:
        self.sqs = FakeSqs()
        self.logs = FakeLogs()
        self.pipes = FakePipes()
        self.stream = FakeStream()

    def add(self, queue: str, body: str, **attributes: str) -> None:
        self.sqs.add(URLS[queue], body, **attributes)

    def locate(self, now_ms: int = NOW_MS, received_at_ms: int | None = messages.RECEIVED_MS) -> Location:
        clients: dict[str, Any] = {
            "sqs": self.sqs, "streams": self.stream, "logs": self.logs, "pipes": self.pipes,
        }  # fmt: skip
        locator = Locator(
            **clients,
            failure_queues={name: Queue(name, URLS[name]) for name in queues.FAILURE_QUEUES},
            retry_queue=Queue(queues.RETRY, URLS[queues.RETRY]),
            log_group="/aws/lambda/fraud",
            pipe="transactions-to-bus",
        )
        return locator.locate("t-1", received_at_ms, now_ms)


@pytest.fixture
def pipeline() -> FakePipeline:
    return FakePipeline()


def error_line(transaction_id: str = "t-1", error: str = "ClientError") -> dict[str, Any]:
    return {"level": "ERROR", "message": "retry failed", "correlation_id": transaction_id, "error": error}


def test_recent_transaction_is_in_the_stream(pipeline: FakePipeline) -> None:
    assert pipeline.locate(messages.RECEIVED_MS + 500).place == "stream"
    assert pipeline.sqs.receives == 0


def test_failed_attempts_are_counted_in_the_log_without_reading_the_retry_queue(
    pipeline: FakePipeline,
) -> None:
    pipeline.add(queues.RETRY, messages.failed_invocation())
    pipeline.logs.lines = [
        error_line(error="StoreBusyError"),
        error_line("t-10"),
        {"level": "INFO", "correlation_id": "t-1"},
        error_line(error="ClientError"),
    ]
    location = pipeline.locate()
    assert (location.place, location.attempts, location.error) == ("retry", 2, "ClientError")
    assert pipeline.sqs.queues[URLS[queues.RETRY]][0].receipt == ""


@pytest.mark.parametrize(
    ("queue", "body", "error"),
    [
        (queues.FRAUD, messages.failed_invocation(error="AccessDenied"), "AccessDenied"),
        (queues.EVENTS, messages.failed_event(), "NO_PERMISSIONS"),
    ],
)
def test_failure_queue_is_named_with_the_error_and_the_repair(
    pipeline: FakePipeline, queue: str, body: str, error: str
) -> None:
    pipeline.add(queue, "poison")
    pipeline.add(queue, messages.failed_invocation("t-10"))
    pipeline.add(queue, body, ERROR_CODE="NO_PERMISSIONS")
    pipeline.logs.lines = [] if queue == queues.EVENTS else [error_line()]
    location = pipeline.locate()
    assert (location.place, location.error) == (queue, error)
    assert location.command == f"invoke redrive --queue {queue}"
    assert pipeline.sqs.hidden(URLS[queue]) == 0


def test_batch_of_the_pipe_is_matched_by_its_stream_records(pipeline: FakePipeline) -> None:
    arrival = "2026-09-21T13:46:40Z"
    pipeline.add(queues.PIPE, messages.pipe_failure(arrival=arrival))
    pipeline.stream = FakeStream("t-1")
    assert pipeline.locate(received_at_ms=None).place == "pipe-failures"
    pipeline.stream = FakeStream("t-2")
    assert pipeline.locate(received_at_ms=None).place == "nowhere"


def test_stopped_pipe_leaves_transactions_in_the_stream(pipeline: FakePipeline) -> None:
    pipeline.pipes = FakePipes("STOPPED")
    location = pipeline.locate()
    assert (location.place, location.error) == ("stream", "STOPPED")
    assert "start-pipe" in location.command


@pytest.mark.parametrize(
    ("error", "place"), [("NotFoundException", "stream"), ("AccessDeniedException", "nowhere")]
)
def test_missing_pipe_is_reported_and_denied_access_is_ignored(
    pipeline: FakePipeline, error: str, place: str
) -> None:
    pipeline.pipes = FakePipes(error=error)
    assert pipeline.locate().place == place


def test_transaction_without_evidence_is_nowhere_and_can_be_replayed(pipeline: FakePipeline) -> None:
    location = pipeline.locate(messages.RECEIVED_MS + 3 * 3_600_000 + 60_000)
    assert (location.place, location.command) == ("nowhere", "invoke replay --since 4h")
