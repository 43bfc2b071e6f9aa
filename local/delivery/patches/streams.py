"""Patches of DynamoDB streams: streams survive a restart, and every write is reported."""

from collections.abc import Callable
from typing import Any

from ministack.core.arn import parse_arn  # type: ignore[import-untyped]
from ministack.services import dynamodb  # type: ignore[import-untyped]

from local.delivery.patches.ministack import replaces


def persist_streams() -> None:
    """Save the streams with the tables: ministack drops them at a restart, and recent writes with them."""

    @replaces(dynamodb, "get_state")
    def get_state(original: Any) -> dict[str, Any]:
        streams = {"local_streams": dynamodb._stream_records, "local_trimmed": dynamodb._stream_trimmed}
        return {**original(), **streams}

    @replaces(dynamodb, "load_persisted_state")
    def load_persisted_state(original: Any, data: Any) -> None:
        original(data)
        dynamodb._stream_records.update(data.get("local_streams", {}))
        dynamodb._stream_trimmed.update(data.get("local_trimmed", {}))


def report_writes(on_write: Callable[[], None]) -> None:
    """Call `on_write` after every write to a table that has a stream."""

    @replaces(dynamodb, "_emit_stream_event")
    def emit_stream_event(original: Any, *args: Any, **kwargs: Any) -> None:
        original(*args, **kwargs)
        on_write()


def starting_position(stream_arn: str, start: str) -> str | None:
    """Sequence number after which a new consumer starts; None to start at the oldest record.

    `start` is TRIM_HORIZON or LATEST.
    """
    if start == "TRIM_HORIZON":
        return None
    table = parse_arn(stream_arn).resource.split("/")[1]
    records = dynamodb.stream_live_records(table)
    return str(records[-1]["dynamodb"]["SequenceNumber"]) if records else None
