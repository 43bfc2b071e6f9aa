"""The endpoint of a running emulator: URL, process and credentials of its root user."""

import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import botocore.session

from shared.atomic_write import write_atomically

HOST = "127.0.0.1"
# Session variables of botocore that ignore the user's profile and AWS files. Each value is (name in the
# configuration file, environment variable, default, conversion).
ISOLATED_SESSION: Any = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}


@dataclass(frozen=True)
class RootCredentials:
    """Keys of the root user of one clone. A command of one clone cannot use the emulator of another."""

    access_key_id: str
    secret_access_key: str


@dataclass(frozen=True)
class EmulatorEndpoint:
    """The endpoint of a running emulator.

    `region` is the default region; the setting of a stack overrides it. AWS's delays before retries are
    multiplied by `delay_scale`.
    """

    port: int
    pid: int
    region: str
    credentials: RootCredentials
    delay_scale: float

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def environment(self) -> dict[str, str]:
        """Variables that direct an AWS SDK to the emulator and disable the user's profiles and roles."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": self.credentials.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.credentials.secret_access_key,
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
            # The user's proxy cannot reach loopback addresses of this machine.
            "NO_PROXY": HOST,
            "no_proxy": HOST,
        }

    def client(self, service: str) -> Any:
        """A botocore client of the root user; it reads no AWS files or profile of the user."""
        return botocore.session.Session(session_vars=ISOLATED_SESSION).create_client(
            service,
            region_name=self.region,
            endpoint_url=self.url,
            aws_access_key_id=self.credentials.access_key_id,
            aws_secret_access_key=self.credentials.secret_access_key,
        )

    def write(self, path: Path) -> None:
        write_atomically(path, json.dumps(asdict(self), indent=2))

    @classmethod
    def read(cls, path: Path) -> "EmulatorEndpoint | None":
        """The endpoint in the file; None if it does not exist or another version wrote it."""
        try:
            fields = json.loads(path.read_text())
            return cls(**{**fields, "credentials": RootCredentials(**fields["credentials"])})
        except (OSError, ValueError, TypeError, KeyError):
            return None


def load_credentials(path: Path) -> RootCredentials:
    """The credentials in the file; the first call generates them."""
    try:
        return RootCredentials(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):
        generated = RootCredentials(f"LOCAL{secrets.token_hex(8).upper()}", secrets.token_urlsafe(30))
        write_atomically(path, json.dumps(asdict(generated)))
        return generated
