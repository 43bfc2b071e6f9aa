"""Environment variables of the Pulumi CLI, for each environment."""

import os
from collections.abc import Mapping

from orchestration.environments import Environment
from orchestration.pulumi.backend import BACKEND_URL_VARIABLE, find_backend_url

# In `local` the CLI inherits none of these: they would connect the embedded AWS's stacks to a real account.
USER_PREFIXES = ("AWS_", "PULUMI_")
# Protects nothing: the embedded AWS holds only test data. It is constant so that the salt in the settings
# files is valid in every clone.
_LOCAL_PASSPHRASE = "local"  # noqa: S105


def pulumi_variables(environment: Environment, variables: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the variables to set in addition to the user's `variables`, without credentials.

    The backend URL is set for an account unless the CLI determines it.
    """
    url = find_backend_url(environment, variables)
    common = {"PULUMI_SKIP_UPDATE_CHECK": "true", **({BACKEND_URL_VARIABLE: url} if url else {})}
    if not environment.is_local:
        return common
    return {
        **common,
        "PULUMI_HOME": str(environment.state_folder / "pulumi-home"),
        "PULUMI_CONFIG_PASSPHRASE": _LOCAL_PASSPHRASE,
        # The CLI would prefer an official plugin on PATH to the local one, and call the real AWS.
        "PULUMI_IGNORE_AMBIENT_PLUGINS": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
    }


def inherited_variables(
    environment: Environment, variables: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """Return the user's `variables` that the CLI inherits: all for an account, none of AWS for `local`."""
    if not environment.is_local:
        return dict(variables)
    return {name: value for name, value in variables.items() if not name.startswith(USER_PREFIXES)}
