"""File locks that identify a running process: the operating system releases them when the process ends."""

import fcntl
import os
import time
from pathlib import Path

from filelock import AcquireReturnProxy, FileLock, Timeout

from local.errors import LocalError

POLL_SECONDS = 0.02

# References to the locks of this process; a lock without a reference is released.
_process_locks: list[AcquireReturnProxy[FileLock]] = []


def acquire_lock(path: Path, *, timeout_seconds: float) -> AcquireReturnProxy[FileLock]:
    """Acquire the lock for a `with` block. Raises LocalError if another process holds it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        return FileLock(path, mode=0o600).acquire(timeout=timeout_seconds, poll_interval=POLL_SECONDS)
    except Timeout as error:
        raise LocalError(
            f"The lock {path.name} of the embedded AWS is held by another command, which starts or stops it."
            " Try again when that command has finished."
        ) from error


def hold_lock(path: Path, *, timeout_seconds: float) -> None:
    """Acquire the lock until this process ends, and write the process id into the file."""
    _process_locks.append(acquire_lock(path, timeout_seconds=timeout_seconds))
    path.write_text(str(os.getpid()))


def find_holder(path: Path) -> int | None:
    """The id of the process that holds the lock, or None."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        # A shared lock: filelock has exclusive locks only, and two processes that both check the lock with
        # one would take each other for the holder.
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        content = os.pread(descriptor, 32, 0)
        return int(content) if content.isdigit() else None
    else:
        return None
    finally:
        os.close(descriptor)


def wait_until_free(path: Path, *, timeout_seconds: float) -> bool:
    """Wait until no process holds the lock; False after the timeout."""
    deadline = time.monotonic() + timeout_seconds
    while find_holder(path) is not None:
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True
