"""API Gateway's own responses, as `application/problem+json` like the functions' error responses.

A throttled or failed integration results in 503 with `Retry-After`. Every response type is declared, because
a missing type takes the status and text of DEFAULT_4XX or DEFAULT_5XX. The texts are constant: they do not
repeat parts of a request or of a policy.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from functions.common.http.batch_schema import BATCH_FIELD, MAX_BATCH_ENTRIES

_AS_PROBLEM = {"gatewayresponse.header.Content-Type": "'application/problem+json'"}
_RETRY_AFTER = {"gatewayresponse.header.Retry-After": "'1'"}


@dataclass(frozen=True)
class GatewayResponse:
    """The response for one type. Without `status`, API Gateway's default status applies."""

    type: str
    slug: str
    status: int | None
    title: str
    detail: str
    retry: bool = False

    @property
    def status_code(self) -> str | None:
        return None if self.status is None else str(self.status)

    @property
    def parameters(self) -> Mapping[str, str]:
        return {**_AS_PROBLEM, **(_RETRY_AFTER if self.retry else {})}

    @property
    def templates(self) -> Mapping[str, str]:
        problem = {
            "type": f"urn:fraud-pipeline:problem:{self.slug}",
            "title": self.title,
            **({} if self.status is None else {"status": self.status}),
            "detail": self.detail,
        }
        return {"application/json": json.dumps(problem)}


_NOT_SIGNED = "Sign the request with AWS Signature Version 4, as a caller who may invoke this method"
_NOT_ALLOWED = "Call as an identity that may invoke this method, from a network that the API admits"
_SEND_AGAIN = "The same request may be sent again: nothing is stored twice"
_SEND_SLOWLY = "Send the same request again, more slowly"
# Throttles, errors and malformed responses of Lambda result in INTEGRATION_FAILURE, API_CONFIGURATION_ERROR
# or DEFAULT_5XX, depending on the cause.
_UNAVAILABLE_TYPES = (
    "INTEGRATION_FAILURE",
    "INTEGRATION_TIMEOUT",
    "API_CONFIGURATION_ERROR",
    "AUTHORIZER_CONFIGURATION_ERROR",
    "AUTHORIZER_FAILURE",
    "DEFAULT_5XX",
)


def _unavailable_response(type_: str) -> GatewayResponse:
    return GatewayResponse(type_, "busy", 503, "The service is not available", _SEND_AGAIN, retry=True)


RESPONSES = (
    GatewayResponse(
        "BAD_REQUEST_BODY",
        "malformed-body",
        400,
        "The body is not a JSON object",
        "Send one JSON object of strings, numbers, booleans and null, without nesting; in a batch, an object"
        f" whose only field '{BATCH_FIELD}' is an array of 1 to {MAX_BATCH_ENTRIES} such objects",
    ),
    GatewayResponse(
        "BAD_REQUEST_PARAMETERS",
        "bad-request",
        400,
        "The parameters are not valid",
        "Send the parameters that the method declares",
    ),
    GatewayResponse("UNAUTHORIZED", "not-signed", 401, "The request is not signed", _NOT_SIGNED),
    GatewayResponse("ACCESS_DENIED", "not-allowed", 403, "The caller is not allowed", _NOT_ALLOWED),
    GatewayResponse("INVALID_SIGNATURE", "not-signed", 403, "The signature is not valid", _NOT_SIGNED),
    GatewayResponse("EXPIRED_TOKEN", "not-signed", 403, "The credentials have expired", _NOT_SIGNED),
    GatewayResponse(
        "MISSING_AUTHENTICATION_TOKEN", "not-signed", 403, "The request is not signed", _NOT_SIGNED
    ),
    GatewayResponse("INVALID_API_KEY", "not-allowed", 403, "The caller is not allowed", _NOT_ALLOWED),
    GatewayResponse(
        "WAF_FILTERED", "not-allowed", 403, "The request was blocked", "Ask the owner of the API for access"
    ),
    GatewayResponse(
        "RESOURCE_NOT_FOUND", "not-found", 404, "There is no such method", "See the paths in the README"
    ),
    GatewayResponse(
        "REQUEST_TOO_LARGE",
        "body-too-large",
        413,
        "The body is too large",
        "Send one transaction, one label or one batch at a time",
    ),
    GatewayResponse(
        "UNSUPPORTED_MEDIA_TYPE",
        "unsupported-media-type",
        415,
        "The content type is not supported",
        "Send the header 'Content-Type: application/json'",
    ),
    GatewayResponse(
        "THROTTLED",
        "too-many-requests",
        429,
        "There are too many requests",
        _SEND_SLOWLY,
        retry=True,
    ),
    GatewayResponse(
        "QUOTA_EXCEEDED",
        "too-many-requests",
        429,
        "The quota is used up",
        _SEND_SLOWLY,
        retry=True,
    ),
    *(_unavailable_response(type_) for type_ in _UNAVAILABLE_TYPES),
    GatewayResponse(
        "DEFAULT_4XX", "bad-request", None, "The request was not accepted", "See the status of the answer"
    ),
)
