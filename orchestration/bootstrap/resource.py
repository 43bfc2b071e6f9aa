"""A resource that bootstrap creates and configures with an AWS SDK instead of Pulumi.

Each step reads the current state first and changes only what differs, so that an interrupted run can be
repeated.
"""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from terminal.errors import UserError

# S3 returns the first two while it processes an earlier change of the bucket, and the third while a new
# bucket is not yet known everywhere.
_TRANSIENT_CODES = ("OperationAborted", "ConcurrentModification", "NoSuchBucket")
MAX_ATTEMPTS = 8
MAX_CHECKS = 15
WAIT_SECONDS = 2.0

Pause = Callable[[float], None]


@dataclass(frozen=True)
class Setting:
    """One setting of an existing resource, with functions that check and apply it."""

    name: str
    is_correct: Callable[[], bool]
    apply: Callable[[], Any]


@dataclass(frozen=True)
class Check:
    """The state of a resource. `incorrect` are the names of settings that differ from the required ones."""

    kind: str
    name: str
    exists: bool
    incorrect: tuple[str, ...] = ()

    @property
    def is_correct(self) -> bool:
        return self.exists and not self.incorrect

    def as_dict(self) -> dict[str, Any]:
        """Return the result of bootstrap for the resource, if this is the state before it."""
        result = "unchanged" if self.is_correct else "corrected" if self.exists else "made"
        return {"kind": self.kind, "name": self.name, "result": result, "corrected": list(self.incorrect)}


class Resource(ABC):
    """A resource. `kind` and `name` are shown to the user."""

    kind: str
    name: str

    @abstractmethod
    def exists(self) -> bool: ...

    @abstractmethod
    def create(self) -> None:
        """Create the resource. If another process created it in the meantime, do nothing."""

    @abstractmethod
    def settings(self) -> Sequence[Setting]:
        """Return the settings of the existing resource, in the order in which they are applied."""

    def check(self) -> Check:
        """Return the current state."""
        if not self.exists():
            return Check(self.kind, self.name, False)
        incorrect = tuple(setting.name for setting in self.settings() if not setting.is_correct())
        return Check(self.kind, self.name, True, incorrect)

    def ensure(self, pause: Pause = time.sleep) -> None:
        """Create the resource if it does not exist, and apply the settings that are incorrect."""
        if not self.exists():
            retry_transient(self.create, pause)
        for setting in self.settings():
            if not retry_transient(setting.is_correct, pause):
                retry_transient(setting.apply, pause)


def retry_transient(call: Callable[[], Any], pause: Pause = time.sleep) -> Any:
    """Return the result of `call`, and repeat it while AWS processes an earlier change."""
    for _ in range(MAX_ATTEMPTS - 1):
        try:
            return call()
        except ClientError as error:
            if error.response["Error"]["Code"] not in _TRANSIENT_CODES:
                raise
        pause(WAIT_SECONDS)
    return call()


def wait_until_consistent(check: Callable[[], Sequence[Check]], pause: Pause = time.sleep) -> None:
    """Wait until AWS returns the applied settings, because some are eventually consistent.

    Raises UserError after half a minute.
    """
    incorrect: list[Check] = []
    for attempt in range(MAX_CHECKS):
        if attempt:
            pause(WAIT_SECONDS)
        incorrect = [result for result in check() if not result.is_correct]
        if not incorrect:
            return
    names = "; ".join(
        f"{result.kind} {result.name}: {', '.join(result.incorrect) or 'does not exist'}"
        for result in incorrect
    )
    raise UserError(
        f"AWS accepted the changes but does not return them: {names}.",
        "Run the task again.",
    )
