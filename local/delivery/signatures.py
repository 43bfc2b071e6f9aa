"""Checks of the signature of a request as API Gateway makes them. botocore computes the signatures."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.compat import HTTPHeaders
from botocore.credentials import Credentials

SERVICE = "execute-api"
MAX_AGE = timedelta(minutes=5)
_TIMESTAMP = "%Y%m%dT%H%M%SZ"
_MISMATCH = (
    "The request signature we calculated does not match the signature you provided."
    " Check your AWS Secret Access Key and signing method."
)


@dataclass(frozen=True)
class ReceivedRequest:
    """A request as it arrived. `path` is encoded, `query` is decoded, names of headers are in lower case."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, kw_only=True)
class Signature:
    """A signature, and what it is for. `expires_seconds`: the validity that a signature in a query states."""

    access_key_id: str
    signed_at: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    value: str
    session_token: str | None = None
    expires_seconds: str | None = None
    scope_date: str = ""


@dataclass(frozen=True)
class Refusal:
    """`code`: the error code of AWS."""

    code: str
    message: str


def find_time_problem(signature: Signature, now: datetime) -> Refusal | None:
    """The reason why a signature is not valid at this time, or None."""
    try:
        signed_at = datetime.strptime(signature.signed_at, _TIMESTAMP).replace(tzinfo=UTC)
        validity = MAX_AGE
        if signature.expires_seconds is not None:
            validity = min(validity, timedelta(seconds=int(signature.expires_seconds)))
    except (ValueError, OverflowError):
        return Refusal("IncompleteSignature", "The date or the validity of the signature is malformed.")
    if now > signed_at + validity:
        return Refusal("RequestTimeTooSkewed", f"Signature expired: {signature.signed_at} is too long ago.")
    if now < signed_at - MAX_AGE:
        return Refusal("RequestTimeTooSkewed", f"Signature not yet current: {signature.signed_at}")
    if signature.scope_date != signature.signed_at[:8]:
        return Refusal("SignatureDoesNotMatch", "The dates of the credential and of the request differ.")
    return None


def find_scope_problem(signature: Signature, region: str) -> Refusal | None:
    """The reason why a signature is not for API Gateway in this region, or None."""
    if signature.region != region:
        message = f"Credential should be scoped to a valid region, not '{signature.region}'."
        return Refusal("SignatureDoesNotMatch", message)
    if signature.service != SERVICE:
        message = f"Credential should be scoped to correct service: '{SERVICE}'."
        return Refusal("SignatureDoesNotMatch", message)
    if "host" not in signature.signed_headers:
        return Refusal("IncompleteSignature", "'Host' must be a 'SignedHeader' in the AWS Authorization.")
    return None


def find_mismatch(request: ReceivedRequest, signature: Signature, secret_access_key: str) -> Refusal | None:
    """The reason why a signature is not that of the request with the secret, or None."""
    # The hash that a caller states is not that of the body, if the body was changed later.
    stated_hash = request.headers.get("x-amz-content-sha256")
    if stated_hash is not None and stated_hash != hashlib.sha256(request.body).hexdigest():
        return Refusal("SignatureDoesNotMatch", _MISMATCH)
    expected = _compute_signature(request, signature, secret_access_key)
    if not hmac.compare_digest(expected.encode(), signature.value.encode()):
        return Refusal("SignatureDoesNotMatch", _MISMATCH)
    return None


class _Signer(SigV4Auth):
    """Signs the headers that the caller has signed, and no others."""

    def __init__(self, secret_access_key: str, signature: Signature) -> None:
        keys = Credentials(signature.access_key_id, secret_access_key)
        super().__init__(keys, signature.service, signature.region)
        self._signed_headers = signature.signed_headers

    def headers_to_sign(self, request: AWSRequest) -> HTTPHeaders:
        headers = HTTPHeaders()
        for name in self._signed_headers:
            headers[name] = request.headers.get(name, "")
        return headers


def _compute_signature(request: ReceivedRequest, signature: Signature, secret_access_key: str) -> str:
    signer = _Signer(secret_access_key, signature)
    # botocore accepts pairs, too: a name may occur several times.
    query: Any = [
        (name, value)
        for name, values in request.query.items()
        for value in values
        if name != "X-Amz-Signature"
    ]
    unsigned = AWSRequest(
        request.method,
        # botocore leaves the body out of some signatures for TLS.
        f"http://{request.headers.get('host', '')}{request.path}",
        headers=dict(request.headers),
        data=request.body,
        params=query,
    )
    unsigned.context["timestamp"] = signature.signed_at
    text = signer.string_to_sign(unsigned, signer.canonical_request(unsigned))
    return str(signer.signature(text, unsigned))
