"""A POST endpoint behind API Gateway: translates results and errors into responses."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from functions.common.domain.fields import Field
from functions.common.dynamodb.client import StoreBusyError
from functions.common.http import problem
from functions.common.http.body import MAX_BODY_BYTES, read_body
from functions.common.http.problem import ProblemError
from functions.common.runtime.clock import Clock
from functions.common.runtime.telemetry import Telemetry


class SuccessResponse(NamedTuple):
    """The status code and the body of a successful response."""

    status: int
    body: object


Post = Callable[[str, int], SuccessResponse]
"""Handles the body of a request, received at a time in epoch milliseconds. Raises ProblemError."""


class PostEndpoint:
    """Responds to the requests of one route. `fields` are the fields of the posted model."""

    def __init__(
        self,
        post: Post,
        fields: Sequence[Field],
        telemetry: Telemetry,
        clock: Clock,
        max_body_bytes: int = MAX_BODY_BYTES,
    ) -> None:
        self._post = post
        self._field_names = frozenset(field.name for field in fields)
        self._telemetry = telemetry
        self._clock = clock
        self._max_body_bytes = max_body_bytes

    def respond(self, event: dict[str, Any]) -> dict[str, Any]:
        """The response to an event of API Gateway's Lambda proxy integration. Raises no error."""
        try:
            received_at = self._clock()
            success = self._post(read_body(event, self._max_body_bytes), received_at)
            return _build_response(success.status, success.body)
        except Exception as error:
            return self._refuse(translate_error(error, self._telemetry))

    def _refuse(self, error: ProblemError) -> dict[str, Any]:
        details = error.problem
        # The names of unknown fields come from the client and may contain personal data.
        fields = [invalid.field for invalid in details.errors if invalid.field in self._field_names]
        self._telemetry.info("request refused", status=details.status, problem=details.type, fields=fields)
        count_problem(self._telemetry, details.status)
        return _build_response(details.status, details, "application/problem+json", error.headers)


def translate_error(error: Exception, telemetry: Telemetry) -> ProblemError:
    """The error response to an exception. Logs an exception that the client did not cause."""
    if isinstance(error, ProblemError):
        return error
    if isinstance(error, StoreBusyError):
        telemetry.error("the store is busy", error.__cause__ or error)
        return problem.store_busy()
    if isinstance(error, BotoCoreError | ClientError):
        # The pipeline is at fault, not the request: a permission or a table is missing.
        telemetry.error("AWS refused a call", error)
        return problem.service_unavailable()
    # The response must not reveal internals.
    telemetry.error("request failed", error)
    return problem.internal_error()


def count_problem(telemetry: Telemetry, status: int, value: int = 1) -> None:
    """Count error responses with this status."""
    telemetry.count("RequestsFailed" if status >= 500 else "RequestsRefused", value)  # noqa: PLR2004


def _build_response(
    status: int,
    body: object,
    content_type: str = "application/json",
    headers: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    return {
        "statusCode": status,
        "headers": {"Content-Type": content_type, **(headers or {})},
        "body": msgspec.json.encode(body).decode(),
        "isBase64Encoded": False,
    }
