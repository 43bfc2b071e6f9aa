"""A shell for plain `pulumi`, as the tasks set up the engine: the variables that `invoke env` prints."""

import os
import shlex
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from local.plugin.install import install_language_host
from orchestration import environments, local_aws
from orchestration.environments import LOCAL, SHELL_VARIABLE, Environment
from orchestration.pulumi import language_host
from orchestration.pulumi.cli_install import CLI
from orchestration.pulumi.pulumi_cli import Cli
from orchestration.pulumi.variables import USER_PREFIXES, pulumi_variables
from orchestration.state.backend import URL, in_account

Variables = Mapping[str, str]
# Values by name; None for a variable that must not be set.
Changes = Mapping[str, str | None]

_NO_PROXY = ("NO_PROXY", "no_proxy")


def prepare(environment: Environment, inherited: Variables = os.environ) -> Changes:
    """Make plain `pulumi` usable; returns what has to change in a shell that has the `inherited` variables.

    `local` runs afterwards. For an account these are never credentials.
    """
    cli, host = language_host.find()
    if not environment.is_local:
        return changes(environment, cli, {}, inherited)
    aws = local_aws.resume(environment, changing=True)
    if host.parent != cli.path.resolve().parent:
        install_language_host(environment.state_folder / "pulumi-home", host)
    return changes(environment, cli, aws, inherited)


def changes(environment: Environment, cli: Cli, aws: Variables, inherited: Variables) -> Changes:
    """What has to change in a shell; `aws` are the variables of the embedded AWS."""
    kept = {name: value for name, value in inherited.items() if not _is_foreign(environment, name, inherited)}
    wanted = {
        **pulumi_variables(environment, kept),
        **aws,
        **{name: _extend(kept.get(name, ""), aws[name]) for name in _NO_PROXY if name in aws},
        "PATH": _path(cli, kept.get("PATH", "")),
        SHELL_VARIABLE: environment.name,
    }
    return {**dict.fromkeys(inherited.keys() - kept.keys()), **wanted}


def script(of: Changes) -> str:
    """The changes as commands of a POSIX shell, one a line."""
    return "\n".join(
        f"unset {name}" if value is None else f"export {name}={shlex.quote(value)}"
        for name, value in sorted(of.items())
    )


def _is_foreign(environment: Environment, name: str, inherited: Variables) -> bool:
    """Whether a variable belongs to another environment than this one."""
    if environment.is_local or inherited.get(SHELL_VARIABLE) == LOCAL:
        return name.startswith(USER_PREFIXES)
    return name == URL and _is_of_earlier_account(environment, inherited)


def _is_of_earlier_account(environment: Environment, inherited: Variables) -> bool:
    """Whether the backend was set for an account by `invoke env`, and not chosen by the user."""
    name = inherited.get(SHELL_VARIABLE)
    if name not in environments.CLOUD:
        return False
    return in_account(environments.find(name, environment.root, variables={}), inherited) is not None


def _extend(hosts: str, host: str) -> str:
    """A list of hosts with one more."""
    return ",".join(dict.fromkeys([*filter(None, hosts.split(",")), host]))


def _path(cli: Cli, path: str) -> str:
    """PATH on which this virtual environment's Python and the CLI go before others."""
    folders = [str(Path(sys.executable).parent), *path.split(os.pathsep)]
    if shutil.which(CLI, path=os.pathsep.join(folders)) != str(cli.path):
        folders.insert(1, str(cli.path.parent))
    return os.pathsep.join(dict.fromkeys(filter(None, folders)))
