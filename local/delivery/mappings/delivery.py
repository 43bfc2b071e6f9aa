"""Delivery from a stream to a function: batches, filter, tumbling windows, retries, bisecting, discards.

The logic is pure: stream, function, destination and clock are the MappingActions. Batches are
delivered in the order of the stream and at least once.
https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Protocol
from uuid import uuid4

from local.delivery.async_queue import InvocationResult
from local.delivery.mappings.batches import BatchBuffer, TumblingWindow
from local.delivery.mappings.responses import BatchOutcome
from local.delivery.mappings.settings import MappingSettings
from local.delivery.streams.records import (
    AGE_EXCEEDED,
    INFINITE,
    RETRIES_EXHAUSTED,
    SHARD_ID,
    StreamRecord,
    created_at,
    describe_batch,
    format_timestamp,
    sequence_number,
)

# Lambda ends a tumbling window early if its state is larger.
MAXIMUM_STATE_BYTES = 1024 * 1024


@dataclass(frozen=True)
class Progress:
    """The last processed sequence number, None before the first, and the open tumbling window."""

    position: str | None = None
    window: TumblingWindow | None = None


class MappingActions(Protocol):
    """Actions of a mapping outside of this module: MappingPoller in the daemon, a fake in unit tests."""

    def read(self, limit: int) -> list[StreamRecord]:
        """The next records of the stream, at most `limit`; empty at its end."""

    def matches_pattern(self, pattern: str, record: StreamRecord) -> bool:
        """Whether an event pattern (JSON text) matches a record."""

    def invoke(self, event: dict[str, Any]) -> InvocationResult:
        """Invoke the function and wait for it."""

    def discard(self, destination_arn: str, message: dict[str, Any]) -> None:
        """Send the description of abandoned records to the on-failure destination."""

    def save(self, progress: Progress) -> None:
        """Store the progress, so that it survives a restart."""

    def now(self) -> float:
        """Epoch seconds."""

    def wait_before_retry(self, attempt: int) -> None:
        """Wait before a retry; attempts are counted from 1. Raises DeliveryStoppedError."""

    def report_failure(self, reason: str) -> None:
        """Log a failed invocation."""


class MappingDelivery:
    """Delivers the records of one stream with the settings of one mapping, from a saved progress."""

    def __init__(self, settings: MappingSettings, actions: MappingActions, progress: Progress) -> None:
        self.settings = settings
        self._actions = actions
        self._progress = progress
        self._read_position = progress.position
        self._buffer = BatchBuffer(settings)

    def deliver_next(self) -> float | None:
        """Deliver a batch or close a window, if one is due; None in this case.

        Otherwise returns the seconds until one is due without further records; infinity if there is none.
        Raises DeliveryStoppedError.
        """
        self._gather()
        batch, window = self._buffer.next_batch(), self._progress.window
        due_at = self._buffer.due_at(batch) if batch else math.inf
        closes_at = window.closes_at if window else math.inf
        if window and batch and not window.contains(batch[0]):
            closes_at = 0.0
        now = self._actions.now()
        if window and closes_at <= now and (not batch or not window.contains(batch[0])):
            self._close_window(window)
            return None
        if due_at <= now:
            self._deliver(batch)
            return None
        return min(due_at, closes_at) - now

    @property
    def is_gathering(self) -> bool:
        """Whether records wait for the end of the batching window."""
        return len(self._buffer) > 0

    def _gather(self) -> None:
        """Read until a batch is full or the stream ends. Lambda drops records that match no filter."""
        while (room := self._buffer.room()) > 0:
            records = self._actions.read(room)
            if not records:
                break
            self._read_position = sequence_number(records[-1])
            matching = [record for record in records if self._passes_filter(record)]
            if matching:
                self._buffer.add(matching, self._actions.now())
        self._skip_dropped_records()

    def _passes_filter(self, record: StreamRecord) -> bool:
        patterns = self.settings.patterns
        return not patterns or any(self._actions.matches_pattern(pattern, record) for pattern in patterns)

    def _skip_dropped_records(self) -> None:
        if not self._buffer and self._read_position != self._progress.position:
            self._save(replace(self._progress, position=self._read_position))

    def _deliver(self, batch: list[StreamRecord]) -> None:
        """Returns when every record of the batch was processed or abandoned."""
        seconds = self.settings.tumbling_window_seconds
        if not seconds:
            self._progress = replace(self._progress, window=None)
        elif self._progress.window is None:
            self._progress = replace(self._progress, window=TumblingWindow.from_record(batch[0], seconds))
        groups = [batch]
        while groups:
            groups += reversed(self._deliver_group(groups.pop()))
        self._buffer.remove(batch, self._actions.now())
        self._skip_dropped_records()

    def _deliver_group(self, group: list[StreamRecord]) -> list[list[StreamRecord]]:
        """Retry until every record was processed or abandoned; returns the halves of a group to bisect."""
        invocations = retries = throttles = 0
        while group := self._without_expired(group, invocations):
            result = self._actions.invoke(self._event(group, self._progress.window))
            outcome = BatchOutcome.from_result(result, group, self.settings)
            if outcome.throttled:
                throttles += 1
                self._actions.report_failure(outcome.failure)
                self._actions.wait_before_retry(throttles)
                continue
            invocations += 1
            if outcome.processed:
                self._advance(group[outcome.processed - 1], outcome)
            group = group[outcome.processed :]
            if not group:
                break
            self._actions.report_failure(outcome.failure)
            if self.settings.bisect and len(group) > 1 and not outcome.processed:
                middle = len(group) // 2
                return [group[:middle], group[middle:]]
            if retries == self.settings.maximum_retries:
                self._abandon(group, RETRIES_EXHAUSTED, invocations)
                break
            retries += 1
            self._actions.wait_before_retry(retries)
        return []

    def _without_expired(self, group: list[StreamRecord], invocations: int) -> list[StreamRecord]:
        """Abandon the records that are too old; returns the others."""
        if self.settings.maximum_record_age_seconds == INFINITE:
            return group
        oldest = self._actions.now() - self.settings.maximum_record_age_seconds
        expired = [record for record in group if created_at(record) < oldest]
        if expired:
            self._abandon(expired, AGE_EXCEEDED, invocations)
        return [record for record in group if created_at(record) >= oldest]

    def _advance(self, last: StreamRecord, outcome: BatchOutcome) -> None:
        """Save the position after processed records, and the state that the function returned."""
        window = self._progress.window
        if window is not None:
            window = replace(window, state=outcome.state)
        self._save(Progress(sequence_number(last), window))
        if window is not None and len(json.dumps(window.state)) > MAXIMUM_STATE_BYTES:
            self._close_window(window, early=True)

    def _abandon(self, records: Sequence[StreamRecord], condition: str, invocations: int) -> None:
        if self.settings.destination_arn:
            message = discard_message(self.settings, records, condition, invocations, self._actions.now())
            self._actions.discard(self.settings.destination_arn, message)
        self._save(replace(self._progress, position=sequence_number(records[-1])))

    def _close_window(self, window: TumblingWindow, *, early: bool = False) -> None:
        """The final invocation of a window, without records. Lambda repeats it until it succeeds."""
        attempt = 0
        if self.settings.tumbling_window_seconds:
            event = {
                **self._event([], window),
                "isFinalInvokeForWindow": True,
                "isWindowTerminatedEarly": early,
            }
            while failure := BatchOutcome.from_result(self._actions.invoke(event), [], self.settings).failure:
                attempt += 1
                self._actions.report_failure(failure)
                self._actions.wait_before_retry(attempt)
        # A window that ended early continues without its state.
        self._save(replace(self._progress, window=replace(window, state={}) if early else None))

    def _event(self, records: Sequence[StreamRecord], window: TumblingWindow | None) -> dict[str, Any]:
        event: dict[str, Any] = {"Records": list(records)}
        if window is not None:
            event |= {
                "window": {"start": _format_second(window.start), "end": _format_second(window.end)},
                "state": window.state,
                "shardId": SHARD_ID,
                "eventSourceARN": self.settings.source_arn,
                "isFinalInvokeForWindow": False,
                "isWindowTerminatedEarly": False,
            }
        return event

    def _save(self, progress: Progress) -> None:
        self._progress = progress
        self._actions.save(progress)


def discard_message(
    settings: MappingSettings,
    records: Sequence[StreamRecord],
    condition: str,
    invocations: int,
    now: float,
) -> dict[str, Any]:
    """The message that Lambda sends for records that it abandoned.

    https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
    """
    return {
        "requestContext": {
            "requestId": str(uuid4()),
            "functionArn": settings.function_arn,
            "condition": condition,
            "approximateInvokeCount": invocations,
        },
        "responseContext": {
            "statusCode": 200,
            "executedVersion": "$LATEST",
            "functionError": "Unhandled" if condition == RETRIES_EXHAUSTED else None,
        },
        "version": "1.0",
        "timestamp": format_timestamp(now),
        "DDBStreamBatchInfo": describe_batch(records, settings.source_arn),
    }


def _format_second(epoch_seconds: int) -> str:
    return datetime.fromtimestamp(epoch_seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
