"""Patches of EventBridge Pipes: parameters and starting positions are stored, and bus targets are skipped."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from ministack.services import pipes  # type: ignore[import-untyped]

from local.delivery.patches.ministack import replaces
from local.delivery.patches.streams import starting_position

# Key of the last sequence number that a pipe has processed, in ministack's record of the pipe. ministack
# saves and restores its records whole.
POSITION_KEY = "LocalPosition"
# Parameters of CreatePipe and UpdatePipe that ministack drops.
_PARAMETERS = {
    "SourceParameters",
    "TargetParameters",
    "Enrichment",
    "EnrichmentParameters",
    "LogConfiguration",
    "KmsKeyIdentifier",
}


def store_parameters() -> None:
    """Store and describe the parameters of a pipe, and its starting position."""

    @replaces(pipes, "_create_pipe")
    def create_pipe(original: Any, name: str, body: dict[str, Any]) -> Any:
        response = original(name, body)
        if response[0] < HTTPStatus.BAD_REQUEST:
            pipe = pipes._pipes[name]
            pipe.update({key: body[key] for key in _PARAMETERS if body.get(key)})
            if ":dynamodb:" in pipe["Source"]:
                stream = (pipe.get("SourceParameters") or {}).get("DynamoDBStreamParameters") or {}
                pipe[POSITION_KEY] = starting_position(
                    pipe["Source"], stream.get("StartingPosition", "LATEST")
                )
        return response

    @replaces(pipes, "_update_pipe")
    def update_pipe(original: Any, name: str, body: dict[str, Any]) -> Any:
        response = original(name, body)
        if response[0] < HTTPStatus.BAD_REQUEST:
            _merge_parameters(pipes._pipes[name], body)
        return response

    @replaces(pipes, "_describe_response")
    def describe_response(original: Any, pipe: dict[str, Any]) -> dict[str, Any]:
        return {**original(pipe), **{key: pipe[key] for key in _PARAMETERS if pipe.get(key)}}


def report_changes(on_change: Callable[[], None]) -> None:
    """Call `on_change` after a pipe was created, updated, started, stopped or deleted."""

    @replaces(pipes, "_create_pipe", "_update_pipe", "_set_state", "_delete_pipe_op")
    def report_operation(original: Any, *args: Any) -> Any:
        response = original(*args)
        on_change()
        return response


def skip_bus_targets() -> None:
    """Do not poll pipes to an event bus: ministack cannot deliver to one, so PipePoller does it."""

    @replaces(pipes, "_poll_pipe")
    def poll_pipe(original: Any, ddb: Any, pipe: dict[str, Any], account_id: str) -> None:
        if ":event-bus/" not in pipe.get("Target", ""):
            original(ddb, pipe, account_id)


def _merge_parameters(pipe: dict[str, Any], body: Mapping[str, Any]) -> None:
    """Merge as AWS does: the part of each service in a parameter block is replaced as a whole."""
    for key in _PARAMETERS & body.keys():
        block = body[key]
        if not block or not isinstance(block, dict):
            # An empty block removes the parameter.
            pipe[key] = block
            continue
        previous = pipe.get(key) or {}
        pipe[key] = {**previous, **block}
        stream = previous.get("DynamoDBStreamParameters")
        if stream and "DynamoDBStreamParameters" in block:
            # UpdatePipe does not accept a starting position, so the previous one remains.
            starting_position = {"StartingPosition": stream.get("StartingPosition", "LATEST")}
            pipe[key]["DynamoDBStreamParameters"] = {**starting_position, **block["DynamoDBStreamParameters"]}
