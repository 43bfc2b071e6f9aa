"""The poller of a running pipe reads the table's stream and delivers batches with the pipe's role."""

import json
import logging
from collections.abc import Sequence
from typing import Any

from local.aws_json import AwsError, Caller
from local.delivery.delays import Delays
from local.delivery.pipes.delivery import PipeDelivery
from local.delivery.pipes.emulated_pipes import EmulatedPipe
from local.delivery.streams.pollers import Pause, StreamPoller
from local.delivery.streams.reader import StreamReader
from local.delivery.streams.records import StreamRecord

logger = logging.getLogger("local.pipes")


class PipePoller(StreamPoller):
    """The thread of one running pipe, and the actions of its deliveries. All calls use the pipe's role."""

    def __init__(self, pipe: EmulatedPipe, delays: Delays) -> None:
        super().__init__(f"pipe-{pipe.name}", delays)
        self._pipe = pipe
        self._session: tuple[str, Caller] | None = None
        self._reader: StreamReader | None = None

    def deliver_next(self) -> Pause | None:
        if self._stopping.is_set() or not self._pipe.is_running():
            return Pause()
        settings = self._pipe.settings()
        if self._reader is None:
            self._reader = StreamReader(self._call_streams, settings.source_arn, self._pipe.position())
        records = self._reader.read(settings.batch_size)
        if not records:
            return Pause()
        PipeDelivery(settings, self).deliver(records)
        if self._reader.position is not None:
            self._pipe.advance(self._reader.position)
        return None

    def report_read_error(self, error: AwsError) -> None:
        logger.warning("pipe %s cannot read its stream: %s", self._pipe.name, error)
        self._pipe.count_failure()
        self._session = self._reader = None

    def matches_pattern(self, pattern: str, record: StreamRecord) -> bool:
        return self._pipe.matches_pattern(pattern, record)

    def put_events(self, entries: Sequence[dict[str, Any]]) -> list[str | None]:
        try:
            response = self._call("events", "PutEvents", {"Entries": list(entries)})
        except AwsError as error:
            return [str(error)] * len(entries)
        return [
            f"{entry['ErrorCode']}: {entry.get('ErrorMessage', '')}" if entry.get("ErrorCode") else None
            for entry in response["Entries"]
        ]

    def send_dead_letter(self, queue_arn: str, message: dict[str, Any]) -> None:
        request = {"QueueUrl": self._pipe.queue_url(queue_arn), "MessageBody": json.dumps(message)}
        try:
            self._call("sqs", "SendMessage", request)
        except AwsError as error:
            # AWS drops records as well if neither the target nor the dead-letter queue accepts them.
            batch = message["DDBStreamBatchInfo"]
            logger.error("pipe %s lost records %s: %s", self._pipe.name, batch, error)  # noqa: TRY400

    def report_failure(self, reason: str) -> None:
        logger.warning("pipe %s: delivery failed: %s", self._pipe.name, reason)
        self._pipe.count_failure()

    def _call_streams(self, operation: str, payload: dict[str, Any]) -> dict[str, Any]:
        return self._call("dynamodb", operation, payload)

    def _call(self, service: str, operation: str, payload: dict[str, Any]) -> dict[str, Any]:
        """Call an operation with a session of the current role of the pipe."""
        role = self._pipe.settings().role_arn
        if self._session is None or self._session[0] != role:
            self._session = (role, self._pipe.assume_role())
        return self._pipe.aws.call(self._session[1], service, operation, payload)
