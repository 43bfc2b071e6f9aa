"""Addresses and credentials for requests to the deployed API."""

from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from botocore.credentials import Credentials


@dataclass(frozen=True)
class ApiTarget:
    """The URL, region and credentials of a request. Each request reads `credentials`, which may refresh."""

    url: str
    region: str
    credentials: Credentials


def move_to_endpoint(url: str, endpoint: str) -> str:
    """Return `url` with the scheme, host and port of `endpoint`: the embedded AWS may change its port."""
    parts = urlsplit(endpoint)
    return urlunsplit(urlsplit(url)._replace(scheme=parts.scheme, netloc=parts.netloc))
