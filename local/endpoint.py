"""The endpoint of the emulator: its port, its URL, and the credentials of its root user.

The port is bound before the daemon starts, so that no other process can take it.
"""

import json
import os
import secrets
import socket
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import botocore.session

from local.errors import LocalError
from shared.atomic_write import write_atomically

HOST = "127.0.0.1"
DEFAULT_PORT = 4566
PORT_VARIABLE = "FRAUD_LOCAL_PORT"
HIGHEST_PORT = 65535
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


def find_requested_port(port: int | None) -> int | None:
    """The port that the user requests, or None. The argument overrides the variable; 0 is any free port."""
    text = os.environ.get(PORT_VARIABLE, "") if port is None else str(port)
    if not text:
        return None
    if not text.isdecimal() or int(text) > HIGHEST_PORT:
        raise LocalError(
            f"The port {text!r} is not a number from 0 to {HIGHEST_PORT}."
            f" Set --port or {PORT_VARIABLE} to a valid port."
        )
    return int(text)


def open_listening_socket(port: int | None, remembered: Path) -> socket.socket:
    """A listening socket on `port`; by default on the last run's port, the default port or any free port.

    `remembered` is the file with the last run's port. Raises LocalError if `port` is in use or not allowed.
    """
    if port is not None:
        try:
            return _bind_socket(port)
        except OSError as error:
            problem = (
                "is not allowed" if isinstance(error, PermissionError) else "is in use by another program"
            )
            raise LocalError(
                f"Port {port} {problem}. Stop that program, or set --port or {PORT_VARIABLE} to another port."
            ) from error
    for candidate in (_read_port(remembered), DEFAULT_PORT):
        try:
            if candidate:
                return _bind_socket(candidate)
        except OSError:
            continue
    return _bind_socket(0)


def _bind_socket(port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((HOST, port))
        # With SO_REUSEADDR, two sockets can bind to one port, but only one of them can listen.
        listening.listen()
    except OSError:
        listening.close()
        raise
    return listening


def _read_port(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None
