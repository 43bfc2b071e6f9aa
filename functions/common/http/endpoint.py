"""One endpoint behind API Gateway: what it answers, whatever happens to a request."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from functions.common.domain.fields import Field
from functions.common.dynamodb.client import StoreBusyError
from functions.common.http import problem
from functions.common.http.problem import ProblemError
from functions.common.runtime.telemetry import Telemetry

Event = dict[str, Any]
"""An event of API Gateway's Lambda proxy integration."""


class Endpoint:
    """Turns what `post` returns or raises into an answer; `post` gives status and body of a success."""

    def __init__(
        self, post: Callable[[Event], tuple[int, object]], fields: Sequence[Field], telemetry: Telemetry
    ) -> None:
        self._post = post
        self._names = frozenset(field.name for field in fields)
        self._telemetry = telemetry

    def answer(self, event: Event) -> dict[str, Any]:
        """The answer to a request. Raises nothing."""
        try:
            return _response(*self._post(event))
        except ProblemError as error:
            return self._refuse(error)
        except StoreBusyError as error:
            self._telemetry.failure("the store is busy", error.__cause__ or error)
            return self._refuse(problem.busy())
        except (BotoCoreError, ClientError) as error:
            # The pipeline is at fault, not the request: a permission or a table is missing.
            self._telemetry.failure("AWS refused a call", error)
            return self._refuse(problem.unavailable())
        except Exception as error:
            # The client gets an answer all the same, one that says nothing of our inside.
            self._telemetry.failure("request failed", error)
            return self._refuse(problem.internal_error())

    def _refuse(self, error: ProblemError) -> dict[str, Any]:
        answer = error.problem
        # Names that a client made up may say anything: only ours are logged.
        fields = [fault.field for fault in answer.errors if fault.field in self._names]
        facts = {"status": answer.status, "problem": answer.type, "fields": fields}
        self._telemetry.info("request refused", **facts)
        self._telemetry.count("RequestsFailed" if answer.status >= 500 else "RequestsRefused")  # noqa: PLR2004
        return _response(answer.status, answer, "application/problem+json", error.headers)


def _response(
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
