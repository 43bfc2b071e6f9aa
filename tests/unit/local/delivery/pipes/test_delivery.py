"""Delivery of a batch by a pipe: filter, transform, retry, bisect, dead letters."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from local.delivery.pipes.delivery import (
    PipeDelivery,
    TemplateError,
    find_value,
    render_template,
    resolve_parameter,
)
from local.delivery.pipes.settings import PipeSettings
from local.delivery.streams.records import DeliveryStoppedError, StreamRecord

SETTINGS = PipeSettings.from_description(
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
RECORD = {"a": {"b": [{"S": 'say "hi"'}, 2]}, "n": None, "t": True}


@dataclass
class FakePipeActions:
    """A bus that rejects each number in `rejected` `times` times, or always if `times` is -1."""

    rejected: set[int] = field(default_factory=set)
    times: int = -1
    time: float = 1000.0
    stop_at: int | None = None
    calls: list[list[int]] = field(default_factory=list)
    delivered: list[int] = field(default_factory=list)
    dead_letters: list[dict[str, Any]] = field(default_factory=list)
    waits: list[int] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    _attempts: dict[int, int] = field(default_factory=dict)

    def matches_pattern(self, pattern: str, record: StreamRecord) -> bool:
        return record["number"] in json.loads(pattern)

    def put_events(self, entries: Sequence[dict[str, Any]]) -> list[str | None]:
        numbers = [json.loads(entry["Detail"])["number"] for entry in entries]
        self.calls.append(numbers)
        return [self._put(number) for number in numbers]

    def _put(self, number: int) -> str | None:
        self._attempts[number] = self._attempts.get(number, 0) + 1
        if number in self.rejected and (self.times < 0 or self._attempts[number] <= self.times):
            return "InternalFailure"
        self.delivered.append(number)
        return None

    def send_dead_letter(self, queue_arn: str, message: dict[str, Any]) -> None:
        assert queue_arn == "queue"
        self.dead_letters.append(message)

    def now(self) -> float:
        return self.time

    def wait_before_retry(self, attempt: int) -> None:
        if attempt == self.stop_at:
            raise DeliveryStoppedError
        self.waits.append(attempt)

    def report_failure(self, reason: str) -> None:
        self.reasons.append(reason)


def records(*numbers: int, created: float = 990.0) -> list[StreamRecord]:
    return [
        {
            "number": number,
            "dynamodb": {"SequenceNumber": f"{number:03d}", "ApproximateCreationDateTime": created},
        }
        for number in numbers
    ]


def test_batch_is_put_ten_entries_at_a_time_in_order() -> None:
    actions = FakePipeActions()
    PipeDelivery(SETTINGS, actions).deliver(records(*range(25)))
    assert [len(call) for call in actions.calls] == [10, 10, 5]
    assert actions.delivered == list(range(25))


def test_record_that_matches_one_of_the_patterns_is_delivered() -> None:
    actions = FakePipeActions()
    PipeDelivery(replace(SETTINGS, patterns=("[1]", "[3]")), actions).deliver(records(1, 2, 3))
    assert actions.delivered == [1, 3]


def test_only_failed_records_are_retried() -> None:
    actions = FakePipeActions(rejected={2}, times=2)
    PipeDelivery(SETTINGS, actions).deliver(records(1, 2, 3))
    assert actions.calls == [[1, 2, 3], [2], [2]]
    assert actions.waits == [1, 2]
    assert actions.dead_letters == []


def test_record_is_abandoned_after_the_configured_retries() -> None:
    actions = FakePipeActions(rejected={2})
    PipeDelivery(replace(SETTINGS, maximum_retries=3), actions).deliver(records(1, 2, 3))
    assert actions.waits == [1, 2, 3]
    (message,) = actions.dead_letters
    assert message["context"]["condition"] == "RetryAttemptsExhausted"
    assert message["DDBStreamBatchInfo"]["startSequenceNumber"] == "002"
    assert message["DDBStreamBatchInfo"]["batchSize"] == 1


def test_failed_records_are_abandoned_together_without_bisecting() -> None:
    actions = FakePipeActions(rejected={1, 2, 3})
    PipeDelivery(replace(SETTINGS, maximum_retries=0), actions).deliver(records(1, 2, 3))
    assert [message["DDBStreamBatchInfo"]["batchSize"] for message in actions.dead_letters] == [3]


def test_failed_records_are_abandoned_one_by_one_in_order_with_bisecting() -> None:
    actions = FakePipeActions(rejected={1, 2, 3, 4, 5})
    PipeDelivery(replace(SETTINGS, maximum_retries=1, bisect=True), actions).deliver(records(*range(1, 6)))
    abandoned = [message["DDBStreamBatchInfo"]["startSequenceNumber"] for message in actions.dead_letters]
    assert abandoned == ["001", "002", "003", "004", "005"]
    assert {message["DDBStreamBatchInfo"]["batchSize"] for message in actions.dead_letters} == {1}


def test_record_that_is_too_old_is_abandoned_without_an_attempt() -> None:
    actions = FakePipeActions()
    settings = replace(SETTINGS, maximum_record_age_seconds=60)
    PipeDelivery(settings, actions).deliver([*records(1, created=900.0), *records(2)])
    assert actions.delivered == [2]
    assert [message["context"]["condition"] for message in actions.dead_letters] == ["RecordAgeExceeded"]


def test_infinite_retries_end_when_the_pipe_is_stopped() -> None:
    actions = FakePipeActions(rejected={1}, stop_at=50)
    with pytest.raises(DeliveryStoppedError):
        PipeDelivery(SETTINGS, actions).deliver(records(1))
    assert len(actions.waits) == 49
    assert actions.dead_letters == []


def test_record_fails_if_the_template_does_not_produce_an_object() -> None:
    actions = FakePipeActions()
    PipeDelivery(replace(SETTINGS, template="<$.number>", maximum_retries=0), actions).deliver(records(1))
    assert actions.calls == []
    assert len(actions.dead_letters) == 1
    assert len(actions.reasons) == 1


def test_abandoned_records_are_dropped_without_a_dead_letter_queue() -> None:
    actions = FakePipeActions(rejected={1})
    PipeDelivery(replace(SETTINGS, maximum_retries=0, dead_letter_arn=None), actions).deliver(records(1, 2))
    assert actions.delivered == [2]
    assert actions.dead_letters == []


def test_string_value_is_quoted_and_escaped() -> None:
    assert json.loads(render_template('{"x": <$.a.b[0].S>}', RECORD, {})) == {"x": 'say "hi"'}


def test_object_null_and_boolean_are_written_as_json() -> None:
    assert json.loads(render_template('{"x": <$.a.b[0]>, "n": <$.n>, "t": <$.t>}', RECORD, {})) == {
        "x": {"S": 'say "hi"'},
        "n": None,
        "t": True,
    }


def test_string_inside_a_string_literal_is_escaped_without_quotes() -> None:
    assert json.loads(render_template('{"x": "they <$.a.b[0].S>, <$.a.b[1]> times"}', RECORD, {})) == {
        "x": 'they say "hi", 2 times'
    }


def test_reserved_variable_is_replaced() -> None:
    assert render_template("<aws.pipes.pipe-name>", RECORD, {"aws.pipes.pipe-name": "p"}) == '"p"'


@pytest.mark.parametrize("path", ["$.a.c", "$.a.b[7]", "$.t.x"])
def test_path_without_a_value_leaves_an_empty_string(path: str) -> None:
    template = f'{{"x": <{path}>, "y": "no <{path}>"}}'
    assert json.loads(render_template(template, RECORD, {})) == {"x": "", "y": "no "}


@pytest.mark.parametrize("template", ["<$.a..b>", "<aws.pipes.nothing>"])
def test_invalid_placeholder_is_an_error(template: str) -> None:
    with pytest.raises(TemplateError):
        render_template(template, RECORD, {})


def test_root_path_is_the_whole_record() -> None:
    assert find_value(RECORD, "$") == RECORD


def test_parameter_that_is_not_a_path_is_used_unchanged() -> None:
    assert resolve_parameter("$.a.b[1]", RECORD) == 2
    assert resolve_parameter("fraud.transactions", RECORD) == "fraud.transactions"
