"""Locks of stacks in every backend: files in a folder or in S3, or Pulumi Cloud.

Other backends (Google Cloud Storage, Azure, PostgreSQL) are not read, so their stacks appear as unlocked. The
engine itself refuses to change a locked stack of any backend.
"""

import json
import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from orchestration.environments import Environment
from orchestration.layers import LAYERS, Layer
from orchestration.pulumi import backend
from orchestration.pulumi.engine import Engine
from orchestration.state.local import is_process_alive
from orchestration.state.state_files import StateFiles, open_state_files

# `pulumi stack` prints the user of a running update. `pulumi stack ls --json` contains no user.
_REQUESTED_BY = re.compile(r"^\s*Requested By: (?P<user>.+?)\s*$", re.MULTILINE)


@dataclass(frozen=True)
class LockHolder:
    """The holder of a lock. Fields that the backend does not record are empty or None.

    `process_ended` is known only for processes of this machine.
    """

    user: str = ""
    host: str = ""
    pid: int | None = None
    since: datetime | None = None
    process_ended: bool = False

    def __str__(self) -> str:
        user = self.user or "an unknown user"
        holder = f"{user}@{self.host}" if self.host else user
        ended = ", which has ended" if self.process_ended else ""
        process = f" (process {self.pid}{ended})" if self.pid is not None else ""
        since = f" since {self.since:%Y-%m-%d %H:%M:%S} UTC" if self.since else ""
        return holder + process + since

    def as_dict(self) -> dict[str, Any]:
        """Return the fields with the time in ISO 8601."""
        return {
            "user": self.user,
            "host": self.host,
            "pid": self.pid,
            "since": self.since.isoformat() if self.since else None,
            "gone": self.process_ended,
        }


class Locks(Protocol):
    """The locks of one environment's stacks."""

    def holder(self, layer: Layer) -> LockHolder | None:
        """Return the holder of the layer's lock; None if it is not locked. Raises UserError."""


def open_locks(environment: Environment, engine: Engine, all_layers: Sequence[Layer] = LAYERS) -> Locks:
    """Return the locks in the environment's backend."""
    url = backend.find_backend_url(environment) or _read_login_url(engine, all_layers[0])
    files = open_state_files(url)
    return FileLocks(files, environment.name) if files else CloudLocks(engine, environment.name)


@dataclass(frozen=True)
class FileLocks:
    """Lock files: one for each process that holds the lock of a stack or tries to acquire it."""

    files: StateFiles
    stack: str

    def holder(self, layer: Layer) -> LockHolder | None:
        """Return the first holder, preferably one whose process runs."""
        names = self.files.list_names(f".pulumi/locks/organization/{layer.project}/{self.stack}")
        contents = [self.files.read(name) for name in names if name.endswith(".json")]
        holders = [_parse_holder(content) for content in contents if content is not None]
        return min(
            holders,
            key=lambda holder: (holder.process_ended, holder.since or datetime.now(UTC)),
            default=None,
        )


@dataclass(frozen=True)
class CloudLocks:
    """Running updates in Pulumi Cloud, read through the CLI."""

    engine: Engine
    stack: str

    def holder(self, layer: Layer) -> LockHolder | None:
        """Return the user who started the running update."""
        stacks = json.loads(self.engine.run_cli(layer, "stack", "ls", "--json"))
        if not any(entry.get("updateInProgress") and self._is_stack(entry["name"]) for entry in stacks):
            return None
        match = _REQUESTED_BY.search(self.engine.run_cli(layer, "stack", "--stack", self.stack))
        return LockHolder(match["user"] if match else "")

    def _is_stack(self, name: str) -> bool:
        # Outside the user's default organization, the name is `organization/stack`.
        return name.rpartition("/")[2] == self.stack


def _read_login_url(engine: Engine, layer: Layer) -> str:
    return str(json.loads(engine.run_cli(layer, "whoami", "--json")).get("url") or "")


def _parse_holder(content: bytes) -> LockHolder:
    try:
        lock = json.loads(content)
        since = datetime.fromisoformat(lock["timestamp"]).astimezone(UTC)
        user, host, pid = str(lock["username"]), str(lock["hostname"]), int(lock["pid"])
    except (ValueError, KeyError, TypeError):
        # The file is a lock even if another version of the CLI writes a different format.
        return LockHolder()
    ended = host == socket.gethostname() and not is_process_alive(pid)
    return LockHolder(user, host, pid, since, process_ended=ended)
