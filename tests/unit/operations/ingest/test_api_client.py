"""The API's client: what it signs, when it tries again, and what it says when it cannot."""

import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials, ReadOnlyCredentials
from botocore.exceptions import UnauthorizedSSOTokenError

from operations.ingest.api_client import (
    ApiClient,
    ApiUnreachableError,
    Retries,
    StoppedError,
    Target,
    at_endpoint,
)
from terminal.errors import UserError
from tests.unit.operations.fake_api import FakeApi, running


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with running() as fake:
        yield fake


class Waits:
    """Keeps how long it was asked to wait, and does not."""

    def __init__(self, *, stop: bool = False) -> None:
        self.seconds: list[float] = []
        self._stop = stop

    def __call__(self, seconds: float) -> bool:
        self.seconds.append(seconds)
        return self._stop


def test_a_post_carries_the_signature_that_its_content_has(api: FakeApi) -> None:
    ApiClient(api.target()).post(b'{"a": 1}')
    headers = api.requests[0].headers
    expected = AWSRequest("POST", api.url, data=b'{"a": 1}', headers={"Content-Type": "application/json"})
    expected.context["timestamp"] = headers["X-Amz-Date"]
    expected.headers["X-Amz-Date"] = headers["X-Amz-Date"]
    auth = SigV4Auth(Credentials("AKIDEXAMPLE", "not-a-secret"), "execute-api", "eu-north-1")
    signature = auth.signature(auth.string_to_sign(expected, auth.canonical_request(expected)), expected)
    assert headers["Authorization"].endswith(f"Signature={signature}")
    assert "/eu-north-1/execute-api/aws4_request" in headers["Authorization"]


def test_a_session_token_is_sent(api: FakeApi) -> None:
    target = Target(api.url, "eu-north-1", Credentials("AKIDEXAMPLE", "not-a-secret", "token"))
    ApiClient(target).post(b"{}")
    assert api.requests[0].headers["X-Amz-Security-Token"] == "token"


def test_credentials_that_cannot_be_refreshed_are_one_line(api: FakeApi) -> None:
    class Expired(Credentials):
        def get_frozen_credentials(self) -> ReadOnlyCredentials:
            raise UnauthorizedSSOTokenError

    with pytest.raises(UserError, match=r"SSO session .* has expired"):
        ApiClient(Target(api.url, "eu-north-1", Expired("a", "b"))).post(b"{}")


def test_one_connection_serves_many_posts(api: FakeApi) -> None:
    client = ApiClient(api.target())
    for _ in range(5):
        client.post(b"{}")
    assert len({request.connection for request in api.requests}) == 1


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_what_may_pass_is_tried_again(api: FakeApi, status: int) -> None:
    api.answer(status)
    api.answer(status)
    assert ApiClient(api.target(), wait=Waits()).post(b"{}").status == 201
    assert len(api.requests) == 3


@pytest.mark.parametrize("status", [200, 201, 400, 403, 404, 409, 413, 415])
def test_what_will_not_pass_is_not_tried_again(api: FakeApi, status: int) -> None:
    api.answer(status)
    assert ApiClient(api.target(), wait=Waits()).post(b"{}").status == status
    assert len(api.requests) == 1


def test_attempts_end_with_the_last_answer(api: FakeApi) -> None:
    for _ in range(3):
        api.answer(503, {"detail": "busy"})
    answer = ApiClient(api.target(), retries=Retries(attempts=3), wait=Waits()).post(b"{}")
    assert (answer.status, answer.body) == (503, b'{"detail": "busy"}')
    assert len(api.requests) == 3


def test_waits_stay_below_a_bound_that_doubles(api: FakeApi) -> None:
    waits = Waits()
    for _ in range(5):
        api.answer(503)
    retries = Retries(attempts=6, first_seconds=1, longest_seconds=4)
    ApiClient(api.target(), retries=retries, wait=waits).post(b"{}")
    assert all(0 <= waited <= bound for waited, bound in zip(waits.seconds, [1, 2, 4, 4, 4], strict=True))
    assert len(set(waits.seconds)) == 5


def test_retry_after_in_seconds_is_the_least_to_wait(api: FakeApi) -> None:
    waits = Waits()
    api.answer(429, Retry_After="7")
    ApiClient(api.target(), wait=waits).post(b"{}")
    assert 7 <= waits.seconds[0] <= 7.1


def test_retry_after_as_a_date_is_the_least_to_wait(api: FakeApi) -> None:
    waits = Waits()
    api.answer(503, Retry_After=format_datetime(datetime.now(UTC) + timedelta(seconds=20), usegmt=True))
    ApiClient(api.target(), wait=waits).post(b"{}")
    assert waits.seconds[0] == pytest.approx(19.5, abs=1.5)


def test_a_retry_after_that_is_too_long_is_not_waited_for(api: FakeApi) -> None:
    api.answer(503, Retry_After="3600")
    assert ApiClient(api.target(), wait=Waits()).post(b"{}").status == 503


def test_being_told_to_stop_ends_the_attempts(api: FakeApi) -> None:
    api.answer(503)
    with pytest.raises(StoppedError):
        ApiClient(api.target(), wait=Waits(stop=True)).post(b"{}")


def test_an_api_that_is_not_there_is_said_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    target = Target(f"http://127.0.0.1:{port}/", "eu-north-1", Credentials("AKIDEXAMPLE", "not-a-secret"))
    waits = Waits()
    with pytest.raises(ApiUnreachableError, match=rf"127.0.0.1:{port} does not answer: .*refused") as raised:
        ApiClient(target, wait=waits).post(b"{}")
    assert "\n" not in str(raised.value)
    assert len(waits.seconds) == 6


def test_a_url_follows_the_endpoint_to_its_new_port() -> None:
    url = "http://127.0.0.1:4566/_aws/execute-api/abc/local/transactions"
    assert at_endpoint(url, "http://127.0.0.1:5000") == url.replace("4566", "5000")


def test_the_proxy_of_the_environment_is_not_used_for_loopback(
    api: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert ApiClient(api.target(), wait=Waits()).post(b"{}").status == 201
