"""What a pipe does with a batch: filter, retry, bisect, give up."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from local.delivery.pipe_delivery import PipeDelivery, Record, Stopped
from local.delivery.pipe_settings import PipeSettings

SETTINGS = PipeSettings.of(
    {
        "Arn": "arn:aws:pipes:eu-west-1:123456789012:pipe/p",
        "Name": "p",
        "RoleArn": "arn:aws:iam::123456789012:role/p",
        "Source": "arn:aws:dynamodb:eu-west-1:123456789012:table/t/stream/s",
        "Target": "arn:aws:events:eu-west-1:123456789012:event-bus/b",
        "SourceParameters": {"DynamoDBStreamParameters": {"DeadLetterConfig": {"Arn": "queue"}}},
        "TargetParameters": {"InputTemplate": '{"number": <$.number>}'},
    }
)


@dataclass
class FakeWorld:
    """A bus that refuses the numbers in `refused`, `times` times each (always, if it is -1)."""

    refused: set[int] = field(default_factory=set)
    times: int = -1
    time: float = 1000.0
    stop_at: int | None = None
    calls: list[list[int]] = field(default_factory=list)
    arrived: list[int] = field(default_factory=list)
    dead: list[dict[str, Any]] = field(default_factory=list)
    waits: list[int] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    _tries: dict[int, int] = field(default_factory=dict)

    def matches(self, pattern: str, record: Record) -> bool:
        return record["number"] in json.loads(pattern)

    def put_events(self, entries: Sequence[dict[str, Any]]) -> list[str | None]:
        numbers = [json.loads(entry["Detail"])["number"] for entry in entries]
        self.calls.append(numbers)
        return [self._put(number) for number in numbers]

    def _put(self, number: int) -> str | None:
        self._tries[number] = self._tries.get(number, 0) + 1
        if number in self.refused and (self.times < 0 or self._tries[number] <= self.times):
            return "InternalFailure"
        self.arrived.append(number)
        return None

    def dead_letter(self, message: dict[str, Any]) -> None:
        self.dead.append(message)

    def now(self) -> float:
        return self.time

    def wait(self, attempt: int) -> None:
        if attempt == self.stop_at:
            raise Stopped
        self.waits.append(attempt)

    def failed(self, reason: str) -> None:
        self.reasons.append(reason)


def records(*numbers: int, created: float = 990.0) -> list[Record]:
    return [
        {
            "number": number,
            "dynamodb": {"SequenceNumber": f"{number:03d}", "ApproximateCreationDateTime": created},
        }
        for number in numbers
    ]


def test_batch_is_put_ten_entries_at_a_time_in_order() -> None:
    world = FakeWorld()
    PipeDelivery(SETTINGS, world).deliver(records(*range(25)))
    assert [len(call) for call in world.calls] == [10, 10, 5]
    assert world.arrived == list(range(25))


def test_record_that_matches_any_pattern_passes() -> None:
    world = FakeWorld()
    PipeDelivery(replace(SETTINGS, patterns=("[1]", "[3]")), world).deliver(records(1, 2, 3))
    assert world.arrived == [1, 3]


def test_only_what_failed_is_tried_again() -> None:
    world = FakeWorld(refused={2}, times=2)
    PipeDelivery(SETTINGS, world).deliver(records(1, 2, 3))
    assert world.calls == [[1, 2, 3], [2], [2]]
    assert world.waits == [1, 2]
    assert world.dead == []


def test_record_is_given_up_after_the_configured_retries() -> None:
    world = FakeWorld(refused={2})
    PipeDelivery(replace(SETTINGS, maximum_retries=3), world).deliver(records(1, 2, 3))
    assert world.waits == [1, 2, 3]
    (message,) = world.dead
    assert message["context"]["condition"] == "RetryAttemptsExhausted"
    assert message["DDBStreamBatchInfo"]["startSequenceNumber"] == "002"
    assert message["DDBStreamBatchInfo"]["batchSize"] == 1


def test_without_bisecting_what_fails_together_is_given_up_together() -> None:
    world = FakeWorld(refused={1, 2, 3})
    PipeDelivery(replace(SETTINGS, maximum_retries=0), world).deliver(records(1, 2, 3))
    assert [message["DDBStreamBatchInfo"]["batchSize"] for message in world.dead] == [3]


def test_bisecting_gives_up_one_record_at_a_time_in_order() -> None:
    world = FakeWorld(refused={1, 2, 3, 4, 5})
    PipeDelivery(replace(SETTINGS, maximum_retries=1, bisect=True), world).deliver(records(*range(1, 6)))
    given_up = [message["DDBStreamBatchInfo"]["startSequenceNumber"] for message in world.dead]
    assert given_up == ["001", "002", "003", "004", "005"]
    assert {message["DDBStreamBatchInfo"]["batchSize"] for message in world.dead} == {1}


def test_record_that_is_too_old_is_given_up_untried() -> None:
    world = FakeWorld()
    settings = replace(SETTINGS, maximum_record_age_seconds=60)
    PipeDelivery(settings, world).deliver([*records(1, created=900.0), *records(2)])
    assert world.arrived == [2]
    assert [message["context"]["condition"] for message in world.dead] == ["RecordAgeExceeded"]


def test_infinite_retries_end_when_the_pipe_is_stopped() -> None:
    world = FakeWorld(refused={1}, stop_at=50)
    with pytest.raises(Stopped):
        PipeDelivery(SETTINGS, world).deliver(records(1))
    assert len(world.waits) == 49
    assert world.dead == []


def test_template_that_makes_no_object_fails_the_record() -> None:
    world = FakeWorld()
    PipeDelivery(replace(SETTINGS, template="<$.number>", maximum_retries=0), world).deliver(records(1))
    assert world.calls == []
    assert len(world.dead) == 1
    assert "JSON object" in world.reasons[0]


def test_without_a_failure_queue_what_is_given_up_is_dropped() -> None:
    world = FakeWorld(refused={1})
    PipeDelivery(replace(SETTINGS, maximum_retries=0, dead_letter_arn=None), world).deliver(records(1, 2))
    assert world.arrived == [2]
    assert world.dead == []
