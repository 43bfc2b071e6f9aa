"""One batch of stream records through a pipe: filter, transform, deliver, retry, bisect, dead-letter.

Pure logic: the bus, the queue, the matcher and the clock are handed in.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from local.delivery.json_template import TemplateError, render, resolve
from local.delivery.pipe_settings import INFINITE, PipeSettings

Record = Mapping[str, Any]
# PutEvents takes at most so many.
ENTRIES_PER_CALL = 10
AGE_EXCEEDED = "RecordAgeExceeded"
RETRIES_EXHAUSTED = "RetryAttemptsExhausted"


class Stopped(Exception):  # noqa: N818 (no error: the batch is delivered again after the next start)
    """The pipe was stopped before all of the batch had arrived somewhere."""


class Surroundings(Protocol):
    """What a pipe needs of the world."""

    def matches(self, pattern: str, record: Record) -> bool:
        """Whether an event pattern (JSON text) matches a record."""

    def put_events(self, entries: Sequence[dict[str, Any]]) -> list[str | None]:
        """Per entry what is wrong with it, or None; all of them are wrong if the call itself fails."""

    def dead_letter(self, message: dict[str, Any]) -> None:
        """Send a message to the pipe's dead-letter queue."""

    def now(self) -> float:
        """Epoch seconds."""

    def wait(self, attempt: int) -> None:
        """Wait before the retry of that number, the first being 1. Raises Stopped if the pipe is stopped."""

    def failed(self, reason: str) -> None:
        """Take note of why a delivery failed."""


@dataclass(frozen=True)
class PipeDelivery:
    """Delivers batches with one pipe's settings."""

    settings: PipeSettings
    world: Surroundings

    def deliver(self, batch: Sequence[Record]) -> None:
        """Returns once each record arrived, was filtered out or was given up. Raises Stopped."""
        groups = [[record for record in batch if self._wanted(record)]]
        while groups:
            group = groups.pop()
            attempt = 0
            while group := self._try(group):
                if self.settings.bisect and len(group) > 1:
                    middle = len(group) // 2
                    groups += [group[middle:], group[:middle]]
                    break
                if attempt == self.settings.maximum_retries:
                    self._give_up(group, RETRIES_EXHAUSTED)
                    break
                attempt += 1
                self.world.wait(attempt)

    def _wanted(self, record: Record) -> bool:
        patterns = self.settings.patterns
        return not patterns or any(self.world.matches(pattern, record) for pattern in patterns)

    def _try(self, group: list[Record]) -> list[Record]:
        """Deliver what is young enough; returns what failed."""
        oldest = self.world.now() - self.settings.maximum_record_age_seconds
        if self.settings.maximum_record_age_seconds != INFINITE:
            self._give_up([record for record in group if _created(record) < oldest], AGE_EXCEEDED)
            group = [record for record in group if _created(record) >= oldest]
        failed: list[Record] = []
        ready: list[tuple[Record, dict[str, Any]]] = []
        for record in group:
            try:
                ready.append((record, self.entry(record)))
            except TemplateError as error:
                self.world.failed(str(error))
                failed.append(record)
        for start in range(0, len(ready), ENTRIES_PER_CALL):
            part = ready[start : start + ENTRIES_PER_CALL]
            reasons = self.world.put_events([entry for _, entry in part])
            for (record, _), reason in zip(part, reasons, strict=True):
                if reason is not None:
                    self.world.failed(reason)
                    failed.append(record)
        return failed

    def entry(self, record: Record) -> dict[str, Any]:
        """The record as an entry of PutEvents. Raises TemplateError if it cannot be made into one."""
        settings = self.settings
        detail = json.dumps(record)
        if settings.template is not None:
            detail = render(settings.template, record, self._variables(record))
            try:
                is_object = isinstance(json.loads(detail), dict)
            except ValueError:
                is_object = False
            if not is_object:
                raise TemplateError(
                    "the input template does not make a JSON object, which an event's detail is"
                )
        return {
            "EventBusName": settings.target_arn,
            "Source": resolve(settings.event_source, record),
            "DetailType": resolve(settings.detail_type, record),
            "Resources": [resolve(resource, record) for resource in settings.resources],
            "Detail": detail,
        }

    def _variables(self, record: Record) -> dict[str, Any]:
        return {
            "aws.pipes.pipe-arn": self.settings.arn,
            "aws.pipes.pipe-name": self.settings.name,
            "aws.pipes.source-arn": self.settings.source_arn,
            "aws.pipes.target-arn": self.settings.target_arn,
            "aws.pipes.event.ingestion-time": timestamp(self.world.now()),
            "aws.pipes.event": record,
            "aws.pipes.event.json": record,
        }

    def _give_up(self, records: Sequence[Record], condition: str) -> None:
        """Say in the dead-letter queue where in the stream they are; as on AWS, not what they hold."""
        if records and self.settings.dead_letter_arn:
            self.world.dead_letter(dead_letter(self.settings, records, condition, self.world.now()))


def dead_letter(
    settings: PipeSettings, records: Sequence[Record], condition: str, now: float
) -> dict[str, Any]:
    """The message that AWS sends for records of a stream that a pipe gave up."""
    first, last = records[0], records[-1]
    return {
        "context": {"partnerResourceArn": settings.arn, "condition": condition},
        "version": "1.0",
        "timestamp": timestamp(now),
        "DDBStreamBatchInfo": {
            "shardId": SHARD_ID,
            "startSequenceNumber": first["dynamodb"]["SequenceNumber"],
            "endSequenceNumber": last["dynamodb"]["SequenceNumber"],
            "approximateArrivalOfFirstRecord": timestamp(_created(first)),
            "approximateArrivalOfLastRecord": timestamp(_created(last)),
            "batchSize": len(records),
            "streamArn": settings.source_arn,
        },
    }


# A stream of ministack's has one shard.
SHARD_ID = "shardId-00000000000000000000-00000000"


def timestamp(epoch_seconds: float) -> str:
    """As AWS writes times in its records: ISO 8601, UTC, milliseconds."""
    return (
        datetime.fromtimestamp(epoch_seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    )


def _created(record: Record) -> float:
    return float(record["dynamodb"]["ApproximateCreationDateTime"])
