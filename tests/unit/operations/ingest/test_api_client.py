"""The API client: signatures, retries and errors."""

import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials, ReadOnlyCredentials
from botocore.exceptions import UnauthorizedSSOTokenError

from operations.api_target import ApiTarget, move_to_endpoint
from operations.ingest.api_client import ApiClient, ApiUnreachableError, RetryPolicy, StoppedError
from terminal.errors import CredentialsError
from tests.unit.operations.fake_api import FakeApi, running


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with running() as fake:
        yield fake


class FakeWait:
    """Records the requested delays without waiting."""

    def __init__(self, *, stop: bool = False) -> None:
        self.seconds: list[float] = []
        self._stop = stop

    def __call__(self, seconds: float) -> bool:
        self.seconds.append(seconds)
        return self._stop


def test_request_is_signed_for_its_content(api: FakeApi) -> None:
    ApiClient(api.target()).post(b'{"a": 1}')
    headers = api.requests[0].headers
    expected = AWSRequest("POST", api.url, data=b'{"a": 1}', headers={"Content-Type": "application/json"})
    expected.context["timestamp"] = headers["X-Amz-Date"]
    expected.headers["X-Amz-Date"] = headers["X-Amz-Date"]
    auth = SigV4Auth(Credentials("AKIDEXAMPLE", "not-a-secret"), "execute-api", "eu-north-1")
    signature = auth.signature(auth.string_to_sign(expected, auth.canonical_request(expected)), expected)
    assert headers["Authorization"].endswith(f"Signature={signature}")
    assert "/eu-north-1/execute-api/aws4_request" in headers["Authorization"]


def test_session_token_is_sent(api: FakeApi) -> None:
    target = ApiTarget(api.url, "eu-north-1", Credentials("AKIDEXAMPLE", "not-a-secret", "token"))
    ApiClient(target).post(b"{}")
    assert api.requests[0].headers["X-Amz-Security-Token"] == "token"


def test_expired_credentials_are_a_user_error(api: FakeApi) -> None:
    class Expired(Credentials):
        def get_frozen_credentials(self) -> ReadOnlyCredentials:
            raise UnauthorizedSSOTokenError

    with pytest.raises(CredentialsError):
        ApiClient(ApiTarget(api.url, "eu-north-1", Expired("a", "b"))).post(b"{}")


def test_connection_is_reused(api: FakeApi) -> None:
    client = ApiClient(api.target())
    for _ in range(5):
        client.post(b"{}")
    assert len({request.connection for request in api.requests}) == 1


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_temporary_error_is_retried(api: FakeApi, status: int) -> None:
    api.answer(status)
    api.answer(status)
    assert ApiClient(api.target(), wait=FakeWait()).post(b"{}").status == 201
    assert len(api.requests) == 3


@pytest.mark.parametrize("status", [200, 201, 400, 403, 404, 409, 413, 415])
def test_final_response_is_not_retried(api: FakeApi, status: int) -> None:
    api.answer(status)
    assert ApiClient(api.target(), wait=FakeWait()).post(b"{}").status == status
    assert len(api.requests) == 1


def test_last_response_is_returned_after_all_attempts(api: FakeApi) -> None:
    for _ in range(3):
        api.answer(503, {"detail": "busy"})
    answer = ApiClient(api.target(), retries=RetryPolicy(attempts=3), wait=FakeWait()).post(b"{}")
    assert (answer.status, answer.body) == (503, b'{"detail": "busy"}')
    assert len(api.requests) == 3


def test_delays_are_below_a_bound_that_doubles(api: FakeApi) -> None:
    waits = FakeWait()
    for _ in range(5):
        api.answer(503)
    retries = RetryPolicy(attempts=6, first_seconds=1, max_seconds=4)
    ApiClient(api.target(), retries=retries, wait=waits).post(b"{}")
    assert all(0 <= waited <= bound for waited, bound in zip(waits.seconds, [1, 2, 4, 4, 4], strict=True))
    assert len(set(waits.seconds)) == 5


def test_retry_after_in_seconds_is_the_minimum_delay(api: FakeApi) -> None:
    waits = FakeWait()
    api.answer(429, Retry_After="7")
    ApiClient(api.target(), wait=waits).post(b"{}")
    assert 7 <= waits.seconds[0] <= 7.1


def test_retry_after_as_a_date_is_the_minimum_delay(api: FakeApi) -> None:
    waits = FakeWait()
    api.answer(503, Retry_After=format_datetime(datetime.now(UTC) + timedelta(seconds=20), usegmt=True))
    ApiClient(api.target(), wait=waits).post(b"{}")
    assert waits.seconds[0] == pytest.approx(19.5, abs=1.5)


def test_long_retry_after_ends_the_attempts(api: FakeApi) -> None:
    api.answer(503, Retry_After="3600")
    assert ApiClient(api.target(), wait=FakeWait()).post(b"{}").status == 503


def test_stop_event_ends_the_attempts(api: FakeApi) -> None:
    api.answer(503)
    with pytest.raises(StoppedError):
        ApiClient(api.target(), wait=FakeWait(stop=True)).post(b"{}")


def test_unreachable_api_is_a_user_error_after_all_attempts() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    target = ApiTarget(f"http://127.0.0.1:{port}/", "eu-north-1", Credentials("AKIDEXAMPLE", "not-a-secret"))
    waits = FakeWait()
    with pytest.raises(ApiUnreachableError) as raised:
        ApiClient(target, wait=waits).post(b"{}")
    assert f"127.0.0.1:{port}" in raised.value.message
    assert "refused" in raised.value.message
    assert "\n" not in str(raised.value)
    assert len(waits.seconds) == 6


def test_url_moves_to_the_port_of_the_endpoint() -> None:
    url = "http://127.0.0.1:4566/_aws/execute-api/abc/local/transactions"
    assert move_to_endpoint(url, "http://127.0.0.1:5000") == url.replace("4566", "5000")


def test_proxy_is_not_used_for_loopback(api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert ApiClient(api.target(), wait=FakeWait()).post(b"{}").status == 201
