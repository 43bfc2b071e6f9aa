"""Variables of a shell in which plain `pulumi` works as in the tasks, for `invoke env`."""

import os
import shlex
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from local.plugin.install import install_language_host
from orchestration import local_aws
from orchestration.environments import (
    ACCOUNT_ENVIRONMENTS,
    LOCAL,
    SHELL_VARIABLE,
    Environment,
    find_environment,
)
from orchestration.pulumi import language_host
from orchestration.pulumi.backend import BACKEND_URL_VARIABLE, find_account_state
from orchestration.pulumi.cli_install import CLI
from orchestration.pulumi.pulumi_cli import PulumiCli
from orchestration.pulumi.variables import USER_PREFIXES, pulumi_variables
from terminal.command_line import command_line
from terminal.output import console, print_json, print_message

Variables = Mapping[str, str]
# Values by name; None for a variable to unset.
Changes = Mapping[str, str | None]

_NO_PROXY = ("NO_PROXY", "no_proxy")


def print_variables(env: str, *, as_json: bool) -> None:
    """Prepare an environment for plain `pulumi` and print the changes to the shell's variables."""
    # Without variables, so that a shell of another environment is accepted: this task changes it.
    environment = find_environment(env, variables={})
    changes = prepare_shell(environment)
    if as_json:
        print_json(changes)
        return
    sys.stdout.write(format_script(changes) + "\n")
    if console.is_terminal:
        print_message(f'To set the variables in this shell: eval "$({command_line("env", env=env)})"')


def prepare_shell(environment: Environment, inherited: Variables = os.environ) -> Changes:
    """Install what plain `pulumi` needs, and return the changes to the `inherited` variables.

    Starts the embedded AWS for `local`. The changes for an account contain no credentials.
    """
    cli, host = language_host.find_language_host()
    if not environment.is_local:
        return build_changes(environment, cli, {}, inherited)
    aws = local_aws.resume_emulator(environment, changing=True)
    if host.parent != cli.path.resolve().parent:
        install_language_host(environment.state_folder / "pulumi-home", host)
    return build_changes(environment, cli, aws, inherited)


def build_changes(environment: Environment, cli: PulumiCli, aws: Variables, inherited: Variables) -> Changes:
    """Return the changes to the `inherited` variables; `aws` are the variables of the embedded AWS."""
    unchanged = {
        name: value for name, value in inherited.items() if not _is_foreign(environment, name, inherited)
    }
    new = {
        **pulumi_variables(environment, unchanged),
        **aws,
        **{name: _add_host(unchanged.get(name, ""), aws[name]) for name in _NO_PROXY if name in aws},
        "PATH": _build_path(cli, unchanged.get("PATH", "")),
        SHELL_VARIABLE: environment.name,
    }
    return {**dict.fromkeys(inherited.keys() - unchanged.keys()), **new}


def format_script(changes: Changes) -> str:
    """Format changes as commands of a POSIX shell, one per line."""
    return "\n".join(
        f"unset {name}" if value is None else f"export {name}={shlex.quote(value)}"
        for name, value in sorted(changes.items())
    )


def _is_foreign(environment: Environment, name: str, inherited: Variables) -> bool:
    """Return whether a variable belongs to another environment."""
    if environment.is_local or inherited.get(SHELL_VARIABLE) == LOCAL:
        return name.startswith(USER_PREFIXES)
    return name == BACKEND_URL_VARIABLE and _has_account_backend(environment, inherited)


def _has_account_backend(environment: Environment, inherited: Variables) -> bool:
    """Return whether `invoke env` set the backend, for any account, rather than the user."""
    name = inherited.get(SHELL_VARIABLE, "")
    if name not in ACCOUNT_ENVIRONMENTS:
        return False
    account = find_environment(name, environment.root, variables={})
    return find_account_state(account, inherited) is not None


def _add_host(hosts: str, host: str) -> str:
    return ",".join(dict.fromkeys([*filter(None, hosts.split(",")), host]))


def _build_path(cli: PulumiCli, path: str) -> str:
    """Return a PATH on which the Python of this virtual environment and the CLI take precedence."""
    folders = [str(Path(sys.executable).parent), *path.split(os.pathsep)]
    if shutil.which(CLI, path=os.pathsep.join(folders)) != str(cli.path):
        folders.insert(1, str(cli.path.parent))
    return os.pathsep.join(dict.fromkeys(filter(None, folders)))
