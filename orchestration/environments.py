"""The environments: `local` on the embedded AWS, and one for each AWS account."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from terminal.command_line import command_line
from terminal.errors import UserError

if TYPE_CHECKING:
    from shared.configuration import Account

ROOT = Path(__file__).resolve().parent.parent
LOCAL = "local"
PROD = "prod"
# In the order in which a change is promoted.
ACCOUNT_ENVIRONMENTS = ("dev", "staging", PROD)
ENVIRONMENT_NAMES = (LOCAL, *ACCOUNT_ENVIRONMENTS)
# The name of the environment whose variables `invoke env` set in a shell.
SHELL_VARIABLE = "FRAUD_ENV"


@dataclass(frozen=True)
class Environment:
    """The stacks of one name, in one AWS account or on the embedded AWS, defined by the tree at `root`.

    `state` replaces the default state folder of `local`. `code` is another tree whose programs and settings
    are used with the same account and state.
    """

    name: str
    root: Path = field(default=ROOT)
    state: Path | None = None
    code: Path | None = None

    @property
    def is_local(self) -> bool:
        """Whether the environment is the embedded AWS."""
        return self.name == LOCAL

    @property
    def state_folder(self) -> Path:
        """The folder with all data of `local`: emulator, engine state, mail. Not used for an account."""
        return self.state or self.root / ".local"

    @property
    def tree(self) -> Path:
        """The tree of the programs and settings."""
        return self.code or self.root

    def stack_folder(self, layer: str) -> Path:
        """Return the folder of a layer's Pulumi project."""
        return self.tree / "stacks" / layer

    def settings_file(self, layer: str) -> Path:
        """Return the path of a layer's settings in this environment."""
        return self.stack_folder(layer) / f"Pulumi.{self.name}.yaml"


def find_environment(name: str, root: Path = ROOT, variables: Mapping[str, str] = os.environ) -> Environment:
    """Return the environment with that name.

    Raises UserError if it does not exist, or if `invoke env` set up the shell for another environment, whose
    backend would be used.
    """
    if name not in ENVIRONMENT_NAMES:
        raise UserError(
            f"Environment '{name}' does not exist.", f"Use one of: {', '.join(ENVIRONMENT_NAMES)}."
        )
    shell = variables.get(SHELL_VARIABLE)
    if name != LOCAL and shell and shell != name:
        raise UserError(
            f"This shell is set up for '{shell}', not for '{name}'.",
            f'Use another shell, or set this one up: eval "$({command_line("env", env=name)})"',
        )
    return Environment(name, root)


def load_account(environment: Environment) -> "Account":
    """Read the ID, the region and the names of the environment's AWS account from its settings.

    Raises UserError for `local`, and if the settings are invalid.
    """
    from shared import configuration  # noqa: PLC0415 - imports Pulumi, which takes half a second

    if environment.is_local:
        raise UserError(f"'{environment.name}' is not an AWS account.", "Use the environment of an account.")
    try:
        return configuration.read_account(environment.name, environment.root)
    except configuration.SettingsError as error:
        raise UserError(f"{error}.") from error
