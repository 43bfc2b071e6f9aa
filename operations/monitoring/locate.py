"""Finds the place of a transaction without a decision: the stream, the retry queue or a failure queue.

Does not receive from the retry queue, which would hide the message and count as an attempt. The attempts are
in the log of the fraud function.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from botocore.exceptions import ClientError

from operations.deployed import DeployedPipeline
from operations.monitoring import queues
from operations.monitoring.failures import (
    FailedBatch,
    UnreadableMessageError,
    read_failure,
    read_pipe_failure,
)
from operations.monitoring.log_tail import parse_object
from operations.monitoring.queues import Queue, count_queue_messages
from operations.monitoring.reader import Message, peek_messages
from operations.monitoring.stream_records import RecordsUnavailableError, read_inserted_items
from shared.configuration import validate_file
from shared.contracts import ProcessingOutputs, require_string
from shared.names import Names
from stacks.processing.settings import ProcessingSettings
from terminal.aws_errors import translate_aws_errors
from terminal.command_line import command_line

if TYPE_CHECKING:
    from mypy_boto3_dynamodbstreams import DynamoDBStreamsClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_pipes import EventBridgePipesClient
    from mypy_boto3_sqs import SQSClient

LocationName = Literal["stream", "retry", "pipe-failures", "events-failures", "fraud-failures", "nowhere"]

# A decision normally follows the POST within two seconds. A cold start takes longer.
DECISION_DELAY_MS = 10_000
# Lambda retries a failed asynchronous event twice.
LAMBDA_ATTEMPTS = 3
HOUR_MS = 3_600_000
# `received_at` and the arrival in the stream differ by clock skew and by retries of the API's write.
_MARGIN_MS = 60_000


@dataclass(frozen=True)
class Location:
    """The place of a transaction without a decision.

    `sentence` describes the place. `command` repairs it; it is empty if no repair is needed.
    """

    place: LocationName
    sentence: str
    error: str = ""
    attempts: int = 0
    command: str = ""


@dataclass(frozen=True)
class _Attempts:
    """The failed attempts at one transaction in the fraud function's log."""

    count: int = 0
    last_error: str = ""


@dataclass(frozen=True, kw_only=True)
class Locator:
    """Finds transactions in one deployed pipeline. `env` is for commands; empty for `local`."""

    sqs: "SQSClient"
    streams: "DynamoDBStreamsClient"
    logs: "CloudWatchLogsClient"
    pipes: "EventBridgePipesClient"
    failure_queues: Mapping[str, Queue]
    retry_queue: Queue
    log_group: str
    pipe: str
    env: str = ""

    @classmethod
    def from_deployed(cls, deployed: DeployedPipeline) -> "Locator":
        """Connect to a deployed pipeline. Raises UserError if a layer is not deployed."""
        environment = deployed.environment
        settings = validate_file(ProcessingSettings, environment.name, environment.root)
        function = require_string(deployed.outputs(ProcessingOutputs).fraud_function_name)
        return cls(
            sqs=deployed.sqs_client(),
            streams=deployed.streams_client(),
            logs=deployed.logs_client(),
            pipes=deployed.pipes_client(),
            failure_queues={queue.name: queue for queue in queues.find_failure_queues(deployed)},
            retry_queue=queues.find_retry_queue(deployed),
            log_group=f"/aws/lambda/{function}",
            pipe=Names(settings.name_suffix).pipe,
            env="" if environment.is_local else environment.name,
        )

    def locate(self, transaction_id: str, received_at_ms: int | None, now_ms: int) -> Location:
        """Find a transaction; `received_at_ms` is None if the time is unknown. Raises UserError."""
        received_ms = now_ms - 24 * HOUR_MS if received_at_ms is None else received_at_ms
        attempts = self._read_attempts(transaction_id, received_ms)
        is_recent = received_at_ms is not None and now_ms - received_at_ms < DECISION_DELAY_MS
        if is_recent and not attempts.count:
            return Location("stream", "in the stream: it was received a few seconds ago")
        return (
            self._in_failure_queue(queues.FRAUD, transaction_id, attempts.count)
            or self._in_failure_queue(queues.EVENTS, transaction_id)
            or self._in_retry(attempts)
            or self._in_pipe_failures(transaction_id, received_at_ms)
            or self._before_pipe()
            or Location(
                "nowhere",
                f"in no queue that can be searched, {_describe_attempts(attempts)}",
                attempts.last_error,
                attempts.count,
                command=command_line(
                    "replay", since=f"{(now_ms - received_ms) // HOUR_MS + 1}h", env=self.env
                ),
            )
        )

    def _in_failure_queue(
        self, queue: Literal["events-failures", "fraud-failures"], transaction_id: str, attempts: int = 0
    ) -> Location | None:
        for message in self._peek(queue):
            if error := _find_error(queue, message, transaction_id):
                # Only EventBridge adds this attribute.
                detail = message.attribute("ERROR_MESSAGE")
                sentence = f"in {queue}: {error}{f' ({detail})' if detail else ''}"
                return Location(queue, sentence, error, attempts, self._redrive_command(queue))
        return None

    def _in_retry(self, attempts: _Attempts) -> Location | None:
        if not attempts.count:
            return None
        count = count_queue_messages(self.sqs, self.retry_queue)
        if not count and attempts.count >= LAMBDA_ATTEMPTS:
            # Lambda gave up, and the role lacks the permission to send its record to the retry queue.
            return None
        return Location(
            "retry",
            f"in {queues.RETRY} or with Lambda, waiting for the next retry: {attempts.count} failed attempts"
            f" are logged, the last with {attempts.last_error}; {count} messages are in {queues.RETRY}",
            attempts.last_error,
            attempts.count,
        )

    def _in_pipe_failures(self, transaction_id: str, received_at_ms: int | None) -> Location | None:
        for message in self._peek(queues.PIPE):
            try:
                failure = read_pipe_failure(message)
            except UnreadableMessageError:
                continue
            if match := self._match_batch(failure.DDBStreamBatchInfo, transaction_id, received_at_ms):
                return Location(
                    "pipe-failures",
                    f"{match} pipe-failures: {failure.context.condition}",
                    failure.context.condition,
                    command=self._redrive_command(queues.PIPE),
                )
        return None

    def _match_batch(self, batch: FailedBatch, transaction_id: str, received_at_ms: int | None) -> str:
        """Return "in" by the stream's records or "probably in" by the time; empty if it does not match."""
        first = batch.approximate_arrival_of_first_record.timestamp() * 1000 - _MARGIN_MS
        last = batch.approximate_arrival_of_last_record.timestamp() * 1000 + _MARGIN_MS
        if received_at_ms is not None and not first <= received_at_ms <= last:
            return ""
        try:
            images = read_inserted_items(self.streams, batch)
        except RecordsUnavailableError:
            return "" if received_at_ms is None else "probably in"
        return "in" if transaction_id in {image["transaction_id"]["S"] for image in images} else ""

    def _before_pipe(self) -> Location | None:
        try:
            state = self.pipes.describe_pipe(Name=self.pipe)["CurrentState"]
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") != "NotFoundException":
                # Without the permission to describe the pipe, the location is still useful.
                return None
            return Location(
                "stream",
                f"in the stream: the pipe '{self.pipe}' does not exist",
                command=command_line("deploy", layer="processing", env=self.env),
            )
        if state == "RUNNING":
            return None
        return Location(
            "stream",
            f"in the stream: the pipe '{self.pipe}' is {state}",
            state,
            command=f"aws pipes start-pipe --name {self.pipe}",
        )

    def _peek(self, name: str) -> Iterator[Message]:
        return peek_messages(self.sqs, self.failure_queues[name].url)

    def _redrive_command(self, queue: str) -> str:
        return command_line("redrive", queue=queue, env=self.env)

    def _read_attempts(self, transaction_id: str, since_ms: int) -> _Attempts:
        pages = self.logs.get_paginator("filter_log_events").paginate(
            logGroupName=self.log_group, startTime=since_ms, filterPattern=f'"{transaction_id}"'
        )
        errors = []
        with translate_aws_errors():
            for page in pages:
                lines = [parse_object(event["message"]) or {} for event in page["events"]]
                errors += [_format_error(line) for line in lines if _is_error(line, transaction_id)]
        return _Attempts(len(errors), errors[-1] if errors else "")


def _find_error(queue: str, message: Message, transaction_id: str) -> str:
    """Return the error if the message is about the transaction, else an empty string."""
    try:
        failure = read_failure(queue, message)
    except UnreadableMessageError:
        return ""
    return failure.error if transaction_id in failure.transaction_ids else ""


def _describe_attempts(attempts: _Attempts) -> str:
    if not attempts.count:
        return "and no attempt is logged"
    return f"after {attempts.count} failed attempts, the last with {attempts.last_error}"


def _is_error(line: Mapping[str, Any], transaction_id: str) -> bool:
    return line.get("level") == "ERROR" and line.get("correlation_id") == transaction_id


def _format_error(line: Mapping[str, Any]) -> str:
    """Return the error, such as `ClientError (AccessDenied)`."""
    code = line.get("code")
    return f"{line.get('error', 'an error')}{f' ({code})' if code else ''}"
