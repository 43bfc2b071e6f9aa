"""The environments: what distinguishes `local` from an AWS account, and the engine's settings for each."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from terminal.errors import UserError

if TYPE_CHECKING:
    from shared.configuration import Account


ROOT = Path(__file__).resolve().parent.parent
LOCAL = "local"
PROD = "prod"
# In the order in which a change reaches them.
CLOUD = ("dev", "staging", PROD)
NAMES = (LOCAL, *CLOUD)
# Holds the name of the environment that `invoke env` has set a shell up for.
SHELL_VARIABLE = "FRAUD_ENV"


@dataclass(frozen=True)
class Environment:
    """Stacks of one name, in one AWS account or on the embedded AWS, described by the tree at `root`.

    `state` is where `local` keeps everything, if it is not the tree's own `.local`. `code` is another tree,
    whose programs and settings are taken instead, in the same account and state.
    """

    name: str
    root: Path = field(default=ROOT)
    state: Path | None = None
    code: Path | None = None

    @property
    def is_local(self) -> bool:
        """Whether it is the embedded AWS."""
        return self.name == LOCAL

    @property
    def state_folder(self) -> Path:
        """Everything `local` keeps: emulator, engine state, mail. Never exists for an account."""
        return self.state or self.root / ".local"

    @property
    def tree(self) -> Path:
        """The tree of the programs and settings."""
        return self.code or self.root

    def stack_folder(self, layer: str) -> Path:
        """The Pulumi project of a layer."""
        return self.tree / "stacks" / layer

    def settings_file(self, layer: str) -> Path:
        """The settings of a layer in this environment."""
        return self.stack_folder(layer) / f"Pulumi.{self.name}.yaml"


def find(name: str, root: Path = ROOT, variables: Mapping[str, str] = os.environ) -> Environment:
    """The environment of that name.

    Raises UserError if there is none, or if `invoke env` has set up the shell for another one, whose backend
    would be used.
    """
    if name not in NAMES:
        raise UserError(f"There is no environment '{name}'.", f"Environments are: {', '.join(NAMES)}.")
    shell = variables.get(SHELL_VARIABLE)
    if name != LOCAL and shell and shell != name:
        raise UserError(
            f"This shell is set up for '{shell}', not for '{name}'.",
            f'Use another shell, or set this one up: eval "$(invoke env --env {name})"',
        )
    return Environment(name, root)


def account_of(environment: Environment) -> "Account":
    """Its id, region and names. Raises UserError for `local`, and where the settings do not say."""
    from shared import configuration  # noqa: PLC0415 - it imports Pulumi, half a second

    if environment.is_local:
        raise UserError(f"'{environment.name}' is no AWS account.")
    try:
        return configuration.read_account(environment.name, environment.root)
    except configuration.SettingsError as error:
        raise UserError(f"{error}.") from error
