"""Messages of the failure queues: the error of each message and its transactions.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
"""

import re
from datetime import datetime
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from functions.common.domain.suspicious_message import SuspiciousTransaction
from functions.common.domain.transaction_event import DETAIL_TYPE, SOURCE
from functions.fraud.service import UnreadableEventError, read_event
from operations.monitoring import queues
from operations.monitoring.reader import Message

T = TypeVar("T")

_INVOCATION_ERROR = "InvocationFailedError"
# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_GetShardIterator.html
_SEQUENCE_NUMBER = re.compile(r"[0-9]{21,40}")


class UnreadableMessageError(ValueError):
    """The message does not have the format of its queue. The text quotes no values."""


class Failure(Struct, frozen=True, kw_only=True):
    """The error code or exception type of a message, and its transactions; none for a message of the pipe."""

    error: str
    transaction_ids: tuple[str, ...] = ()


class FailedBatch(Struct, frozen=True, kw_only=True, rename="camel"):
    """The range of stream records that the pipe gave up, without their content."""

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
    """A message that a pipe sends to its dead-letter queue."""

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
    """Lambda's record of a failed asynchronous invocation."""

    request_payload: Any = msgspec.field(name="requestPayload")
    response_payload: Any = msgspec.field(name="responsePayload", default=None)
    request_context: dict[str, Any] = msgspec.field(name="requestContext", default_factory=dict)


def read_pipe_failure(message: Message) -> PipeFailure:
    """Decode a message of `pipe-failures`. Raises UnreadableMessageError."""
    failure = _decode_body(message, PipeFailure)
    batch = failure.DDBStreamBatchInfo
    if not all(map(_SEQUENCE_NUMBER.fullmatch, (batch.start_sequence_number, batch.end_sequence_number))):
        raise UnreadableMessageError("its sequence numbers are not valid")
    return failure


def read_failed_event(message: Message) -> Event:
    """Decode a message of `events-failures`. Raises UnreadableMessageError."""
    event = _decode_body(message, Event)
    if _is_transaction(event):
        _read_transaction_id({"detail": event.detail})
    return event


def read_failure(queue: str, message: Message) -> Failure:
    """Read a message of the queue with the short name `queue`. Raises UnreadableMessageError."""
    if queue == queues.PIPE:
        return Failure(error=read_pipe_failure(message).context.condition)
    if queue == queues.EVENTS:
        event = read_failed_event(message)
        ids = (_read_transaction_id({"detail": event.detail}),) if _is_transaction(event) else ()
        return Failure(error=message.attribute("ERROR_CODE") or "no error code", transaction_ids=ids)
    if queue == queues.FRAUD:
        record = _decode_body(message, FailedInvocation)
        transaction_id = _read_transaction_id(record.request_payload)
        return Failure(error=_find_error_type(record), transaction_ids=(transaction_id,))
    # The message of an alert has no reason. The notify function logs it.
    alert = _decode_body(message, SuspiciousTransaction)
    return Failure(error="not published", transaction_ids=(alert.transaction_id,))


def _is_transaction(event: Event) -> bool:
    """Return whether the event announces a transaction. The bus may have other events."""
    return (event.source, event.detail_type) == (SOURCE, DETAIL_TYPE)


def _find_error_type(record: FailedInvocation) -> str:
    """Return the error, such as `ClientError (AccessDenied)`, or the condition of a throttled function."""
    response = record.response_payload
    if isinstance(response, dict) and response.get("errorType"):
        # The message of the functions' own exception is the original error, without personal data.
        has_cause = response["errorType"] == _INVOCATION_ERROR and response.get("errorMessage")
        return str(response["errorMessage" if has_cause else "errorType"])
    return str(record.request_context.get("condition", "unknown"))


def _read_transaction_id(event: object) -> str:
    try:
        return read_event(event).transaction_id
    except UnreadableEventError as error:
        raise UnreadableMessageError(str(error)) from None


def _decode_body(message: Message, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(message.body, type=kind)
    except msgspec.DecodeError as error:
        raise UnreadableMessageError(f"it is not a {kind.__name__}: {error}") from None
