"""Puts events on the pipeline's bus."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from functions.common.domain.transaction_event import DETAIL_TYPE, SOURCE, event_detail, from_attributes
from operations.monitoring.failures import Event
from terminal.aws_errors import told_to_users

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

Entry = Mapping[str, Any]

# PutEvents takes ten entries of 256 KB together.
MAX_ENTRIES = 10
MAX_BYTES = 240_000


def transaction_entry(attributes: Mapping[str, Mapping[str, object]]) -> Entry:
    """The event that the pipe announces an inserted item with. Raises UnreadableTransactionError."""
    from_attributes(attributes)
    return {"Source": SOURCE, "DetailType": DETAIL_TYPE, "Detail": json.dumps(event_detail(attributes))}


def event_entry(event: Event) -> Entry:
    """An event that was on a bus before, as PutEvents takes it."""
    entry: dict[str, Any] = {
        "Source": event.source,
        "DetailType": event.detail_type,
        "Detail": json.dumps(event.detail),
        "Resources": list(event.resources),
    }
    return entry if event.time is None else {**entry, "Time": event.time}


class Bus:
    """The bus with that name."""

    def __init__(self, client: "EventBridgeClient", name: str) -> None:
        self._client = client
        self._name = name

    def put(self, entries: Sequence[Entry]) -> list[str]:
        """Per entry the code of the error that the bus refuses it with, or an empty string. Raises UserError.

        After a UserError some entries may be on the bus.
        """
        errors: list[str] = []
        for chunk in chunks(entries, [len(entry["Detail"].encode()) for entry in entries], MAX_BYTES):
            named: Any = [{**entry, "EventBusName": self._name} for entry in chunk]
            with told_to_users():
                answer = self._client.put_events(Entries=named)
            errors += [result.get("ErrorCode", "") for result in answer["Entries"]]
        return errors


def chunks(values: Sequence[Any], sizes: Sequence[int], max_bytes: int) -> Iterator[list[Any]]:
    """The values in their order, up to ten and up to `max_bytes` together; a larger one is alone."""
    chunk: list[Any] = []
    total = 0
    for value, size in zip(values, sizes, strict=True):
        if chunk and (len(chunk) == MAX_ENTRIES or total + size > max_bytes):
            yield chunk
            chunk, total = [], 0
        chunk.append(value)
        total += size
    if chunk:
        yield chunk
