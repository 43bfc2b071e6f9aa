"""The poller of an enabled event source mapping reads the table's stream with the function's role."""

import logging
import math
from typing import Any

from local.aws_json import AwsError, Caller
from local.delivery.async_queue import InvocationResult
from local.delivery.delays import Delays
from local.delivery.emulated_services import matches_pattern
from local.delivery.mappings.delivery import MappingDelivery, Progress
from local.delivery.mappings.emulated_mappings import EmulatedMapping
from local.delivery.streams.pollers import GATHER_SECONDS, IDLE_SECONDS, Pause, StreamPoller
from local.delivery.streams.reader import StreamReader
from local.delivery.streams.records import DeliveryStoppedError, StreamRecord

logger = logging.getLogger("local.mappings")

# Lambda polls a stream four times a second. While a batch is gathered, no function waits for the records.
BATCHING_POLL_SECONDS = 0.25


class _SettingsChangedError(Exception):
    """The mapping was updated during the retries of a batch."""


class MappingPoller(StreamPoller):
    """The thread of one enabled mapping, and the actions of its deliveries."""

    def __init__(self, mapping: EmulatedMapping, delays: Delays) -> None:
        super().__init__(f"mapping-{mapping.name}", delays)
        self._mapping = mapping
        self._session: Caller | None = None
        self._reader: StreamReader | None = None
        self._delivery: MappingDelivery | None = None

    def deliver_next(self) -> Pause | None:
        if self._stopping.is_set() or not self._mapping.is_running():
            return Pause()
        settings = self._mapping.settings()
        if self._delivery is None or self._delivery.settings != settings:
            progress = self._mapping.progress()
            self._reader = StreamReader(self._call_streams, settings.source_arn, progress.position)
            self._delivery = MappingDelivery(settings, self, progress)
        try:
            due_in = self._delivery.deliver_next()
        except _SettingsChangedError:
            self._delivery = None
            return None
        if due_in is None:
            return None
        gather = BATCHING_POLL_SECONDS if self._delivery.is_gathering else GATHER_SECONDS
        return Pause(IDLE_SECONDS if math.isinf(due_in) else due_in, gather)

    def report_read_error(self, error: AwsError) -> None:
        logger.warning("mapping %s cannot read its stream: %s", self._mapping.name, error)
        self._mapping.set_result(f"PROBLEM: {error}")
        self._session = self._reader = self._delivery = None

    def read(self, limit: int) -> list[StreamRecord]:
        return self._reader.read(limit) if self._reader else []

    def matches_pattern(self, pattern: str, record: StreamRecord) -> bool:
        return matches_pattern(pattern, record)

    def invoke(self, event: dict[str, Any]) -> InvocationResult:
        result = self._mapping.invoke(event)
        if result.result != "ok" and self._stopping.is_set():
            # A stop ends the processes of functions, which is not a failure of the function.
            raise DeliveryStoppedError
        return result

    def discard(self, destination_arn: str, message: dict[str, Any]) -> None:
        if not self._mapping.discard(destination_arn, message):
            logger.error("mapping %s lost records %s", self._mapping.name, message["DDBStreamBatchInfo"])

    def save(self, progress: Progress) -> None:
        self._mapping.save(progress)

    def wait_before_retry(self, attempt: int) -> None:
        super().wait_before_retry(attempt)
        if self._delivery is not None and self._delivery.settings != self._mapping.settings():
            raise _SettingsChangedError

    def report_failure(self, reason: str) -> None:
        logger.warning("mapping %s: delivery failed: %s", self._mapping.name, reason)
        self._mapping.set_result(f"PROBLEM: {reason}")

    def _call_streams(self, operation: str, payload: dict[str, Any]) -> dict[str, Any]:
        if self._session is None:
            self._session = self._mapping.assume_role()
        return self._mapping.aws.call(self._session, "dynamodb", operation, payload)
