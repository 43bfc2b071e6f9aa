"""A POST endpoint behind API Gateway: translates results and errors into responses."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from functions.common.domain.fields import Field
from functions.common.dynamodb.client import StoreBusyError
from functions.common.http import problem
from functions.common.http.body import read_body
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

    def __init__(self, post: Post, fields: Sequence[Field], telemetry: Telemetry, clock: Clock) -> None:
        self._post = post
        self._field_names = frozenset(field.name for field in fields)
        self._telemetry = telemetry
        self._clock = clock

    def respond(self, event: dict[str, Any]) -> dict[str, Any]:
        """The response to an event of API Gateway's Lambda proxy integration. Raises no error."""
        try:
            received_at = self._clock()
            success = self._post(read_body(event), received_at)
            return _build_response(success.status, success.body)
        except ProblemError as error:
            return self._refuse(error)
        except StoreBusyError as error:
            self._telemetry.error("the store is busy", error.__cause__ or error)
            return self._refuse(problem.store_busy())
        except (BotoCoreError, ClientError) as error:
            # The pipeline is at fault, not the request: a permission or a table is missing.
            self._telemetry.error("AWS refused a call", error)
            return self._refuse(problem.service_unavailable())
        except Exception as error:
            # The response must not reveal internals.
            self._telemetry.error("request failed", error)
            return self._refuse(problem.internal_error())

    def _refuse(self, error: ProblemError) -> dict[str, Any]:
        details = error.problem
        # The names of unknown fields come from the client and may contain personal data.
        fields = [invalid.field for invalid in details.errors if invalid.field in self._field_names]
        self._telemetry.info("request refused", status=details.status, problem=details.type, fields=fields)
        self._telemetry.count("RequestsFailed" if details.status >= 500 else "RequestsRefused")  # noqa: PLR2004
        return _build_response(details.status, details, "application/problem+json", error.headers)


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
