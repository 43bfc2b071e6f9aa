"""Delivery of one batch of stream records by a pipe: filter, transform, retry, bisect, dead letters.

The logic is pure: bus, queue, pattern matcher and clock are the PipeActions. An input template has the
placeholders `<$.path>` and `<aws.pipes.…>`:
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-input-transformation.html
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from local.delivery.pipes.settings import PipeSettings
from local.delivery.streams.records import (
    AGE_EXCEEDED,
    INFINITE,
    RETRIES_EXHAUSTED,
    StreamRecord,
    created_at,
    describe_batch,
    format_timestamp,
)

# PutEvents accepts at most ten entries.
ENTRIES_PER_CALL = 10
# Matching a whole string literal distinguishes a placeholder inside a string from one that is a value.
_LITERAL_OR_PLACEHOLDER = re.compile(r'"(?:\\.|[^"\\])*"|<[^<>]+>')
_PLACEHOLDER = re.compile(r"<([^<>]+)>")
_PATH = re.compile(r"\$((?:\.[A-Za-z0-9_-]+|\[\d+\])*)")
_STEP = re.compile(r"\.([A-Za-z0-9_-]+)|\[(\d+)\]")


class TemplateError(ValueError):
    """A template, or a path in it, cannot be applied to a record."""


class MissingValueError(TemplateError):
    """The record has no value at a path."""


class PipeActions(Protocol):
    """Actions of a pipe outside of this module: PipePoller in the daemon, a fake in unit tests."""

    def matches_pattern(self, pattern: str, record: StreamRecord) -> bool:
        """Whether an event pattern (JSON text) matches a record."""

    def put_events(self, entries: Sequence[dict[str, Any]]) -> list[str | None]:
        """The error of each entry, or None. If the call fails, every entry has an error."""

    def send_dead_letter(self, queue_arn: str, message: dict[str, Any]) -> None:
        """Send a message to the pipe's dead-letter queue."""

    def now(self) -> float:
        """Epoch seconds."""

    def wait_before_retry(self, attempt: int) -> None:
        """Wait before a retry; attempts are counted from 1. Raises DeliveryStoppedError."""

    def report_failure(self, reason: str) -> None:
        """Log and count a failed delivery."""


@dataclass(frozen=True)
class PipeDelivery:
    """Delivers batches with the settings of one pipe."""

    settings: PipeSettings
    actions: PipeActions

    def deliver(self, batch: Sequence[StreamRecord]) -> None:
        """Returns when every record was delivered, filtered out or abandoned. Raises DeliveryStoppedError."""
        groups = [[record for record in batch if self._passes_filter(record)]]
        while groups:
            group = groups.pop()
            attempt = 0
            while group := self._attempt(group):
                if self.settings.bisect and len(group) > 1:
                    middle = len(group) // 2
                    groups += [group[middle:], group[:middle]]
                    break
                if attempt == self.settings.maximum_retries:
                    self._abandon(group, RETRIES_EXHAUSTED)
                    break
                attempt += 1
                self.actions.wait_before_retry(attempt)

    def _passes_filter(self, record: StreamRecord) -> bool:
        patterns = self.settings.patterns
        return not patterns or any(self.actions.matches_pattern(pattern, record) for pattern in patterns)

    def _attempt(self, group: list[StreamRecord]) -> list[StreamRecord]:
        """Deliver the records that are not too old; returns those that failed."""
        oldest = self.actions.now() - self.settings.maximum_record_age_seconds
        if self.settings.maximum_record_age_seconds != INFINITE:
            self._abandon([record for record in group if created_at(record) < oldest], AGE_EXCEEDED)
            group = [record for record in group if created_at(record) >= oldest]
        failed: list[StreamRecord] = []
        ready: list[tuple[StreamRecord, dict[str, Any]]] = []
        for record in group:
            try:
                ready.append((record, self._to_entry(record)))
            except TemplateError as error:
                self.actions.report_failure(str(error))
                failed.append(record)
        for start in range(0, len(ready), ENTRIES_PER_CALL):
            part = ready[start : start + ENTRIES_PER_CALL]
            reasons = self.actions.put_events([entry for _, entry in part])
            for (record, _), reason in zip(part, reasons, strict=True):
                if reason is not None:
                    self.actions.report_failure(reason)
                    failed.append(record)
        return failed

    def _to_entry(self, record: StreamRecord) -> dict[str, Any]:
        """The record as an entry of PutEvents. Raises TemplateError."""
        settings = self.settings
        detail = json.dumps(record)
        if settings.template is not None:
            detail = render_template(settings.template, record, self._variables(record))
            try:
                is_object = isinstance(json.loads(detail), dict)
            except ValueError:
                is_object = False
            if not is_object:
                raise TemplateError(
                    "the input template does not produce a JSON object for the event's detail"
                )
        return {
            "EventBusName": settings.target_arn,
            "Source": resolve_parameter(settings.event_source, record),
            "DetailType": resolve_parameter(settings.detail_type, record),
            "Resources": [resolve_parameter(resource, record) for resource in settings.resources],
            "Detail": detail,
        }

    def _variables(self, record: StreamRecord) -> dict[str, Any]:
        return {
            "aws.pipes.pipe-arn": self.settings.arn,
            "aws.pipes.pipe-name": self.settings.name,
            "aws.pipes.source-arn": self.settings.source_arn,
            "aws.pipes.target-arn": self.settings.target_arn,
            "aws.pipes.event.ingestion-time": format_timestamp(self.actions.now()),
            "aws.pipes.event": record,
            "aws.pipes.event.json": record,
        }

    def _abandon(self, records: Sequence[StreamRecord], condition: str) -> None:
        """Send the position of the records in the stream, not their content, to the dead-letter queue."""
        if records and self.settings.dead_letter_arn:
            message = dead_letter_message(self.settings, records, condition, self.actions.now())
            self.actions.send_dead_letter(self.settings.dead_letter_arn, message)


def render_template(template: str, record: Any, variables: Mapping[str, Any]) -> str:
    """The template with its placeholders replaced.

    A placeholder that is a value becomes JSON, so a string gets quotes. Inside a string literal, a string is
    inserted without quotes. A path that does not exist in the record "won't appear in the output": it leaves
    an empty string, as in AWS's input transformers of rules. Raises TemplateError for an invalid placeholder.
    """

    def read_value(name: str) -> Any:
        if name.startswith("$"):
            try:
                return find_value(record, name)
            except MissingValueError:
                return ""
        if name in variables:
            return variables[name]
        raise TemplateError(f"unknown variable <{name}>")

    def insert_text(match: re.Match[str]) -> str:
        value = read_value(match.group(1))
        text = value if isinstance(value, str) else json.dumps(value)
        return json.dumps(text)[1:-1]

    def replace_token(match: re.Match[str]) -> str:
        token = match.group(0)
        if token.startswith('"'):
            return _PLACEHOLDER.sub(insert_text, token)
        return json.dumps(read_value(token[1:-1]))

    return _LITERAL_OR_PLACEHOLDER.sub(replace_token, template)


def find_value(record: Any, path: str) -> Any:
    """The value at a JSON path (`$.a.b[0]`). Raises TemplateError, MissingValueError."""
    match = _PATH.fullmatch(path)
    if match is None:
        raise TemplateError(f"{path} is not a JSON path that EventBridge supports")
    value = record
    for key, index in _STEP.findall(match.group(1)):
        try:
            value = value[key] if key else value[int(index)]
        except (KeyError, IndexError, TypeError) as error:
            raise MissingValueError(f"the record has no value at {path}") from error
    return value


def resolve_parameter(value: str, record: Any) -> Any:
    """A target parameter: the value at the JSON path, or the parameter itself if it is not a path."""
    return find_value(record, value) if value.startswith("$.") else value


def dead_letter_message(
    settings: PipeSettings, records: Sequence[StreamRecord], condition: str, now: float
) -> dict[str, Any]:
    """The message that AWS sends for stream records that a pipe abandoned."""
    return {
        "context": {"partnerResourceArn": settings.arn, "condition": condition},
        "version": "1.0",
        "timestamp": format_timestamp(now),
        "DDBStreamBatchInfo": describe_batch(records, settings.source_arn),
    }
