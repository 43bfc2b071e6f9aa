"""The state of `local` in its files: stale locks and pending operations.

Pulumi's own files are read because the CLI takes a second for each stack.
"""

import json
import os
import shutil
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any


def is_process_alive(pid: int) -> bool:
    """Whether a process with this ID runs on this machine."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


@dataclass(frozen=True)
class LocalLock:
    """The lock of one stack, held by a process of this machine."""

    path: Path
    pid: int

    def is_held(self) -> bool:
        return is_process_alive(self.pid)


class LocalState:
    """The file backend in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def create_folder(self) -> None:
        """Create the folder, which the engine requires."""
        self._folder.mkdir(parents=True, exist_ok=True)

    def delete_stacks(self) -> None:
        """Delete every stack and its history."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self.create_folder()

    def remove_stale_locks(self) -> int:
        """Remove the locks of processes that have ended, and return their number."""
        stale = [lock for lock in self._read_locks() if not lock.is_held()]
        for lock in stale:
            lock.path.unlink(missing_ok=True)
        return len(stale)

    def is_locked(self) -> bool:
        """Whether an update of any stack runs."""
        return any(lock.is_held() for lock in self._read_locks())

    def has_pending_operations(self) -> bool:
        """Whether an update was interrupted, so that the result of an operation is unknown."""
        return any(map(_has_pending_operations, self._folder.glob(".pulumi/stacks/*/*.json")))

    def _read_locks(self) -> Iterator[LocalLock]:
        for path in self._folder.glob(".pulumi/locks/**/*.json"):
            content = _read_json(path)
            # Processes of other machines cannot be checked.
            if isinstance(content.get("pid"), int) and content.get("hostname") == socket.gethostname():
                yield LocalLock(path, content["pid"])


def _has_pending_operations(path: Path) -> bool:
    checkpoint = _read_json(path).get("checkpoint") or {}
    return bool((checkpoint.get("latest") or {}).get("pending_operations"))


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
