"""The location of the stacks' state, and the encryption of the secrets in it.

The user's choice takes precedence: PULUMI_BACKEND_URL, or a token of Pulumi Cloud. Otherwise the state of an
account is in the account's own bucket, which `invoke bootstrap` creates.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import yaml

from orchestration.environments import Environment, load_account

if TYPE_CHECKING:
    from shared.configuration import Account

BACKEND_URL_VARIABLE = "PULUMI_BACKEND_URL"
# If one of these is set, the CLI uses Pulumi Cloud, and determines the account there itself.
_PULUMI_CLOUD_VARIABLES = ("PULUMI_ACCESS_TOKEN", "PULUMI_API")
_PASSPHRASE_VARIABLES = ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE")

Variables = Mapping[str, str]


@dataclass(frozen=True)
class AccountState:
    """The state bucket in the environment's account, and the KMS key of the bucket and of the secrets."""

    account: "Account"

    @property
    def bucket(self) -> str:
        return self.account.names.state_bucket(self.account.id, self.account.region)

    @property
    def url(self) -> str:
        """The backend URL. It contains the region, so that the user's default region is not used."""
        return f"s3://{self.bucket}?region={self.account.region}"

    @property
    def secrets_provider(self) -> str:
        """The KMS key in the format of Pulumi."""
        return f"awskms://{self.account.names.state_key_alias}?region={self.account.region}"


def find_account_state(environment: Environment, variables: Variables = os.environ) -> AccountState | None:
    """Return the account's state bucket; None for `local`, and if the user chose another backend."""
    if environment.is_local:
        return None
    if _read_user_url(environment, variables) or _uses_pulumi_cloud_token(variables):
        return None
    return AccountState(load_account(environment))


def find_backend_url(environment: Environment, variables: Variables = os.environ) -> str | None:
    """Return the backend URL; None if the CLI determines it."""
    if environment.is_local:
        return f"file://{(environment.state_folder / 'pulumi').as_posix()}"
    state = find_account_state(environment, variables)
    return state.url if state else variables.get(BACKEND_URL_VARIABLE) or None


def find_key_provider(environment: Environment, variables: Variables = os.environ) -> str | None:
    """Return the account's KMS key in the format of Pulumi.

    None if Pulumi Cloud or a passphrase encrypts the secrets.
    """
    if environment.is_local:
        return None
    url = _read_user_url(environment, variables)
    is_cloud = url.startswith(("https:", "http:")) or _uses_pulumi_cloud_token(variables)
    has_passphrase = url and any(map(variables.get, _PASSPHRASE_VARIABLES))
    if is_cloud or has_passphrase:
        return None
    return AccountState(load_account(environment)).secrets_provider


def choose_secrets_provider(
    environment: Environment, layer: str, variables: Variables = os.environ
) -> str | None:
    """Return the secrets provider for a new stack; None for Pulumi's default.

    The settings file takes precedence. The CLI ignores it when it creates a stack, and could then not decrypt
    the secrets in the file.
    """
    settings = yaml.safe_load(environment.settings_file(layer).read_text(encoding="utf-8")) or {}
    if provider := settings.get("secretsprovider"):
        return str(provider)
    return None if "encryptionsalt" in settings else find_key_provider(environment, variables)


def _read_user_url(environment: Environment, variables: Variables) -> str:
    """Return the backend URL that the user set; empty if unset, or if `invoke env` set the account's own."""
    url = variables.get(BACKEND_URL_VARIABLE, "")
    return "" if url.startswith("s3:") and url == AccountState(load_account(environment)).url else url


def _uses_pulumi_cloud_token(variables: Variables) -> bool:
    return not variables.get(BACKEND_URL_VARIABLE) and any(map(variables.get, _PULUMI_CLOUD_VARIABLES))
