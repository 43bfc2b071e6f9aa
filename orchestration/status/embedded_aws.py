"""Whether the embedded AWS runs and still holds what Pulumi's state describes."""

from enum import Enum

from local.emulator import Emulator
from local.errors import LocalError
from local.marker import Marker
from orchestration.environments import Environment


class Condition(Enum):
    """The problem for the user, empty if there is none, and the command that solves it."""

    RUNNING = ("", "")
    STOPPED = (
        "The embedded AWS is stopped: nothing of this is running.",
        "invoke local.up (or invoke deploy, which also works after a crash)",
    )
    SILENT = (
        "The embedded AWS does not answer: nothing of this works.",
        "invoke local.down, then invoke deploy",
    )
    EMPTY = (
        "The embedded AWS was killed and lost what the table describes.",
        "invoke deploy",
    )

    @property
    def problem(self) -> str:
        return self.value[0]

    @property
    def command(self) -> str:
        return self.value[1]


def condition(environment: Environment) -> Condition | None:
    """The condition of the embedded AWS, without starting it; None for an AWS account."""
    if not environment.is_local:
        return None
    endpoint = Emulator(environment.state_folder).status()
    if endpoint is None:
        return Condition.STOPPED
    try:
        agrees = Marker(environment.state_folder, endpoint).agrees()
    except (LocalError, OSError):
        return Condition.SILENT
    return Condition.RUNNING if agrees else Condition.EMPTY
