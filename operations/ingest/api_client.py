"""The API's client: signs each request, keeps connections, and tries again what is worth trying again.

It knows HTTP and nothing of transactions. Trying again is safe because the API is idempotent.
"""

import random
import threading
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from urllib.parse import urlsplit, urlunsplit

import urllib3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials, ReadOnlyCredentials
from botocore.httpsession import get_cert_path
from urllib3.exceptions import HTTPError

from terminal.aws_errors import told_to_users
from terminal.errors import UserError

SERVICE = "execute-api"
LOOPBACK = ("127.0.0.1", "localhost", "::1")

# API Gateway itself gives up after 29 s: waiting longer can only mean a lost connection.
TIMEOUT = urllib3.Timeout(connect=5, read=30)


class ApiUnreachableError(UserError):
    """No answer at all, however often it was tried."""


class StoppedError(Exception):
    """The caller asked to stop while a request waited to be tried again."""


@dataclass(frozen=True)
class Target:
    """Where to post and as whom. `credentials` may refresh themselves: they are asked before each request."""

    url: str
    region: str
    credentials: Credentials


@dataclass(frozen=True)
class Retries:
    """How often and how long apart, in seconds: full jitter below a bound that doubles."""

    attempts: int = 7
    first_seconds: float = 0.1
    longest_seconds: float = 8.0
    # A server that asks for more than this has a reason that more attempts do not overcome.
    longest_asked_seconds: float = 60.0

    def bound_seconds(self, attempt: int) -> float:
        """The most to wait after the `attempt`th failure, counted from 1."""
        return min(self.longest_seconds, self.first_seconds * 2.0 ** (attempt - 1))


@dataclass(frozen=True)
class Answer:
    """One final answer of the API."""

    status: int
    body: bytes
    headers: urllib3.HTTPHeaderDict


class ApiClient:
    """Posts to one URL from any number of threads, over at most `connections` kept connections.

    `wait` sleeps that many seconds and says whether to stop instead of going on.
    """

    def __init__(
        self,
        target: Target,
        *,
        connections: int = 1,
        retries: Retries | None = None,
        stop: threading.Event | None = None,
        wait: Callable[[float], bool] | None = None,
    ) -> None:
        self._target = target
        self._retries = retries or Retries()
        self._stop = stop or threading.Event()
        self._wait = wait or self._stop.wait
        self._pool = _pool(target.url, connections)

    def post(self, body: bytes, content_type: str = "application/json") -> Answer:
        """The answer to `body`; one of 429 or 5xx only once every attempt met it.

        Raises `ApiUnreachableError` if there never was an answer, `StoppedError` if told to stop meanwhile.
        """
        attempt = 0
        while True:
            attempt += 1
            answer, error = self._try(body, content_type)
            if answer and not _worth_repeating(answer.status):
                return answer
            asked = _retry_after_seconds(answer) if answer else 0.0
            if attempt >= self._retries.attempts or asked > self._retries.longest_asked_seconds:
                if answer:
                    return answer
                raise self._unreachable(error) from error
            jitter = random.uniform(0, self._retries.bound_seconds(attempt))  # noqa: S311
            if self._wait(asked + jitter):
                raise StoppedError

    def close(self) -> None:
        """Close the connections that wait to be used again."""
        self._pool.clear()

    def _try(self, body: bytes, content_type: str) -> tuple[Answer | None, HTTPError | None]:
        headers = self._sign(body, content_type)
        try:
            response = self._pool.urlopen(
                "POST", self._target.url, body=body, headers=headers, redirect=False, retries=False
            )
        except HTTPError as error:
            return None, error
        return Answer(response.status, response.data, response.headers), None

    def _sign(self, body: bytes, content_type: str) -> dict[str, str]:
        # Signed anew for each attempt: a signature is valid for five minutes only.
        with told_to_users():
            frozen: ReadOnlyCredentials = self._target.credentials.get_frozen_credentials()
        request = AWSRequest("POST", self._target.url, data=body, headers={"Content-Type": content_type})
        credentials = Credentials(frozen.access_key or "", frozen.secret_key or "", frozen.token)
        SigV4Auth(credentials, SERVICE, self._target.region).add_auth(request)
        return dict(request.headers.items())

    def _unreachable(self, error: HTTPError | None) -> ApiUnreachableError:
        host = urlsplit(self._target.url).netloc
        reason = str(error).rsplit(": ", maxsplit=1)[-1]
        return ApiUnreachableError(f"The API at {host} does not answer: {reason}.")


def at_endpoint(url: str, endpoint: str) -> str:
    """`url` at the scheme, host and port of `endpoint`, which may have moved since `url` was put down."""
    now = urlsplit(endpoint)
    return urlunsplit(urlsplit(url)._replace(scheme=now.scheme, netloc=now.netloc))


def _pool(url: str, connections: int) -> urllib3.PoolManager:
    """Kept connections to the host of `url`, through the proxy the environment names, if any.

    Not botocore's own session: it leaves Nagle's algorithm on, which costs 40 ms a request.
    """
    host = urlsplit(url).hostname or ""
    proxy = urllib.request.getproxies().get(urlsplit(url).scheme)
    # The host's own bundle is missing on some Pythons; botocore brings the one that AWS's own tools use.
    ca_certs = get_cert_path(True)
    if proxy and host not in LOOPBACK and not urllib.request.proxy_bypass(host):
        return urllib3.ProxyManager(
            proxy, maxsize=connections, block=True, timeout=TIMEOUT, ca_certs=ca_certs
        )
    return urllib3.PoolManager(maxsize=connections, block=True, timeout=TIMEOUT, ca_certs=ca_certs)


def _worth_repeating(status: int) -> bool:
    return status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR


def _retry_after_seconds(answer: Answer) -> float:
    """What `Retry-After` asks for, as seconds or as a date; 0 where it is absent or makes no sense."""
    value = answer.headers.get("Retry-After", "").strip()
    if value.isdecimal():
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return 0.0
