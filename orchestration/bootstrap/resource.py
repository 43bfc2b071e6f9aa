"""A thing that an account must hold: whether it is there and as it should be, and how it becomes so.

Each step looks first and changes only what is wrong, so that it can be broken off and done again.
"""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from terminal.errors import UserError

# S3 says the first two while it is still busy with an earlier change of the same bucket, and the third to
# who asks where a new bucket is not known yet.
_PASSING = ("OperationAborted", "ConcurrentModification", "NoSuchBucket")
TRIES = 8
LOOKS = 15
WAIT_SECONDS = 2.0

Pause = Callable[[float], None]


@dataclass(frozen=True)
class Setting:
    """One setting of a thing that is there: what it is called, if it is right, how it is made so."""

    name: str
    is_right: Callable[[], bool]
    put_right: Callable[[], Any]


@dataclass(frozen=True)
class Finding:
    """How a part was found: `wrong` names the settings of one that is there but not as it should be."""

    kind: str
    name: str
    is_there: bool
    wrong: tuple[str, ...] = ()

    @property
    def is_right(self) -> bool:
        return self.is_there and not self.wrong

    def as_dict(self) -> dict[str, Any]:
        """For JSON, when what was found wrong has been put right."""
        result = "unchanged" if self.is_right else "corrected" if self.is_there else "made"
        return {"kind": self.kind, "name": self.name, "result": result, "corrected": list(self.wrong)}


class Part(ABC):
    """`kind` and `name` are for the user."""

    kind: str
    name: str

    @abstractmethod
    def is_there(self) -> bool:
        """Ask AWS."""

    @abstractmethod
    def make(self) -> None:
        """Make it; done by somebody else meanwhile is as good."""

    @abstractmethod
    def settings(self) -> Sequence[Setting]:
        """Its settings, in the order in which they are to be made right."""

    def look(self) -> Finding:
        """How it is now."""
        if not self.is_there():
            return Finding(self.kind, self.name, False)
        wrong = tuple(setting.name for setting in self.settings() if not setting.is_right())
        return Finding(self.kind, self.name, True, wrong)

    def put_right(self, pause: Pause = time.sleep) -> None:
        """Make it if it is not there, and correct what is wrong with it."""
        if not self.is_there():
            settled(self.make, pause)
        for setting in self.settings():
            if not settled(setting.is_right, pause):
                settled(setting.put_right, pause)


def settled(act: Callable[[], Any], pause: Pause = time.sleep) -> Any:
    """What `act` returns, tried again while AWS is still busy with an earlier change."""
    for _ in range(TRIES - 1):
        try:
            return act()
        except ClientError as error:
            if error.response["Error"]["Code"] not in _PASSING:
                raise
        pause(WAIT_SECONDS)
    return act()


def wait_until_right(look: Callable[[], Sequence[Finding]], pause: Pause = time.sleep) -> None:
    """Return when AWS shows what it was set to, which takes some settings a while.

    Raises UserError if it does not within half a minute.
    """
    wrong: list[Finding] = []
    for turn in range(LOOKS):
        if turn:
            pause(WAIT_SECONDS)
        wrong = [finding for finding in look() if not finding.is_right]
        if not wrong:
            return
    said = "; ".join(f"{one.kind} {one.name}: {', '.join(one.wrong) or 'not there'}" for one in wrong)
    raise UserError(f"AWS took the changes, but does not show them: {said}.", "Run it again.")
