"""Patches of DynamoDB streams: streams survive a restart, and every write is reported."""

from collections.abc import Callable
from typing import Any

from ministack.services import dynamodb  # type: ignore[import-untyped]

from local.delivery.patches.ministack import replace_attribute


def persist_streams() -> None:
    """Save the streams with the tables: ministack drops them at a restart, and recent writes with them."""

    def wrap_get_state(original: Any) -> Any:
        return lambda: {
            **original(),
            "local_streams": dynamodb._stream_records,
            "local_trimmed": dynamodb._stream_trimmed,
        }

    def wrap_load(original: Any) -> Any:
        def load_persisted_state(data: Any) -> None:
            original(data)
            dynamodb._stream_records.update(data.get("local_streams", {}))
            dynamodb._stream_trimmed.update(data.get("local_trimmed", {}))

        return load_persisted_state

    replace_attribute(dynamodb, "get_state", wrap_get_state)
    replace_attribute(dynamodb, "load_persisted_state", wrap_load)


def report_writes(on_write: Callable[[], None]) -> None:
    """Call `on_write` after every write to a table that has a stream."""

    def wrap_emit(original: Any) -> Any:
        def emit_stream_event(*args: Any, **kwargs: Any) -> None:
            original(*args, **kwargs)
            on_write()

        return emit_stream_event

    replace_attribute(dynamodb, "_emit_stream_event", wrap_emit)
