"""The checks of signatures, with botocore as the client that signs."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from local.delivery.signatures import (
    ReceivedRequest,
    Signature,
    find_mismatch,
    find_scope_problem,
    find_time_problem,
)

NOW = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)
SECRET = "secret"  # pragma: allowlist secret
BODY = b'{"amount": "1.00"}'
REGION = "us-east-1"


def sign(
    url: str = "http://host:4566/v1/transactions", body: bytes = BODY
) -> tuple[ReceivedRequest, Signature]:
    """A request as the server receives it, and its signature."""
    request = AWSRequest("POST", url, data=body, headers={"Content-Type": "application/json"})
    SigV4Auth(Credentials("AKID", SECRET), "execute-api", REGION).add_auth(request)
    headers = {name.lower(): value for name, value in request.headers.items()}
    parts = urlsplit(url)
    headers["host"] = parts.netloc
    fields = dict(part.strip().split("=", 1) for part in headers["authorization"].split(" ", 1)[1].split(","))
    signature = Signature(
        access_key_id="AKID",
        signed_at=headers["x-amz-date"],
        scope_date=headers["x-amz-date"][:8],
        region=REGION,
        service="execute-api",
        signed_headers=tuple(fields["SignedHeaders"].split(";")),
        value=fields["Signature"],
    )
    query = parse_qs(parts.query, keep_blank_values=True)
    return ReceivedRequest("POST", parts.path, query, headers, body), signature


@pytest.mark.parametrize(
    "path",
    ["/v1/transactions", "/v1/a%20b", "/v1/a%2Fb", "/v1//a/../b", "/v1/ü", "/v1?a=1&a=2&b=", "/v1?q=%2F%20x"],
)
def test_signature_of_any_path_and_query_matches(path: str) -> None:
    assert find_mismatch(*sign(f"http://host:4566{path}"), SECRET) is None


@pytest.mark.parametrize("body", [b"", BODY, b"\xff\x00", b"x" * 100_000])
def test_signature_of_any_body_matches(body: bytes) -> None:
    assert find_mismatch(*sign(body=body), SECRET) is None


CHANGES: list[Callable[[ReceivedRequest], ReceivedRequest]] = [
    lambda request: replace(request, method="PUT"),
    lambda request: replace(request, path="/v1/labels"),
    lambda request: replace(request, query={"a": ["1"]}),
    lambda request: replace(request, body=BODY + b" "),
    lambda request: replace(request, headers={**request.headers, "content-type": "text/plain"}),
    lambda request: replace(request, headers={**request.headers, "host": "other:4566"}),
    lambda request: replace(request, headers={**request.headers, "x-amz-content-sha256": "UNSIGNED-PAYLOAD"}),
]


@pytest.mark.parametrize("change", CHANGES)
def test_changed_request_does_not_match(change: Callable[[ReceivedRequest], ReceivedRequest]) -> None:
    request, signature = sign()
    refusal = find_mismatch(change(request), signature, SECRET)
    assert refusal is not None
    assert refusal.code == "SignatureDoesNotMatch"


def test_other_secret_does_not_match() -> None:
    assert find_mismatch(*sign(), "other") is not None


def test_header_that_is_not_signed_may_change() -> None:
    request, signature = sign()
    assert (
        find_mismatch(replace(request, headers={**request.headers, "accept": "*/*"}), signature, SECRET)
        is None
    )


def build_signature(seconds_ago: int, expires_seconds: str | None = None) -> Signature:
    signed_at = (NOW - timedelta(seconds=seconds_ago)).strftime("%Y%m%dT%H%M%SZ")
    _, signature = sign()
    return replace(signature, signed_at=signed_at, scope_date=signed_at[:8], expires_seconds=expires_seconds)


@pytest.mark.parametrize(
    ("seconds_ago", "expires_seconds", "is_valid"),
    [
        (0, None, True),
        (300, None, True),
        (301, None, False),
        (-300, None, True),
        (-301, None, False),
        (29, "30", True),
        (31, "30", False),
        # API Gateway accepts no signature for longer than five minutes.
        (301, "3600", False),
        (0, "-1", False),
        (0, "", False),
        (0, "9" * 40, False),
    ],
)
def test_signature_is_valid_for_five_minutes_or_less(
    seconds_ago: int, expires_seconds: str | None, is_valid: bool
) -> None:
    assert (find_time_problem(build_signature(seconds_ago, expires_seconds), NOW) is None) == is_valid


@pytest.mark.parametrize("signed_at", ["", "20260102", "2026-01-02T12:00:00Z", "20261302T120000Z"])
def test_malformed_date_is_refused(signed_at: str) -> None:
    assert find_time_problem(replace(build_signature(0), signed_at=signed_at), NOW) is not None


def test_date_of_the_scope_is_that_of_the_request() -> None:
    assert find_time_problem(replace(build_signature(0), scope_date="20260101"), NOW) is not None


def test_scope_is_api_gateway_in_the_region_of_the_api() -> None:
    _, signature = sign()
    assert find_scope_problem(signature, REGION) is None
    assert find_scope_problem(signature, "eu-west-1") is not None
    assert find_scope_problem(replace(signature, service="sqs"), REGION) is not None
    assert find_scope_problem(replace(signature, signed_headers=("x-amz-date",)), REGION) is not None
