"""Where the state of an environment's stacks is, and what the secrets in it are encrypted with.

What the user has chosen goes before: PULUMI_BACKEND_URL, or a token of Pulumi Cloud. Otherwise an account's
state is in a bucket of its own, which `invoke bootstrap` makes.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import yaml

from orchestration.environments import Environment, account_of

if TYPE_CHECKING:
    from shared.configuration import Account

URL = "PULUMI_BACKEND_URL"
# Either of them means Pulumi Cloud; which one, and as whom, is the CLI's to find out.
_PULUMI_CLOUD = ("PULUMI_ACCESS_TOKEN", "PULUMI_API")
_PASSPHRASE = ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE")

Variables = Mapping[str, str]


@dataclass(frozen=True)
class AccountState:
    """The bucket in the environment's own account, and the key for it and for the stacks' secrets."""

    account: "Account"

    @property
    def bucket(self) -> str:
        return self.account.names.state_bucket(self.account.id, self.account.region)

    @property
    def url(self) -> str:
        """As Pulumi takes it. The region is in it so that the user's own does not matter."""
        return f"s3://{self.bucket}?region={self.account.region}"

    @property
    def secrets_provider(self) -> str:
        """As Pulumi takes it."""
        return f"awskms://{self.account.names.state_key_alias}?region={self.account.region}"


def in_account(environment: Environment, variables: Variables = os.environ) -> AccountState | None:
    """The bucket if the state is there: None for `local`, and where the user has chosen another place."""
    if environment.is_local:
        return None
    if _chosen_url(environment, variables) or (not variables.get(URL) and _has_token(variables)):
        return None
    return AccountState(account_of(environment))


def backend_url(environment: Environment, variables: Variables = os.environ) -> str | None:
    """Where the stacks' state is, as Pulumi takes it; None if that is for the CLI to find out."""
    if environment.is_local:
        return f"file://{(environment.state_folder / 'pulumi').as_posix()}"
    state = in_account(environment, variables)
    return state.url if state else variables.get(URL) or None


def key_provider(environment: Environment, variables: Variables = os.environ) -> str | None:
    """The account's key as Pulumi takes it; None where Pulumi Cloud or a passphrase encrypts secrets."""
    if environment.is_local:
        return None
    url = _chosen_url(environment, variables)
    cloud = url.startswith(("https:", "http:")) or (not variables.get(URL) and _has_token(variables))
    passphrase = url and any(map(variables.get, _PASSPHRASE))
    if cloud or passphrase:
        return None
    return AccountState(account_of(environment)).secrets_provider


def _chosen_url(environment: Environment, variables: Variables) -> str:
    """The backend of the user's choice; empty without one, or if `invoke env` has set the account's own."""
    url = variables.get(URL, "")
    return "" if url.startswith("s3:") and url == AccountState(account_of(environment)).url else url


def _has_token(variables: Variables) -> bool:
    return any(map(variables.get, _PULUMI_CLOUD))


def secrets_provider(environment: Environment, layer: str, variables: Variables = os.environ) -> str | None:
    """What a new stack's secrets are encrypted with; None for Pulumi's own choice.

    What the settings file names goes before: the CLI does not look there when it makes a stack, and secrets
    in the file could not be read any more.
    """
    settings = yaml.safe_load(environment.settings_file(layer).read_text(encoding="utf-8")) or {}
    if named := settings.get("secretsprovider"):
        return str(named)
    return None if "encryptionsalt" in settings else key_provider(environment, variables)
