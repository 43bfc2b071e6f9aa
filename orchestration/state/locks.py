"""Who holds the lock of a stack, for any backend: Pulumi's own files in a folder or in S3, or Pulumi Cloud.

Of other places (Google Cloud Storage, Azure, PostgreSQL) nothing is known here: their stacks show as free,
and the engine itself still refuses to change one that is not.
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
from orchestration.state import backend, state_files
from orchestration.state.local import lives
from orchestration.state.state_files import StateFiles

# What `pulumi stack` says while an update of Pulumi Cloud is under way; --json does not tell by whom.
_REQUESTED_BY = re.compile(r"^\s*Requested By: (?P<user>.+?)\s*$", re.MULTILINE)


@dataclass(frozen=True)
class Holder:
    """Who changes a stack; what the backend does not tell is empty or None.

    `gone` is said of a process of this machine that ended and left its lock behind.
    """

    user: str = ""
    host: str = ""
    pid: int | None = None
    since: datetime | None = None
    gone: bool = False

    def __str__(self) -> str:
        who = f"{self.user or 'somebody'}@{self.host}" if self.host else self.user or "somebody"
        gone = ", which is gone" if self.gone else ""
        process = f" (process {self.pid}{gone})" if self.pid is not None else ""
        since = f" since {self.since:%Y-%m-%d %H:%M:%S} UTC" if self.since else ""
        return who + process + since

    def as_dict(self) -> dict[str, Any]:
        """For JSON; the time is ISO 8601 in UTC."""
        since = self.since.isoformat() if self.since else None
        return {"user": self.user, "host": self.host, "pid": self.pid, "since": since, "gone": self.gone}


class Locks(Protocol):
    """The locks of one environment's stacks."""

    def holder(self, layer: Layer) -> Holder | None:
        """Who holds the layer's stack; None if nobody does. Raises UserError if that cannot be read."""


class Cli(Protocol):
    """What this needs of the engine."""

    def ask(self, layer: Layer, *arguments: str) -> str:
        """What the CLI prints, run in the layer's folder; a `UserError` if it fails."""


def of(environment: Environment, cli: Cli, all_layers: Sequence[Layer] = LAYERS) -> Locks:
    """The locks where the environment's state is."""
    url = backend.backend_url(environment) or _logged_in_to(cli, all_layers[0])
    files = state_files.at(url)
    return FileLocks(files, environment.name) if files else CloudLocks(cli, environment.name)


@dataclass(frozen=True)
class FileLocks:
    """Locks that are files: one for each process that holds, or tries to get, a stack."""

    files: StateFiles
    stack: str

    def holder(self, layer: Layer) -> Holder | None:
        """The first of those who hold the layer's stack, one that lives before one that is gone."""
        names = self.files.names(f".pulumi/locks/organization/{layer.project}/{self.stack}")
        contents = [self.files.read(name) for name in names if name.endswith(".json")]
        holders = [_holder(content) for content in contents if content is not None]
        return min(holders, key=lambda one: (one.gone, one.since or datetime.now(UTC)), default=None)


@dataclass(frozen=True)
class CloudLocks:
    """Pulumi Cloud, asked through the CLI: whether an update is under way, and who asked for it."""

    cli: Cli
    stack: str

    def holder(self, layer: Layer) -> Holder | None:
        """Who asked for the update that is under way."""
        stacks = json.loads(self.cli.ask(layer, "stack", "ls", "--json"))
        if not any(one.get("updateInProgress") and self._is_it(one["name"]) for one in stacks):
            return None
        found = _REQUESTED_BY.search(self.cli.ask(layer, "stack", "--stack", self.stack))
        return Holder(found["user"] if found else "")

    def _is_it(self, name: str) -> bool:
        # Of an organization that is not the user's default, it is organization/stack.
        return name.rpartition("/")[2] == self.stack


def _logged_in_to(cli: Cli, layer: Layer) -> str:
    return str(json.loads(cli.ask(layer, "whoami", "--json")).get("url") or "")


def _holder(content: bytes) -> Holder:
    try:
        found = json.loads(content)
        since = datetime.fromisoformat(found["timestamp"]).astimezone(UTC)
        user, host, pid = str(found["username"]), str(found["hostname"]), int(found["pid"])
    except (ValueError, KeyError, TypeError):
        # It is held all the same, whatever version of the CLI wrote this.
        return Holder()
    return Holder(user, host, pid, since, gone=host == socket.gethostname() and not lives(pid))
