"""The one way from the plugin to AWS: clients made when first used, and only for a loopback endpoint."""

import ipaddress
import threading
import time
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from local.plugin.errors import PluginError, is_gone

_POLL_SECONDS = 0.05
_RETRY_SECONDS = 0.5


def loopback_endpoint(environment: Mapping[str, str]) -> str:
    """The URL in AWS_ENDPOINT_URL. Raises PluginError unless it is on this machine's loopback interface."""
    url = environment.get("AWS_ENDPOINT_URL", "")
    if not url:
        raise PluginError(
            "the local aws plugin needs AWS_ENDPOINT_URL; start the embedded AWS: invoke local.up"
        )
    host = urlsplit(url).hostname or ""
    if not _is_loopback(host):
        raise PluginError(
            f"the local aws plugin only talks to a loopback address, not to AWS_ENDPOINT_URL={url}"
        )
    return url.rstrip("/")


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Aws:
    """Clients, region, account and default tags for one configured provider."""

    def __init__(self, endpoint: str, region: str, default_tags: Mapping[str, str] | None = None) -> None:
        self.endpoint = endpoint
        self.region = region
        self.default_tags = dict(default_tags or {})
        self._clients: dict[str, Any] = {}
        self._lock = threading.Lock()

    def client(self, service: str) -> Any:
        """The botocore client of a service; making one is not thread-safe, using one is."""
        with self._lock:
            if service not in self._clients:
                self._clients[service] = self._session.create_client(
                    service, region_name=self.region, endpoint_url=self.endpoint, config=self._config
                )
            return self._clients[service]

    def wait_until(self, what: str, done: Callable[[], bool], timeout_seconds: float = 60) -> None:
        """Return when `done` says so. Raises PluginError when it takes longer than the timeout."""
        deadline = time.monotonic() + timeout_seconds
        while not done():
            if time.monotonic() > deadline:
                raise PluginError(f"waited {timeout_seconds:.0f} s in vain until {what}")
            time.sleep(_POLL_SECONDS)

    def wait_until_gone(self, what: str, describe: Callable[[], Any]) -> None:
        """Return when AWS says that what `describe` asks for does not exist."""

        def gone() -> bool:
            try:
                describe()
            except Exception as error:
                if is_gone(error):
                    return True
                raise
            return False

        self.wait_until(f"{what} is gone", gone)

    def retry_while(self, passing: Callable[[Exception], bool], call: Callable[[], Any]) -> None:
        """Make a call again as long as it fails in a way that passes by itself, for a minute at most."""
        deadline = time.monotonic() + 60
        while True:
            try:
                call()
            except Exception as error:
                if not passing(error) or time.monotonic() > deadline:
                    raise
                time.sleep(_RETRY_SECONDS)
            else:
                return

    @cached_property
    def account(self) -> str:
        """The id of the account behind the credentials."""
        return str(self.client("sts").get_caller_identity()["Account"])

    def arn(self, service: str, resource: str) -> str:
        """An ARN in this account and region."""
        return f"arn:aws:{service}:{self.region}:{self.account}:{resource}"

    @cached_property
    def _session(self) -> Any:
        from botocore.session import get_session  # noqa: PLC0415 - a preview without calls does not pay for it

        return get_session()

    @cached_property
    def _config(self) -> Any:
        from botocore.config import Config  # noqa: PLC0415 - as above

        # proxies: a proxy from the environment must not see loopback traffic.
        return Config(proxies={}, max_pool_connections=32, retries={"mode": "standard", "max_attempts": 3})
