"""Events for the pipeline's bus, and the requests that put them on it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from functions.common.domain.transaction_event import (
    DETAIL_TYPE,
    SOURCE,
    build_event_detail,
    decode_transaction,
)
from operations.monitoring.failures import Event
from terminal.aws_errors import translate_aws_errors

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

Entry = Mapping[str, Any]

# PutEvents takes up to ten entries of 256 KB in total.
MAX_ENTRIES = 10
MAX_BYTES = 240_000


def build_transaction_entry(attributes: Mapping[str, Mapping[str, object]]) -> Entry:
    """Return the event that the pipe creates for an inserted item. Raises UnreadableTransactionError."""
    decode_transaction(attributes)
    return {"Source": SOURCE, "DetailType": DETAIL_TYPE, "Detail": json.dumps(build_event_detail(attributes))}


def build_event_entry(event: Event) -> Entry:
    """Return the PutEvents entry for an event that was on a bus before."""
    entry: dict[str, Any] = {
        "Source": event.source,
        "DetailType": event.detail_type,
        "Detail": json.dumps(event.detail),
        "Resources": list(event.resources),
    }
    return entry if event.time is None else {**entry, "Time": event.time}


class Bus:
    """The event bus with the name `name`."""

    def __init__(self, client: "EventBridgeClient", name: str) -> None:
        self._client = client
        self._name = name

    def put(self, entries: Sequence[Entry]) -> list[str]:
        """Put entries on the bus and return an error code for each, empty if the bus took it.

        Raises UserError, after which some entries may be on the bus.
        """
        errors: list[str] = []
        for chunk in split_chunks(entries, [len(entry["Detail"].encode()) for entry in entries], MAX_BYTES):
            named: Any = [{**entry, "EventBusName": self._name} for entry in chunk]
            with translate_aws_errors():
                answer = self._client.put_events(Entries=named)
            errors += [result.get("ErrorCode", "") for result in answer["Entries"]]
        return errors


def split_chunks(values: Sequence[Any], sizes: Sequence[int], max_bytes: int) -> Iterator[list[Any]]:
    """Yield the values in their order, up to ten and up to `max_bytes` together; a larger one alone."""
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
