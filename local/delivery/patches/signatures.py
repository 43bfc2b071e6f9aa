"""Patches of API Gateway: signatures are verified as on AWS, and denials have the API's own response.

ministack does not check the signatures of the root user, nor the region and the service of any signature. It
does not apply the policy of an API to the root user.
"""

import contextvars
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from ministack import app  # type: ignore[import-untyped]
from ministack.core import iam_evaluator, responses, sigv4  # type: ignore[import-untyped]
from ministack.core.arn import execute_api_arn  # type: ignore[import-untyped]
from ministack.services import apigateway_v1  # type: ignore[import-untyped]

from local.delivery.patches.ministack import replaces
from local.delivery.signatures import (
    ReceivedRequest,
    Refusal,
    Signature,
    find_mismatch,
    find_scope_problem,
    find_time_problem,
)

INVOKE = "execute-api:Invoke"
_received: contextvars.ContextVar[ReceivedRequest | None] = contextvars.ContextVar("received", default=None)


def verify_signatures() -> None:
    """Refuse requests to methods with IAM authorization whose signature AWS would refuse."""

    @replaces(app, "pin_signed_request")
    def pin_signed_request(  # noqa: PLR0917 (signature of the original)
        original: Any, method: str, path: str, query: Any, headers: Any, handshake: bool = False
    ) -> None:
        _received.set(ReceivedRequest(method, path, dict(query), _join_headers(headers)))
        original(method, path, query, headers, handshake)

    @replaces(app, "pin_signed_body")
    def pin_signed_body(original: Any, body: bytes) -> None:
        received = _received.get()
        _received.set(replace(received, body=body) if received else None)
        original(body)

    @replaces(app, "_enforce_execute_api")
    def enforce_execute_api(  # noqa: PLR0917 (signature of the original)
        original: Any, api_id: str, stage: str, method: str, path: str, headers: Any, query: Any,
        iam_action: str = INVOKE,
    ) -> Any:  # fmt: skip
        received, scope = _received.get(), apigateway_v1.find_api_scope(api_id)
        authorization = apigateway_v1.method_authorization_type(api_id, stage, method, path)
        # ministack answers a request without a signature as AWS does.
        if iam_action != INVOKE or authorization != "AWS_IAM" or not received or not _is_signed(received):
            return original(api_id, stage, method, path, headers, query, iam_action)
        region = scope[1]
        refusal = _find_refusal(received, region)
        if refusal:
            error = iam_evaluator.AuthError(refusal.code, refusal.message)
            return apigateway_v1.authentication_error_response(api_id, stage, error, headers, query)
        denied = original(api_id, stage, method, path, headers, query, iam_action)
        arn = execute_api_arn(region, responses.get_account_id(), api_id, stage, method, path)
        if denied or _denies_root_user(received, arn, region):
            return _access_denied(api_id, stage, headers, query, denied)
        return None


def _join_headers(headers: list[tuple[bytes, bytes]]) -> dict[str, str]:
    """The headers by name. Several lines of one header are signed as values joined by a comma."""
    joined: dict[str, str] = {}
    for raw_name, value in headers:
        name, text = raw_name.decode("latin-1").lower(), sigv4.decode_header_value(value)
        joined[name] = f"{joined[name]},{text}" if name in joined else text
    return joined


def _is_signed(request: ReceivedRequest) -> bool:
    return "authorization" in request.headers or any(
        name.lower().startswith("x-amz-") or name in {"AWSAccessKeyId", "Signature"} for name in request.query
    )


def _find_refusal(request: ReceivedRequest, region: str) -> Refusal | None:
    """The reason why the signature is refused, or None."""
    signature = _parse_signature(request)
    if isinstance(signature, Refusal):
        return signature
    problem = find_time_problem(signature, datetime.now(UTC)) or find_scope_problem(signature, region)
    if problem:
        return problem
    account = responses._account_from_sts_session(signature.access_key_id) or responses.get_account_id()
    credential = iam_evaluator.resolve_credential(signature.access_key_id, account, signature.session_token)
    if isinstance(credential, iam_evaluator.CredentialResolutionError):
        return Refusal(credential.code, credential.message)
    return find_mismatch(request, signature, credential.secret_access_key)


def _parse_signature(request: ReceivedRequest) -> Signature | Refusal:
    """The signature in the header or, without one, in the query."""
    in_header = "authorization" in request.headers
    if in_header and not request.headers["authorization"].startswith("AWS4-HMAC-SHA256 "):
        return Refusal("IncompleteSignature", "The algorithm of the signature must be AWS4-HMAC-SHA256.")
    parsed = (
        sigv4.parse_header_signature(request.headers)
        if in_header
        else sigv4.parse_query_signature(request.query)
    )
    if isinstance(parsed, tuple):
        return Refusal(*parsed)
    if parsed.region_set is not None or not parsed.access_key_id:
        return Refusal("IncompleteSignature", "The credential of the signature must name a key and a region.")
    query = {name: values[0] for name, values in request.query.items() if values}
    return Signature(
        access_key_id=parsed.access_key_id,
        signed_at=parsed.amz_date,
        scope_date=parsed.date_stamp,
        region=parsed.region,
        service=parsed.service,
        signed_headers=tuple(parsed.signed_headers.split(";")),
        value=parsed.signature,
        session_token=request.headers.get("x-amz-security-token")
        if in_header
        else query.get("X-Amz-Security-Token"),
        expires_seconds=None if in_header else query.get("X-Amz-Expires", ""),
    )


def _denies_root_user(request: ReceivedRequest, arn: str, region: str) -> bool:
    """Whether the policy of the API denies a request of the root user, whom ministack allows everything."""
    account = responses.get_account_id()
    principal = iam_evaluator.resolve_principal(_parse_key(request), account)
    policy = apigateway_v1.rest_api_policy_for_arn(arn)
    if principal.type != "Root" or not policy or not policy[0]:
        return False
    context = iam_evaluator.EvalContext(
        principal_arn=principal.arn,
        principal_type=principal.type,
        principal_account=principal.account,
        action=INVOKE,
        resource_arn=arn,
        region=region,
    )
    return bool(iam_evaluator.evaluate_resource_policy(policy[0], context).decision == "Deny")


def _parse_key(request: ReceivedRequest) -> str:
    signature = _parse_signature(request)
    return signature.access_key_id if isinstance(signature, Signature) else ""


def _access_denied(api_id: str, stage: str, headers: Any, query: Any, denied: Any) -> Any:
    """The API's response ACCESS_DENIED, with the message of ministack's own response if there is one."""
    message = "User is not authorized to access this resource with an explicit deny"
    if denied:
        body = json.loads(denied[2])
        message = str(body.get("message") or body.get("Message") or message)
    error = apigateway_v1._gw_error("ACCESS_DENIED", message)
    request = {
        "api_id": api_id, "stage_name": stage, "stage": apigateway_v1.stages_for_api(api_id)[stage],
        "headers": headers, "query_params": query, "path_params": {}, "resource_path": "",
        "request_id": responses.new_uuid(),
    }  # fmt: skip
    with responses.request_scope(*apigateway_v1.find_api_scope(api_id)):
        return apigateway_v1._gateway_error_response(error, request)
