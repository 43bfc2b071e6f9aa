"""What a killed run leaves in the engine's local state: locks nobody holds, operations of unknown result.

It reads the engine's own files, for `local` only: asking the CLI costs a second for each stack, every time.
"""

import json
import os
import shutil
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Lock:
    """The lock of one stack, and the process on this machine that took it."""

    path: Path
    pid: int

    def is_held(self) -> bool:
        """Whether the process lives."""
        return lives(self.pid)


def lives(pid: int) -> bool:
    """Whether there is a process of that number on this machine."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


class LocalState:
    """The file backend in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def make(self) -> None:
        """Make the folder, which the engine expects to be there."""
        self._folder.mkdir(parents=True, exist_ok=True)

    def forget(self) -> None:
        """Remove every stack and its history."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self.make()

    def drop_stale_locks(self) -> int:
        """Remove the locks whose process is gone; returns how many."""
        stale = [lock for lock in self._locks() if not lock.is_held()]
        for lock in stale:
            lock.path.unlink(missing_ok=True)
        return len(stale)

    def is_locked(self) -> bool:
        """Whether an update of any stack is under way."""
        return any(lock.is_held() for lock in self._locks())

    def has_pending_operations(self) -> bool:
        """Whether an update was cut off so that some resources may or may not exist."""
        return any(map(_pending, self._folder.glob(".pulumi/stacks/*/*.json")))

    def _locks(self) -> Iterator[Lock]:
        for path in self._folder.glob(".pulumi/locks/**/*.json"):
            content = _read(path)
            # Another machine's process is nothing that can be asked for here.
            if isinstance(content.get("pid"), int) and content.get("hostname") == socket.gethostname():
                yield Lock(path, content["pid"])


def _pending(path: Path) -> bool:
    checkpoint = _read(path).get("checkpoint") or {}
    return bool((checkpoint.get("latest") or {}).get("pending_operations"))


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
