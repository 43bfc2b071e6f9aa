"""The running emulator as its users see it: address, process and the credentials of its root user."""

import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import botocore.session

from shared.atomic_write import write_atomically

HOST = "127.0.0.1"
# botocore's name -> where it would be configured, the variable, the default, how it is converted.
NOTHING_OF_THE_USERS: Any = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}


@dataclass(frozen=True)
class Credentials:
    """A clone's own root user, so that a command with another clone's endpoint is refused."""

    access_key_id: str
    secret_access_key: str


@dataclass(frozen=True)
class Endpoint:
    """A running emulator. `region` is its default; a stack's own setting goes before it.

    `delay_scale`: the part of AWS's waits that it waits.
    """

    port: int
    pid: int
    region: str
    credentials: Credentials
    delay_scale: float

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def environment(self) -> dict[str, str]:
        """Variables that point an AWS SDK here and at no profile or instance role of the user's."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": self.credentials.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.credentials.secret_access_key,
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
            # A proxy of the user's does not know this machine's own addresses.
            "NO_PROXY": HOST,
            "no_proxy": HOST,
        }

    def client(self, service: str) -> Any:
        """A client of its root user, which reads neither the user's AWS files nor their profile."""
        return botocore.session.Session(session_vars=NOTHING_OF_THE_USERS).create_client(
            service,
            region_name=self.region,
            endpoint_url=self.url,
            aws_access_key_id=self.credentials.access_key_id,
            aws_secret_access_key=self.credentials.secret_access_key,
        )

    def write(self, path: Path) -> None:
        write_atomically(path, json.dumps(asdict(self), indent=2))

    @classmethod
    def read(cls, path: Path) -> "Endpoint | None":
        """The endpoint at `path`; None if there is none, or one that another version wrote."""
        try:
            fields = json.loads(path.read_text())
            return cls(**{**fields, "credentials": Credentials(**fields["credentials"])})
        except (OSError, ValueError, TypeError, KeyError):
            return None


def credentials(path: Path) -> Credentials:
    """The credentials kept at `path`, made up the first time."""
    try:
        return Credentials(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):
        made = Credentials(f"LOCAL{secrets.token_hex(8).upper()}", secrets.token_urlsafe(30))
        write_atomically(path, json.dumps(asdict(made)))
        return made
