"""Patches of event source mappings of streams: parameters, defaults, starting positions, no own poller."""

import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from ministack.services import lambda_svc  # type: ignore[import-untyped]

from local.delivery.mappings.settings import DEFAULTS
from local.delivery.patches.ministack import replaces
from local.delivery.patches.streams import starting_position

# Parameters of CreateEventSourceMapping and UpdateEventSourceMapping that ministack drops.
_PARAMETERS = ("TumblingWindowInSeconds",)


def store_parameters() -> None:
    """Store and return the parameters of a mapping of a stream with Lambda's defaults, and its position."""

    @replaces(lambda_svc, "_create_esm")
    def create_mapping(original: Any, data: dict[str, Any]) -> Any:
        if not _is_stream(data.get("EventSourceArn", "")):
            return original(data)
        given = {name: value for name, value in data.items() if value is not None}
        return _store(original({**DEFAULTS, **given}), {**DEFAULTS, **given})

    @replaces(lambda_svc, "_update_esm")
    def update_mapping(original: Any, mapping_id: str, data: dict[str, Any]) -> Any:
        return _store(original(mapping_id, data), data)

    @replaces(lambda_svc, "_init_stream_position")
    def initialize_position(original: Any, mapping_id: str, source_arn: str, start: str) -> None:
        if _is_stream(source_arn):
            position = starting_position(source_arn, start)
            lambda_svc._dynamodb_stream_positions[mapping_id] = {"position": position}
        else:
            original(mapping_id, source_arn, start)


def report_changes(on_change: Callable[[], None]) -> None:
    """Call `on_change` after a mapping was created, updated or deleted."""

    @replaces(lambda_svc, "_create_esm", "_update_esm", "_delete_esm")
    def report_operation(original: Any, *args: Any) -> Any:
        response = original(*args)
        on_change()
        return response


def skip_streams() -> None:
    """Do not poll streams of tables: ministack lacks windows and retries, so MappingPoller does it."""

    @replaces(lambda_svc, "_poll_dynamodb_streams")
    def poll_streams(_original: Any) -> bool:
        return False


def _is_stream(source_arn: str) -> bool:
    return ":dynamodb:" in source_arn


def _store(response: Any, data: dict[str, Any]) -> Any:
    """Add the dropped parameters to the stored mapping and to a successful response."""
    status, _, body = response
    if status >= HTTPStatus.BAD_REQUEST:
        return response
    mapping = lambda_svc._esms[json.loads(body)["UUID"]]
    if _is_stream(mapping["EventSourceArn"]):
        mapping.update({name: data[name] for name in _PARAMETERS if data.get(name) is not None})
    return lambda_svc.json_response(lambda_svc._esm_response(mapping), status)
