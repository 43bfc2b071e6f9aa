"""HTTP client of the API: signs requests, reuses connections, and retries. The API is idempotent.

urllib3's `Retry` does not fit: it repeats a request with the same headers, while a signature is valid for
five minutes only, and its waits cannot be interrupted.
"""

import random
import threading
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlsplit

import urllib3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials, ReadOnlyCredentials
from botocore.httpsession import get_cert_path
from urllib3.exceptions import HTTPError, InvalidHeader

from operations.api_target import ApiTarget
from terminal.aws_errors import translate_aws_errors
from terminal.errors import UserError

SERVICE = "execute-api"
LOOPBACK = ("127.0.0.1", "localhost", "::1")

# API Gateway ends a request after 29 s. No response after 30 s means that the connection is lost.
TIMEOUT = urllib3.Timeout(connect=5, read=30)


class ApiUnreachableError(UserError):
    """No attempt got a response."""


class StoppedError(Exception):
    """The caller stopped the client while a request waited for its next attempt."""


@dataclass(frozen=True)
class RetryPolicy:
    """The number of attempts and the delays between them: full jitter below a bound that doubles."""

    attempts: int = 7
    first_seconds: float = 0.1
    max_seconds: float = 8.0
    # A longer `Retry-After` has a cause that further attempts do not overcome.
    max_retry_after_seconds: float = 60.0

    def bound_seconds(self, attempt: int) -> float:
        """Return the longest delay after the failure number `attempt`, counted from 1."""
        return min(self.max_seconds, self.first_seconds * 2.0 ** (attempt - 1))


@dataclass(frozen=True)
class ApiResponse:
    """One response of the API."""

    status: int
    body: bytes
    headers: urllib3.HTTPHeaderDict

    @property
    def is_retryable(self) -> bool:
        """Whether a later attempt can get another response."""
        return self.status == HTTPStatus.TOO_MANY_REQUESTS or self.status >= HTTPStatus.INTERNAL_SERVER_ERROR


class ApiClient:
    """Posts to one URL, from any number of threads, over at most `connections` connections.

    `wait` sleeps for a number of seconds and returns whether to stop.
    """

    def __init__(
        self,
        target: ApiTarget,
        *,
        connections: int = 1,
        retries: RetryPolicy | None = None,
        stop: threading.Event | None = None,
        wait: Callable[[float], bool] | None = None,
    ) -> None:
        self._target = target
        self._retries = retries or RetryPolicy()
        self._stop = stop or threading.Event()
        self._wait = wait or self._stop.wait
        self._pool = _create_pool(target.url, connections)

    def post(self, body: bytes, content_type: str = "application/json") -> ApiResponse:
        """Post `body` and return the response: 429 or 5xx only if every attempt got one.

        Raises ApiUnreachableError if no attempt got a response, StoppedError if the client is stopped.
        """
        attempt = 0
        while True:
            attempt += 1
            response, error = self._try(body, content_type)
            if response and not response.is_retryable:
                return response
            retry_after = _read_retry_after_seconds(response) if response else 0.0
            if attempt >= self._retries.attempts or retry_after > self._retries.max_retry_after_seconds:
                if response:
                    return response
                raise self._unreachable_error(error) from error
            self.back_off(attempt, retry_after)

    @property
    def max_attempts(self) -> int:
        """The number of attempts for one request."""
        return self._retries.attempts

    def back_off(self, attempt: int, retry_after_seconds: float = 0.0) -> None:
        """Wait after the failure number `attempt`, counted from 1. Raises StoppedError."""
        jitter = random.uniform(0, self._retries.bound_seconds(attempt))  # noqa: S311
        if self._wait(retry_after_seconds + jitter):
            raise StoppedError

    def close(self) -> None:
        """Close the idle connections."""
        self._pool.clear()

    def _try(self, body: bytes, content_type: str) -> tuple[ApiResponse | None, HTTPError | None]:
        headers = sign_post(self._target, body, content_type)
        try:
            response = self._pool.urlopen(
                "POST", self._target.url, body=body, headers=headers, redirect=False, retries=False
            )
        except HTTPError as error:
            return None, error
        return ApiResponse(response.status, response.data, response.headers), None

    def _unreachable_error(self, error: HTTPError | None) -> ApiUnreachableError:
        host = urlsplit(self._target.url).netloc
        reason = str(error).rsplit(": ", maxsplit=1)[-1]
        return ApiUnreachableError(
            f"The API at {host} does not answer: {reason}.", "Check the connection, and try again."
        )


def sign_post(target: ApiTarget, body: bytes, content_type: str = "application/json") -> dict[str, str]:
    """Return the headers of a POST of `body`, with a signature that is valid for five minutes."""
    with translate_aws_errors():
        frozen: ReadOnlyCredentials = target.credentials.get_frozen_credentials()
    request = AWSRequest("POST", target.url, data=body, headers={"Content-Type": content_type})
    credentials = Credentials(frozen.access_key or "", frozen.secret_key or "", frozen.token)
    SigV4Auth(credentials, SERVICE, target.region).add_auth(request)
    return dict(request.headers.items())


def find_proxy(url: str) -> str | None:
    """Return the proxy that the environment sets for the URL, if any."""
    host = urlsplit(url).hostname or ""
    proxy = urllib.request.getproxies().get(urlsplit(url).scheme)
    return proxy if proxy and host not in LOOPBACK and not urllib.request.proxy_bypass(host) else None


def _create_pool(url: str, connections: int) -> urllib3.PoolManager:
    """Create a connection pool, with the proxy from the environment if there is one.

    botocore's own session leaves Nagle's algorithm on, which costs 40 ms a request.
    """
    # Some Python installations have no certificates of the host. botocore includes its own.
    ca_certs = get_cert_path(True)
    if proxy := find_proxy(url):
        return urllib3.ProxyManager(
            proxy, maxsize=connections, block=True, timeout=TIMEOUT, ca_certs=ca_certs
        )
    return urllib3.PoolManager(maxsize=connections, block=True, timeout=TIMEOUT, ca_certs=ca_certs)


def _read_retry_after_seconds(response: ApiResponse) -> float:
    """Return the delay in the header `Retry-After`, a number of seconds or a date; 0 if there is none."""
    try:
        return urllib3.Retry().parse_retry_after(response.headers.get("Retry-After", "").strip())
    except (InvalidHeader, ValueError, OverflowError):
        return 0.0
