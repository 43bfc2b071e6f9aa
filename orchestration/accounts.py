"""Which AWS account and region an environment is: read from the settings here and nowhere else."""

from orchestration.environments import Environment
from orchestration.errors import UserError


def account_of(environment: Environment) -> str:
    """The id of the account, 12 digits. Raises UserError for `local`, and if the settings do not say."""
    return _account_and_region(environment)[0]


def region_of(environment: Environment) -> str:
    """The name of the region. Raises UserError for `local`, and if the settings do not say."""
    return _account_and_region(environment)[1]


def _account_and_region(environment: Environment) -> tuple[str, str]:
    from shared import configuration  # noqa: PLC0415 - it imports Pulumi, half a second

    if environment.is_local:
        raise UserError(f"'{environment.name}' is no AWS account.")
    try:
        return configuration.account_and_region(environment.name, environment.root)
    except configuration.SettingsError as error:
        raise UserError(f"{error}.") from error
