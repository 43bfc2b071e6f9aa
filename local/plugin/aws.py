"""The plugin's connection to AWS and its settings. It accepts loopback endpoints only."""

import ipaddress
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from local.plugin.errors import PluginError, is_not_found
from local.plugin.values import Props
from terminal.command_line import command_line

_POLL_SECONDS = 0.05
_RETRY_SECONDS = 0.5
_RETRY_LIMIT_SECONDS = 60.0
_ENGINE_KEYS = {"version", "pluginDownloadURL", "pluginChecksums", "__internal", "__defaults"}
# These settings skip checks that only the official plugin makes.
_IGNORED = {
    "skipCredentialsValidation",
    "skipMetadataApiCheck",
    "skipRegionValidation",
    "skipRequestingAccountId",
}
_APPLIED = {"region", "defaultTags", "allowedAccountIds"}


def loopback_endpoint(environment: Mapping[str, str]) -> str:
    """The URL in AWS_ENDPOINT_URL. Raises PluginError if it is missing or not a loopback address."""
    url = environment.get("AWS_ENDPOINT_URL", "")
    if not url:
        raise PluginError(f"AWS_ENDPOINT_URL is not set. Start the embedded AWS: {command_line('local.up')}")
    host = urlsplit(url).hostname or ""
    if not _is_loopback(host):
        raise PluginError(
            f"AWS_ENDPOINT_URL={url} is not a loopback address, which the local aws plugin requires."
            " Set it to the URL of the embedded AWS."
        )
    return url.rstrip("/")


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Aws:
    """Clients, region, account and default tags of one configured provider."""

    def __init__(self, endpoint: str, region: str, default_tags: Mapping[str, str] | None = None) -> None:
        self.endpoint = endpoint
        self.region = region
        self.default_tags = dict(default_tags or {})
        self._clients: dict[str, Any] = {}
        self._lock = threading.Lock()

    def client(self, service: str) -> Any:
        """The botocore client of a service, created at its first use."""
        # Clients are thread-safe, their creation is not.
        with self._lock:
            if service not in self._clients:
                self._clients[service] = self._session.create_client(
                    service, region_name=self.region, endpoint_url=self.endpoint, config=self._config
                )
            return self._clients[service]

    def wait_until(self, condition: str, is_met: Callable[[], bool], timeout_seconds: float = 60) -> None:
        """Wait until `is_met()`. Raises PluginError with the text `condition` after the timeout."""
        deadline = time.monotonic() + timeout_seconds
        while not is_met():
            if time.monotonic() > deadline:
                raise PluginError(
                    f"Timeout after {timeout_seconds:.0f} s; expected: {condition}. Run the update again."
                )
            time.sleep(_POLL_SECONDS)

    def wait_until_deleted(self, subject: str, describe: Callable[[], Any]) -> None:
        """Wait until `describe()` raises a not-found error of AWS."""

        def is_deleted() -> bool:
            try:
                describe()
            except Exception as error:
                if is_not_found(error):
                    return True
                raise
            return False

        self.wait_until(f"{subject} is deleted", is_deleted)

    def retry_while(self, is_transient: Callable[[Exception], bool], call: Callable[[], Any]) -> None:
        """Repeat a call while it fails with a transient error, for a minute at most."""
        deadline = time.monotonic() + _RETRY_LIMIT_SECONDS
        while True:
            try:
                call()
            except Exception as error:
                if not is_transient(error) or time.monotonic() > deadline:
                    raise
                time.sleep(_RETRY_SECONDS)
            else:
                return

    @cached_property
    def account(self) -> str:
        """The account id of the credentials."""
        return str(self.client("sts").get_caller_identity()["Account"])

    def arn(self, service: str, resource: str) -> str:
        """An ARN in this account and region."""
        return f"arn:aws:{service}:{self.region}:{self.account}:{resource}"

    @cached_property
    def _session(self) -> Any:
        # Imported late, because a preview without calls does not need it.
        from botocore.session import get_session  # noqa: PLC0415

        return get_session()

    @cached_property
    def _config(self) -> Any:
        from botocore.config import Config  # noqa: PLC0415

        # Without `proxies`, a proxy in the environment would receive loopback traffic.
        return Config(proxies={}, max_pool_connections=32, retries={"mode": "standard", "max_attempts": 3})


def configuration_problems(inputs: Props) -> Iterator[tuple[str, str]]:
    """(key, reason) for every setting that the plugin does not support."""
    for key in sorted(inputs.keys() - _ENGINE_KEYS - _IGNORED - _APPLIED):
        supported = ", ".join(f"aws:{name}" for name in sorted(_APPLIED))
        yield key, f"aws:{key} is not supported by the local aws plugin. Remove it; supported: {supported}"
    tags = _decode_json(inputs.get("defaultTags"))
    if tags is not None and (not isinstance(tags, dict) or tags.keys() - {"tags"}):
        yield "defaultTags", 'aws:defaultTags must be {"tags": {...}}'


def parse_configuration(inputs: Props, environment: Mapping[str, str]) -> Aws:
    """The configured connection.

    Raises PluginError if the region or a loopback endpoint is missing, or if the account is not allowed.
    """
    region = inputs.get("region") or environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION")
    if not region:
        raise PluginError("The AWS region is not set. Set it: pulumi config set aws:region <region>")
    tags = (_decode_json(inputs.get("defaultTags")) or {}).get("tags")
    aws = Aws(loopback_endpoint(environment), region, tags)
    allowed = _decode_json(inputs.get("allowedAccountIds"))
    if allowed and aws.account not in allowed:
        raise PluginError(
            f"The account {aws.account} is not in aws:allowedAccountIds ({', '.join(allowed)})."
            " Use credentials of an allowed account."
        )
    return aws


def _decode_json(value: Any) -> Any:
    """The engine passes nested settings as JSON text."""
    return json.loads(value) if isinstance(value, str) else value
