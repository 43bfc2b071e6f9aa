"""Condition of the embedded AWS: whether it runs and has the resources of Pulumi's state."""

from enum import Enum

from local.emulator import Emulator
from local.errors import LocalError
from local.state_marker import StateMarker
from orchestration.environments import Environment
from terminal.command_line import command_line


class EmulatorCondition(Enum):
    """The problem, empty if there is none, and the command that solves it."""

    RUNNING = ("", "")
    STOPPED = (
        "The embedded AWS is stopped. The resources in the table are not running.",
        f"{command_line('local.up')} (or {command_line('deploy')}, which also works after a crash)",
    )
    SILENT = (
        "The embedded AWS does not respond.",
        f"{command_line('local.down')} && {command_line('deploy')}",
    )
    EMPTY = (
        "The embedded AWS was killed and lost the resources in the table.",
        command_line("deploy"),
    )

    @property
    def problem(self) -> str:
        return self.value[0]

    @property
    def command(self) -> str:
        return self.value[1]


def check_emulator(environment: Environment) -> EmulatorCondition | None:
    """Return the condition of the embedded AWS without starting it; None for an AWS account."""
    if not environment.is_local:
        return None
    endpoint = Emulator(environment.state_folder).status()
    if endpoint is None:
        return EmulatorCondition.STOPPED
    try:
        matches = StateMarker(environment.state_folder, endpoint).matches()
    except (LocalError, OSError):
        return EmulatorCondition.SILENT
    return EmulatorCondition.RUNNING if matches else EmulatorCondition.EMPTY
