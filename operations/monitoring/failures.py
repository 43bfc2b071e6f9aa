"""Reads the messages of the failure queues: why a message failed, and the transactions in it.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from functions.common.domain.suspicious_message import SuspiciousTransaction
from functions.common.domain.transaction_event import DETAIL_TYPE, SOURCE
from functions.fraud.service import UnreadableEventError, read_event
from operations.monitoring import queues
from operations.monitoring.reader import Message

_ENDED = "InvocationFailedError"
# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_GetShardIterator.html
_SEQUENCE_NUMBER = re.compile(r"[0-9]{21,40}")


class UnreadableMessageError(ValueError):
    """The message is not one that its queue is for. The text quotes no values."""


class Failure(Struct, frozen=True, kw_only=True):
    """`error` is a code or the type of an exception. A message of the pipe names no transactions."""

    error: str
    transaction_ids: tuple[str, ...] = ()


class FailedBatch(Struct, frozen=True, kw_only=True, rename="camel"):
    """The place in a table's stream of the records that the pipe gave up; not their content."""

    stream_arn: str
    shard_id: str
    start_sequence_number: str
    end_sequence_number: str
    approximate_arrival_of_first_record: datetime
    approximate_arrival_of_last_record: datetime
    batch_size: int = 0


class _PipeContext(Struct, frozen=True):
    condition: str = "unknown"


class PipeFailure(Struct, frozen=True):
    """What a pipe sends to its dead-letter queue."""

    DDBStreamBatchInfo: FailedBatch
    context: _PipeContext = _PipeContext()


class Event(Struct, frozen=True, kw_only=True):
    """An EventBridge event."""

    source: str
    detail_type: str = msgspec.field(name="detail-type")
    detail: dict[str, Any]
    time: datetime | None = None
    resources: tuple[str, ...] = ()


class FailedInvocation(Struct, frozen=True, kw_only=True):
    """Lambda's record of an asynchronous event that the function failed on."""

    request_payload: Any = msgspec.field(name="requestPayload")
    response_payload: Any = msgspec.field(name="responsePayload", default=None)
    request_context: dict[str, Any] = msgspec.field(name="requestContext", default_factory=dict)


def read_pipe_failure(message: Message) -> PipeFailure:
    """A message of `pipe-failures`. Raises UnreadableMessageError."""
    failure = _decode(message, PipeFailure)
    batch = failure.DDBStreamBatchInfo
    if not all(map(_SEQUENCE_NUMBER.fullmatch, (batch.start_sequence_number, batch.end_sequence_number))):
        raise UnreadableMessageError("its sequence numbers are not those of a stream")
    return failure


def read_failed_event(message: Message) -> Event:
    """A message of `events-failures`. Raises UnreadableMessageError."""
    event = _decode(message, Event)
    if _is_ours(event):
        _transaction_id({"detail": event.detail})
    return event


def read_failed_invocation(message: Message) -> FailedInvocation:
    """A message of `fraud-failures`. Raises UnreadableMessageError."""
    record = _decode(message, FailedInvocation)
    _transaction_id(record.request_payload)
    return record


def read_alert(message: Message) -> SuspiciousTransaction:
    """A message of `suspicious-dlq`. Raises UnreadableMessageError."""
    return _decode(message, SuspiciousTransaction)


def _pipe(message: Message) -> Failure:
    return Failure(error=read_pipe_failure(message).context.condition)


def _event(message: Message) -> Failure:
    event = read_failed_event(message)
    return Failure(
        error=message.attribute("ERROR_CODE") or "no error code",
        transaction_ids=(_transaction_id({"detail": event.detail}),) if _is_ours(event) else (),
    )


def _invocation(message: Message) -> Failure:
    record = read_failed_invocation(message)
    return Failure(error=_error_type(record), transaction_ids=(_transaction_id(record.request_payload),))


def _alert(message: Message) -> Failure:
    # SQS does not keep the reason; the notify function logs it.
    return Failure(error="not published", transaction_ids=(read_alert(message).transaction_id,))


_READERS: Mapping[str, Callable[[Message], Failure]] = {
    queues.PIPE: _pipe,
    queues.EVENTS: _event,
    queues.FRAUD: _invocation,
    queues.ALERTS: _alert,
}


def read_failure(queue: str, message: Message) -> Failure:
    """Why a message waits in the queue with that short name. Raises UnreadableMessageError."""
    return _READERS[queue](message)


def _is_ours(event: Event) -> bool:
    """Whether it announces a transaction: the bus takes further events, too."""
    return (event.source, event.detail_type) == (SOURCE, DETAIL_TYPE)


def _error_type(record: FailedInvocation) -> str:
    """Such as `ClientError (AccessDenied)`; for a throttled function, the condition."""
    response = record.response_payload
    if isinstance(response, dict) and response.get("errorType"):
        # The functions' own exception has the error that ended the invocation as its text, without data.
        name = (
            "errorMessage"
            if response["errorType"] == _ENDED and response.get("errorMessage")
            else "errorType"
        )
        return str(response[name])
    return str(record.request_context.get("condition", "unknown"))


def _transaction_id(event: object) -> str:
    try:
        return read_event(event).transaction_id
    except UnreadableEventError as error:
        raise UnreadableMessageError(str(error)) from None


T = TypeVar("T")


def _decode(message: Message, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(message.body, type=kind)
    except msgspec.DecodeError as error:
        raise UnreadableMessageError(f"it is not a {kind.__name__}: {error}") from None
