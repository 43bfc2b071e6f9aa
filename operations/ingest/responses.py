"""Results of a POST: maps each response of the API to an outcome and a reason."""

import http.client
import json
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import Any

from operations.ingest.api_client import ApiResponse
from terminal.command_line import command_line
from terminal.errors import UserError

NO_REASON = "no reason given"
UNKNOWN_TRANSACTION = ":unknown-transaction"


class PostOutcome(StrEnum):
    """A record that is `rejected` needs a correction; one that `failed` can be sent again unchanged."""

    STORED = "stored"
    REPLAYED = "replayed"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REJECTED = "rejected"
    FAILED = "failed"


@dataclass(frozen=True)
class PostResult:
    """The result for one record. `http_status` is 0 if it was not posted."""

    outcome: PostOutcome
    http_status: int = 0
    reason: str = ""

    @property
    def accepted(self) -> bool:
        """Whether the API has stored the record, now or earlier."""
        return self.outcome not in (PostOutcome.REJECTED, PostOutcome.FAILED)


class CallerRefusedError(UserError):
    """The API refuses the caller for every request."""


def read_transaction_response(response: ApiResponse) -> PostResult:
    """Return the result for a transaction. Raises UserError if every other transaction would fail, too."""
    if response.status == HTTPStatus.OK:
        return PostResult(PostOutcome.REPLAYED, response.status)
    return _read_response(response)


def read_label_response(response: ApiResponse) -> PostResult:
    """Return the result for a label. Raises UserError if every other label would fail, too."""
    body = _decode_object(response) or {}
    if response.status == HTTPStatus.OK:
        changed = body.get("status") == PostOutcome.CHANGED
        return PostResult(PostOutcome.CHANGED if changed else PostOutcome.UNCHANGED, response.status)
    if response.status == HTTPStatus.NOT_FOUND and str(body.get("type")).endswith(UNKNOWN_TRANSACTION):
        return PostResult(PostOutcome.REJECTED, response.status, describe_problem(response))
    return _read_response(response)


def describe_problem(response: ApiResponse) -> str:
    """Return the reason on one line: every field error, or else the detail or title of the problem."""
    problem = _decode_object(response)
    if problem is None:
        return http.client.responses.get(response.status, NO_REASON)
    errors = problem.get("errors")
    fields = [_describe_field_error(error) for error in errors] if isinstance(errors, list) else []
    texts = (problem.get(name) for name in ("detail", "message", "Message", "title"))
    text = next(filter(None, texts), NO_REASON)
    return "; ".join(fields) or " ".join(str(text).split()).rstrip(".")


def _read_response(response: ApiResponse) -> PostResult:
    status = response.status
    if status == HTTPStatus.CREATED:
        return PostResult(PostOutcome.STORED, status)
    reason = describe_problem(response)
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        raise CallerRefusedError(
            f"The API refuses the caller with status {status}: {reason}.",
            "Use credentials that allow execute-api:Invoke on this API.",
        )
    if status == HTTPStatus.NOT_FOUND:
        raise UserError(
            f"The API does not exist at this address: status {status}, {reason}.",
            f"Deploy it: {command_line('deploy', layer='edge')}",
        )
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return PostResult(PostOutcome.FAILED, status, reason)
    if status >= HTTPStatus.BAD_REQUEST:
        return PostResult(PostOutcome.REJECTED, status, reason)
    raise UserError(
        f"The API answered with the unexpected status {status}.", "Check that the address is the API's."
    )


def _decode_object(response: ApiResponse) -> dict[str, Any] | None:
    """Return the JSON object in the body; None for any other body."""
    try:
        value = json.loads(response.body)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _describe_field_error(error: Any) -> str:
    if not isinstance(error, dict):
        return str(error)
    return f"{error.get('field', '?')}: {error.get('detail', '?')}"
