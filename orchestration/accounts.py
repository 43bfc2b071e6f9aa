"""Which AWS account an environment is: read from the settings here and nowhere else."""

from typing import TYPE_CHECKING

from terminal.errors import UserError

if TYPE_CHECKING:
    from orchestration.environments import Environment
    from shared.configuration import Account


def account_of(environment: "Environment") -> "Account":
    """Its id, region and names. Raises UserError for `local`, and where the settings do not say."""
    from shared import configuration  # noqa: PLC0415 - it imports Pulumi, half a second

    if environment.is_local:
        raise UserError(f"'{environment.name}' is no AWS account.")
    try:
        return configuration.read_account(environment.name, environment.root)
    except configuration.SettingsError as error:
        raise UserError(f"{error}.") from error
