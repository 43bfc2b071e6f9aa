"""Redrive: no message is lost or sent twice in a run, and messages that stay are visible and named."""

from collections.abc import Sequence
from typing import Any

import pytest

from operations.monitoring import queues
from operations.monitoring.queues import Queue
from operations.monitoring.reader import Message
from operations.repair.redrive import QueueRedrive, RedriveResult, redrive_queues
from operations.repair.redrive_command import read_limit
from operations.repair.routes import QueueRoute, Route
from operations.repair.survey import MAX_IDS, UNREADABLE, survey_queue
from terminal.errors import UserError
from tests.unit.operations import messages
from tests.unit.operations.fake_sqs import NOW_MS, FakeSqs

FAILURES = Queue(queues.FRAUD, "https://sqs/fraud-failures")
RETRY = "https://sqs/fraud-retry"


def filled(count: int) -> FakeSqs:
    sqs = FakeSqs()
    for number in range(count):
        sqs.add(FAILURES.url, messages.failed_invocation(f"t-{number}"))
    return sqs


def redrive(sqs: Any, limit: int | None = None, route: Route | None = None) -> RedriveResult:
    return QueueRedrive(sqs, FAILURES, route or QueueRoute(sqs, RETRY)).run(NOW_MS, limit)


def test_every_message_is_sent_once() -> None:
    sqs = filled(25)
    before = sqs.bodies(FAILURES.url)
    assert redrive(sqs).sent == 25
    assert (sqs.bodies(FAILURES.url), sqs.bodies(RETRY)) == ([], before)


@pytest.mark.parametrize("limit", [1, 10, 13, 99])
def test_limit_is_exact(limit: int) -> None:
    sqs = filled(25)
    assert redrive(sqs, limit).sent == min(limit, 25)
    assert len(sqs.bodies(FAILURES.url)) == 25 - min(limit, 25)
    assert sqs.hidden(FAILURES.url) == 0


def test_unreadable_messages_stay_visible_and_do_not_count_for_the_limit() -> None:
    sqs = filled(0)
    poison = sqs.add(FAILURES.url, "poison")
    sqs.add(FAILURES.url, messages.failed_invocation())
    result = redrive(sqs, 1)
    assert (result.sent, result.unreadable, list(result.reasons)) == (1, 1, [poison])
    assert (sqs.bodies(FAILURES.url), sqs.hidden(FAILURES.url)) == (["poison"], 0)


def test_message_that_fails_again_is_not_sent_twice() -> None:
    sqs = filled(3)

    class Failing(QueueRoute):
        """Returns each message to the failure queue when it is sent."""

        def send(self, messages: Sequence[Message]) -> list[str]:
            for message in messages:
                sqs.add(FAILURES.url, message.body, sent_at_ms=NOW_MS + 1)
            return super().send(messages)

    client: Any = sqs
    assert redrive(sqs, route=Failing(client, RETRY)).sent == 3
    assert len(sqs.bodies(RETRY)) == len(sqs.bodies(FAILURES.url)) == 3
    assert sqs.hidden(FAILURES.url) == 0


def test_queue_that_fills_during_the_run_does_not_prolong_it() -> None:
    sqs = filled(1)

    class Filling(FakeSqs):
        def receive_message(self, **request: Any) -> dict[str, Any]:
            self.add(FAILURES.url, messages.failed_invocation(), sent_at_ms=NOW_MS + 1)
            return super().receive_message(**request)

    filling = Filling()
    filling.queues = sqs.queues
    assert redrive(filling).sent == 1


def test_message_that_the_destination_refuses_stays() -> None:
    sqs = filled(3)
    refused = sqs.bodies(FAILURES.url)[1]
    sqs.refused.add(refused)
    result = redrive(sqs)
    assert (result.sent, result.refused, list(result.reasons.values())) == (2, 1, ["InternalError"])
    assert (sqs.bodies(FAILURES.url), sqs.hidden(FAILURES.url)) == ([refused], 0)


def test_message_that_is_not_deleted_is_not_sent_again_in_the_run() -> None:
    sqs = filled(1)
    sqs.not_deleted.update(sqs.bodies(FAILURES.url))
    result = redrive(sqs)
    assert (result.sent, result.refused) == (0, 1)
    assert len(sqs.bodies(RETRY)) == 1


def test_ctrl_c_between_send_and_delete_loses_no_message() -> None:
    sqs = filled(15)
    sqs.interrupt_at = "send"
    with pytest.raises(KeyboardInterrupt):
        redrive(sqs)
    assert len(sqs.bodies(FAILURES.url)) == 15
    assert sqs.hidden(FAILURES.url) == 0
    sqs.interrupt_at = ""
    assert redrive(sqs).sent == 15
    assert redrive(sqs).sent == 0


def test_limit_counts_the_messages_of_all_queues() -> None:
    sqs = filled(3)
    second = Queue(queues.FRAUD, "https://sqs/second")
    for number in range(3):
        sqs.add(second.url, messages.failed_invocation(f"o-{number}"))
    client: Any = sqs
    results: list[RedriveResult] = []
    routes = {FAILURES: QueueRoute(client, RETRY), second: QueueRoute(client, RETRY)}
    redrive_queues(
        client, routes, started_ms=NOW_MS, limit=4, results=results, progress=lambda _queue, _sent: None
    )
    assert [result.sent for result in results] == [3, 1]


def test_large_messages_are_sent_in_smaller_batches() -> None:
    sizes: list[int] = []

    class Measuring(FakeSqs):
        def send_message_batch(self, *, QueueUrl: str, Entries: list[Any]) -> dict[str, Any]:  # noqa: N803
            sizes.append(sum(len(entry["MessageBody"]) for entry in Entries))
            return super().send_message_batch(QueueUrl=QueueUrl, Entries=Entries)

    sqs = Measuring()
    for number in range(5):
        body = messages.failed_invocation(f"t-{number}", error="E" * 90_000)
        sqs.add(FAILURES.url, body)
    assert redrive(sqs).sent == 5
    assert max(sizes) < 262_144


@pytest.mark.parametrize("typed", ["0", "-1", "two", "1.5", "²"])
def test_invalid_limit_is_refused(typed: str) -> None:
    with pytest.raises(UserError):
        read_limit(typed)
    assert (read_limit(""), read_limit("12")) == (None, 12)


def test_survey_groups_by_error_and_changes_nothing() -> None:
    sqs = filled(12)
    sqs.add(FAILURES.url, messages.failed_invocation("t-second", "AccessDenied"), sent_at_ms=NOW_MS - 5000)
    poison = sqs.add(FAILURES.url, "poison")
    client: Any = sqs
    survey = survey_queue(client, FAILURES)
    errors = dict(survey.by_count)
    assert (survey.count, survey.read, survey.oldest_ms) == (14, 14, NOW_MS - 5000)
    assert [errors[name].count for name in ("StoreBusyError", "AccessDenied", UNREADABLE)] == [12, 1, 1]
    assert errors["AccessDenied"].ids == ["t-second"]
    assert errors[UNREADABLE].ids == [poison]
    assert len(errors["StoreBusyError"].ids) == MAX_IDS
    assert (len(sqs.bodies(FAILURES.url)), sqs.hidden(FAILURES.url)) == (14, 0)


def test_interrupted_survey_makes_its_messages_visible_again() -> None:
    sqs = filled(12)

    def interrupt(_queue: str, _message: Message) -> list[str]:
        raise KeyboardInterrupt

    pipe = Queue(queues.PIPE, "https://sqs/pipe-failures")
    sqs.add(pipe.url, messages.pipe_failure())
    client: Any = sqs
    with pytest.raises(KeyboardInterrupt):
        survey_queue(client, pipe, interrupt)
    assert sqs.hidden(pipe.url) == 0
