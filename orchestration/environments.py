"""The environments: what distinguishes `local` from an AWS account, and the engine's settings for each."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from orchestration.state.backend import URL, backend_url
from terminal.errors import UserError

ROOT = Path(__file__).resolve().parent.parent
LOCAL = "local"
PROD = "prod"
# In the order in which a change reaches them.
CLOUD = ("dev", "staging", PROD)
NAMES = (LOCAL, *CLOUD)
# Holds the name of the environment that `invoke env` has set a shell up for.
SHELL_VARIABLE = "FRAUD_ENV"

# Protects nothing: the embedded AWS holds made-up data. It is fixed so that the salt in the settings
# files is right in every clone.
LOCAL_PASSPHRASE = "local"  # noqa: S105


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

    def pulumi_variables(self, variables: Mapping[str, str] = os.environ) -> Mapping[str, str]:
        """What the engine's process gets on top of the user's own `variables`.

        For an account that is the backend, if the user has chosen none; credentials are the user's.
        """
        url = backend_url(self, variables)
        always = {"PULUMI_SKIP_UPDATE_CHECK": "true", **({URL: url} if url else {})}
        if not self.is_local:
            return always
        return {
            **always,
            "PULUMI_HOME": str(self.state_folder / "pulumi-home"),
            "PULUMI_CONFIG_PASSPHRASE": LOCAL_PASSPHRASE,
            # An official plugin found on PATH would go before the local one and call the real AWS.
            "PULUMI_IGNORE_AMBIENT_PLUGINS": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        }


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
