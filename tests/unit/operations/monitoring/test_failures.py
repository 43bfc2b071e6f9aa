"""Messages of the failure queues: their errors and transactions."""

import json

import pytest

from operations.monitoring import queues
from operations.monitoring.failures import Failure, UnreadableMessageError, read_failure
from operations.monitoring.reader import Message
from tests.unit.operations import messages


def message(body: str, **attributes: str) -> Message:
    values = {name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()}
    return Message("m-1", body, "receipt", 0, values)


@pytest.mark.parametrize(
    ("queue", "body", "error", "ids"),
    [
        (queues.PIPE, messages.pipe_failure(), "RecordAgeExceeded", ()),
        (queues.FRAUD, messages.failed_invocation(), "StoreBusyError", ("t-1",)),
        (queues.FRAUD, messages.throttled_invocation(), "RetriesExhausted", ("t-1",)),
        (queues.ALERTS, messages.alert(), "not published", ("t-1",)),
    ],
)
def test_message_has_its_error_and_transactions(
    queue: str, body: str, error: str, ids: tuple[str, ...]
) -> None:
    assert read_failure(queue, message(body)) == Failure(error=error, transaction_ids=ids)


def test_error_of_an_invocation_is_read_from_the_message_of_the_exception() -> None:
    record = json.loads(messages.failed_invocation())
    record["responsePayload"] = {
        "errorType": "InvocationFailedError",
        "errorMessage": "ClientError (AccessDenied)",
    }
    assert read_failure(queues.FRAUD, message(json.dumps(record))).error == "ClientError (AccessDenied)"


def test_error_of_an_event_is_read_from_the_message_attributes() -> None:
    failed = message(messages.failed_event(), ERROR_CODE="NO_PERMISSIONS")
    assert read_failure(queues.EVENTS, failed) == Failure(error="NO_PERMISSIONS", transaction_ids=("t-1",))


def test_event_of_another_source_is_readable() -> None:
    foreign = json.dumps({"source": "other", "detail-type": "Other", "detail": {"transaction": "none"}})
    assert read_failure(queues.EVENTS, message(foreign)).transaction_ids == ()


@pytest.mark.parametrize("queue", queues.FAILURE_QUEUES)
@pytest.mark.parametrize("body", ["", "{", "[]", "null", '{"requestPayload": {}}', '{"detail": 1}'])
def test_body_of_another_format_is_unreadable(queue: str, body: str) -> None:
    with pytest.raises(UnreadableMessageError):
        read_failure(queue, message(body))


def test_event_with_an_unreadable_transaction_is_unreadable() -> None:
    poison = messages.event()
    poison["detail"]["transaction"]["amount"] = {"S": "much"}
    with pytest.raises(UnreadableMessageError):
        read_failure(queues.EVENTS, message(json.dumps(poison)))
    with pytest.raises(UnreadableMessageError):
        read_failure(queues.FRAUD, message(json.dumps({"requestPayload": poison})))


def test_invalid_sequence_number_is_unreadable() -> None:
    body = messages.pipe_failure().replace(messages.sequence(1), "1")
    with pytest.raises(UnreadableMessageError):
        read_failure(queues.PIPE, message(body))
