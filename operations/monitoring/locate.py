"""Locates a transaction that is not decided: in the stream, the retry queue, a failure queue, or nowhere.

Never receives from the retry queue: that would count as an attempt and hide the message. The fraud function's
log has the attempts instead.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from botocore.exceptions import ClientError

from operations.deployed import Deployed
from operations.monitoring import queues
from operations.monitoring.failures import (
    FailedBatch,
    UnreadableMessageError,
    read_failure,
    read_pipe_failure,
)
from operations.monitoring.queues import Queue, depth
from operations.monitoring.reader import Message, QueueReader
from operations.monitoring.stream_records import RecordsGoneError, read_inserted
from orchestration.environments import LOCAL
from shared.configuration import validate_file
from shared.contracts import ProcessingOutputs, text
from shared.names import Names
from stacks.processing.settings import ProcessingSettings
from terminal.aws_errors import told_to_users

if TYPE_CHECKING:
    from mypy_boto3_dynamodbstreams import DynamoDBStreamsClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_pipes import EventBridgePipesClient
    from mypy_boto3_sqs import SQSClient

Place = Literal["stream", "retry", "pipe-failures", "events-failures", "fraud-failures", "nowhere"]

# A decision takes a second or two after the POST; the stream and a cold start take the most.
TRAVEL_MS = 10_000
MAX_LOOK = 1000
VISIBILITY_SECONDS = 60
# Lambda invokes the function for an asynchronous event once, and twice again.
LAMBDA_ATTEMPTS = 3
# Clocks, and retries of the API's write, lie between `received_at` and the arrival in the stream.
_MARGIN_MS = 60_000


@dataclass(frozen=True)
class Location:
    """The place of an undecided transaction. `sentence` is for people, `command` repairs it or is empty."""

    place: Place
    sentence: str
    error: str = ""
    attempts: int = 0
    command: str = ""

    def as_object(self) -> dict[str, Any]:
        """For scripts."""
        return asdict(self)


@dataclass(frozen=True)
class _Attempts:
    """The fraud function's failed attempts at one transaction, by its log."""

    count: int = 0
    last_error: str = ""


class Locator:
    """Looks for transactions in one deployed pipeline."""

    def __init__(
        self,
        *,
        sqs: "SQSClient",
        streams: "DynamoDBStreamsClient",
        logs: "CloudWatchLogsClient",
        pipes: "EventBridgePipesClient",
        failure_queues: Mapping[str, Queue],
        retry_queue: Queue,
        log_group: str,
        pipe: str,
        env: str = LOCAL,
    ) -> None:
        self._sqs = sqs
        self._streams = streams
        self._logs = logs
        self._pipes = pipes
        self._failure_queues = failure_queues
        self._retry_queue = retry_queue
        self._log_group = log_group
        self._pipe = pipe
        self._option = "" if env == LOCAL else f" --env {env}"

    @classmethod
    def of(cls, deployed: Deployed) -> "Locator":
        """Raises UserError for what is not deployed."""
        environment = deployed.environment
        settings = validate_file(ProcessingSettings, environment.name, environment.root)
        function = text(deployed.outputs(ProcessingOutputs).fraud_function_name)
        return cls(
            sqs=deployed.sqs_client(),
            streams=deployed.streams_client(),
            logs=deployed.logs_client(),
            pipes=deployed.pipes_client(),
            failure_queues={queue.name: queue for queue in queues.failure_queues(deployed)},
            retry_queue=queues.retry_queue(deployed),
            log_group=f"/aws/lambda/{function}",
            pipe=Names(settings.name_suffix).pipe,
            env=environment.name,
        )

    def locate(self, transaction_id: str, received_at_ms: int | None, now_ms: int) -> Location:
        """The place of an undecided transaction; None for an unknown time. Raises UserError."""
        received_ms = now_ms - 24 * 3_600_000 if received_at_ms is None else received_at_ms
        attempts = self._read_attempts(transaction_id, received_ms)
        if received_at_ms is not None and now_ms - received_at_ms < TRAVEL_MS and not attempts.count:
            return Location("stream", "in the stream: it was received a few seconds ago")
        return (
            self._in_fraud_failures(transaction_id, attempts)
            or self._in_events_failures(transaction_id)
            or self._in_retry(attempts)
            or self._in_pipe_failures(transaction_id, received_at_ms)
            or self._before_pipe()
            or Location(
                "nowhere",
                f"in no queue that can be searched{_after(attempts)}",
                attempts.last_error,
                attempts.count,
                command=f"invoke replay --since {_hours(now_ms - received_ms)}{self._option}",
            )
        )

    def _in_fraud_failures(self, transaction_id: str, attempts: _Attempts) -> Location | None:
        for message in self._peek(queues.FRAUD):
            if error := _error_of(queues.FRAUD, message, transaction_id):
                return Location(
                    "fraud-failures",
                    f"in fraud-failures: {error}",
                    error,
                    attempts.count,
                    f"invoke redrive --queue fraud-failures{self._option}",
                )
        return None

    def _in_events_failures(self, transaction_id: str) -> Location | None:
        for message in self._peek(queues.EVENTS):
            if error := _error_of(queues.EVENTS, message, transaction_id):
                detail = message.attribute("ERROR_MESSAGE")
                return Location(
                    "events-failures",
                    f"in events-failures: {error}{f' ({detail})' if detail else ''}",
                    error,
                    command=f"invoke redrive --queue events-failures{self._option}",
                )
        return None

    def _in_retry(self, attempts: _Attempts) -> Location | None:
        if not attempts.count:
            return None
        waiting = depth(self._sqs, self._retry_queue)
        if not waiting and attempts.count >= LAMBDA_ATTEMPTS:
            # Lambda gave up, and its record did not reach the retry queue: the role lacks a permission.
            return None
        return Location(
            "retry",
            f"waiting for the next retry: {attempts.count} failed attempts are logged, the last with"
            f" {attempts.last_error}; {waiting} messages are in fraud-retry",
            attempts.last_error,
            attempts.count,
        )

    def _in_pipe_failures(self, transaction_id: str, received_at_ms: int | None) -> Location | None:
        for message in self._peek(queues.PIPE):
            try:
                failure = read_pipe_failure(message)
            except UnreadableMessageError:
                continue
            if found := self._is_in_batch(failure.DDBStreamBatchInfo, transaction_id, received_at_ms):
                return Location(
                    "pipe-failures",
                    f"{found} pipe-failures: {failure.context.condition}",
                    failure.context.condition,
                    command=f"invoke redrive --queue pipe-failures{self._option}",
                )
        return None

    def _is_in_batch(self, batch: FailedBatch, transaction_id: str, received_at_ms: int | None) -> str:
        """ "in" if the stream says so, "probably in" by its time; else empty."""
        first = batch.approximate_arrival_of_first_record.timestamp() * 1000 - _MARGIN_MS
        last = batch.approximate_arrival_of_last_record.timestamp() * 1000 + _MARGIN_MS
        if received_at_ms is not None and not first <= received_at_ms <= last:
            return ""
        try:
            images = read_inserted(self._streams, batch)
        except RecordsGoneError:
            return "" if received_at_ms is None else "probably in"
        return "in" if transaction_id in {image["transaction_id"]["S"] for image in images} else ""

    def _before_pipe(self) -> Location | None:
        try:
            state = self._pipes.describe_pipe(Name=self._pipe)["CurrentState"]
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") != "NotFoundException":
                # Without the permission to look at the pipe, the rest of the answer is still right.
                return None
            return Location(
                "stream",
                f"in the stream: there is no pipe '{self._pipe}'",
                command=f"invoke deploy --layer processing{self._option}",
            )
        if state == "RUNNING":
            return None
        return Location(
            "stream",
            f"in the stream: the pipe '{self._pipe}' is {state}",
            state,
            command=f"aws pipes start-pipe --name {self._pipe}",
        )

    def _peek(self, name: str) -> Iterator[Message]:
        """Up to MAX_LOOK messages of a failure queue, which are given back."""
        reader = QueueReader(self._sqs, self._failure_queues[name].url, VISIBILITY_SECONDS)
        try:
            for batch in reader.batches(MAX_LOOK):
                yield from batch
        finally:
            reader.release()

    def _read_attempts(self, transaction_id: str, since_ms: int) -> _Attempts:
        pages = self._logs.get_paginator("filter_log_events").paginate(
            logGroupName=self._log_group, startTime=since_ms, filterPattern=f'"{transaction_id}"'
        )
        errors = []
        with told_to_users():
            for page in pages:
                lines = [_parse(event["message"]) for event in page["events"]]
                errors += [_error_in(line) for line in lines if _is_error(line, transaction_id)]
        return _Attempts(len(errors), errors[-1] if errors else "")


def _error_of(queue: str, message: Message, transaction_id: str) -> str:
    """The error of a message about that transaction, or an empty string."""
    try:
        failure = read_failure(queue, message)
    except UnreadableMessageError:
        return ""
    return failure.error if transaction_id in failure.transaction_ids else ""


def _after(attempts: _Attempts) -> str:
    if not attempts.count:
        return ", and no attempt is logged"
    return f", after {attempts.count} failed attempts, the last with {attempts.last_error}"


def _parse(line: str) -> Mapping[str, Any]:
    try:
        content = json.loads(line)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def _is_error(line: Mapping[str, Any], transaction_id: str) -> bool:
    return line.get("level") == "ERROR" and line.get("correlation_id") == transaction_id


def _error_in(line: Mapping[str, Any]) -> str:
    """Such as `ClientError (AccessDenied)`."""
    code = line.get("code")
    return f"{line.get('error', 'an error')}{f' ({code})' if code else ''}"


def _hours(age_ms: int) -> str:
    """A duration that covers the age."""
    return f"{age_ms // 3_600_000 + 1}h"
