"""The port of the emulator, bound before the daemon starts so that no other process can take it."""

import os
import socket
from pathlib import Path

from local.endpoint import HOST
from local.errors import LocalError

DEFAULT_PORT = 4566
PORT_VARIABLE = "FRAUD_LOCAL_PORT"
HIGHEST_PORT = 65535


def requested_port(port: int | None) -> int | None:
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
