"""A lock on a file that says who is alive: the system lets go of it when its holder dies, however it dies."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local.errors import LocalError

POLL_SECONDS = 0.02


def hold(path: Path, *, timeout_seconds: float) -> int:
    """Take the lock for as long as this process lives, and write its id into it; returns the descriptor."""
    descriptor = _take(path, timeout_seconds)
    os.ftruncate(descriptor, 0)
    os.write(descriptor, str(os.getpid()).encode())
    return descriptor


@contextmanager
def held(path: Path, *, timeout_seconds: float) -> Iterator[None]:
    """Take the lock for a block."""
    descriptor = _take(path, timeout_seconds)
    try:
        yield
    finally:
        os.close(descriptor)


def holder(path: Path) -> int | None:
    """The process that holds the lock; None if nobody does."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        # A shared lock, so that two who only ask do not take each other for the holder.
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        content = os.pread(descriptor, 32, 0)
        return int(content) if content.isdigit() else None
    else:
        return None
    finally:
        os.close(descriptor)


def wait_until_free(path: Path, *, timeout_seconds: float) -> bool:
    """Whether the lock became free in time."""
    deadline = time.monotonic() + timeout_seconds
    while holder(path) is not None:
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def _take(path: Path, timeout_seconds: float) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + timeout_seconds
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                os.close(descriptor)
                raise LocalError(
                    f"another command is starting or stopping the local AWS ({path.name} is held); try again"
                ) from None
            time.sleep(POLL_SECONDS)
        except BaseException:
            os.close(descriptor)
            raise
        else:
            return descriptor
