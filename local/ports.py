"""Which port the emulator listens on, bound before the daemon starts so that no other can take it."""

import os
import socket
from pathlib import Path

from local.endpoint import HOST
from local.errors import LocalError

DEFAULT_PORT = 4566
VARIABLE = "FRAUD_LOCAL_PORT"
HIGHEST_PORT = 65535


def requested(port: int | None) -> int | None:
    """The port the user asks for, or None. The argument goes before the variable; 0 is any free one."""
    given = os.environ.get(VARIABLE, "") if port is None else str(port)
    if not given:
        return None
    if not given.isdecimal() or int(given) > HIGHEST_PORT:
        raise LocalError(
            f"port {given!r} is not a number from 0 to {HIGHEST_PORT}; give --port or {VARIABLE} one"
        )
    return int(given)


def listen(port: int | None, remembered: Path) -> socket.socket:
    """A listening socket on `port`, or else on the last run's, the default or any free one, in that order."""
    if port is not None:
        try:
            return _bind(port)
        except OSError as error:
            reason = (
                "is in use by another program" if not isinstance(error, PermissionError) else "is not allowed"
            )
            raise LocalError(
                f"port {port} {reason}; stop that program, or choose another with --port or {VARIABLE}"
            ) from error
    for candidate in (_read(remembered), DEFAULT_PORT):
        try:
            if candidate:
                return _bind(candidate)
        except OSError:
            continue
    return _bind(0)


def _bind(port: int) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((HOST, port))
        # With SO_REUSEADDR two sockets can be bound to one port; only one of them can listen.
        made.listen()
    except OSError:
        made.close()
        raise
    return made


def _read(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None
